"""How does a conversation that nobody can open come back to the team? With twelve words.

What is typed here never shows, is never an argument, and is never written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.pin import PIN_FILE, read_pin
from wijkbot.app.secure_recover import Recovering, locked, member_of, recover
from wijkbot.app.secure_room import SecureRoom, secure_room
from wijkbot.app.secure_team import Team
from wijkbot.cli.staff import with_house
from wijkbot.recovery.member import Account, MemberKeys, open_member
from wijkbot.recovery.root import Root, open_root
from wijkbot.recovery.words import ROOT_LENGTH, WordList, published_lists, split
from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.manifest import Member, check_pin
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import staff, staff_root
from wijkbot.storage.secure_recovery import Locked
from wijkbot.storage.staff_root import Root as StoredRoot

Ask = Callable[[str], str]
"""Asks for something secret at the terminal."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database and the pin file say, before anything secret is typed."""

    team: Team
    root: StoredRoot
    by: staff.Account
    to: Member


def recover_chats(config: Path, by: str, to: str, ask: Ask | None = None) -> None:
    """List what nobody can open; with ``by``, give it to ``to`` (else to ``by`` too)."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        room = secure_room(house)
        if room is None:
            raise SettingsError("secure_chat", 'this needs kind = "builtin"')
        team = await _team(room, config.resolve().parent)
        found = await house.database.read(lambda c: locked(c, team))
        _show(found)
        if found and not by:
            typer.echo("To recover them: wijkbot recover --by LOGIN-NAME [--to LOGIN-NAME]")
        if found and by:
            known = await house.database.read(lambda c: _known(c, house, team, by, to))
            root, member = _open(known, ask or _hidden)
            doing = Recovering(known.by.id, member, root.keys.kem, known.to)
            await _recover_all(room, doing, found)

    with_house(settings, config, work)


def _hidden(what: str) -> str:
    return str(typer.prompt(what, hide_input=True))


async def _team(room: SecureRoom, folder: Path) -> Team:
    """The list of the team that holds now, under the pinned root."""
    try:
        pin = read_pin(folder)
    except ValueError as error:
        raise SettingsError(PIN_FILE, str(error)) from error
    if pin is None:
        raise SettingsError(PIN_FILE, "it is not there: no root was made here yet")
    try:
        team = await room.house.database.read(lambda c: room.team.current(c, room.now))
        check_pin(team.kept.root_sig, bytes.fromhex(pin))
    except Refused as refused:
        raise SettingsError("secure_chat", refused.detail) from refused
    return team


def _show(found: list[Locked]) -> None:
    if not found:
        typer.echo("Somebody of the team can open every conversation.")
        return
    typer.echo(f"Conversations that nobody of the team can open: {len(found)}")
    for one in found:
        since = datetime.fromtimestamp(one.conversation.created_at, UTC)
        epochs = ", ".join(str(e) for e in one.epochs)
        typer.echo(f"  since {since:%Y-%m-%d}  {one.conversation.state:<9} epochs {epochs}")


def _known(conn: Connection, house: House, team: Team, by: str, to: str) -> Known:
    root = staff_root.get(conn)
    if root is None:
        raise SettingsError(
            "secure_chat", "no root was made yet; see docs/secure-chat-recovery.md"
        )
    who, receiver = (
        _account(conn, house, team, option, name)
        for option, name in (("--by", by), ("--to", to or by))
    )
    return Known(team, root, who, member_of(team, receiver.keys.member))


def _account(conn: Connection, house: House, team: Team, option: str, login: str) -> staff.Account:
    found = staff.by_login(conn, house.sealer, login)
    if found is None or not found.is_active:
        raise SettingsError(option, "there is no such account, or it has ended")
    try:
        member_of(team, found.keys.member)
    except Refused as refused:
        raise SettingsError(option, refused.detail) from refused
    return found


def _open(known: Known, ask: Ask) -> tuple[Root, MemberKeys]:
    root = _open_root(known.root, ask("The twelve words"), published_lists())
    keys = known.by.keys
    account = Account(keys.salt, keys.kdf, b"", Sealed.of(keys.bundle))
    password = ask("Your own password")
    try:
        return root, open_member(account, keys.member, (keys.kem, keys.sig), password)
    except Refused as refused:
        raise SettingsError("--by", "this is not the password of that account") from refused


def _open_root(stored: StoredRoot, typed: str, lists: Mapping[str, WordList]) -> Root:
    """The root, with the words of whichever list they are from."""
    words = split(typed)
    if len(words) != ROOT_LENGTH:
        raise SettingsError("words", f"{len(words)} words were typed, and there are {ROOT_LENGTH}")
    public = (stored.recovery_kem, stored.root_sig)
    for known in lists.values():
        try:
            return open_root(Sealed.of(stored.sealed), stored.org, public, known.find(typed))
        except (ValueError, Refused):
            continue  # of another language, or not the words
    raise SettingsError("words", "they do not open the root; look again for each word")


async def _recover_all(room: SecureRoom, doing: Recovering, found: list[Locked]) -> None:
    given = [one for one in found if await _recover_one(room, doing, one.conversation.id)]
    typer.echo(f"Recovered: {len(given)}. Resident and team see that it was done, and by whom.")
    if len(given) < len(found):
        typer.echo(f"Not recovered: {len(found) - len(given)}. The key does not open them.")


async def _recover_one(room: SecureRoom, doing: Recovering, conv: bytes) -> bool:
    try:
        return await room.house.database.write(lambda c: recover(c, room, doing, conv)) > 0
    except Refused:
        return False  # of this one the recovery key does not open a wrap: the others go on
