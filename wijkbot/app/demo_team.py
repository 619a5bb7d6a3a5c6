"""Who answers in the secure chat of the demo? An invented team, whose password everybody sees.

Made as real teams are: with invitations, a root, and a signed list. Only the password, which a
real member keeps to themselves, stands here; so nothing of this runs where residents could come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyotp
from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.staff_acceptance import Acceptance, RootOffer
from wijkbot.app.staff_door import Door
from wijkbot.app.staff_invite import OPERATOR, Seen, accept, invite, look
from wijkbot.app.staff_proof import TOTP_SECONDS
from wijkbot.app.staff_team import add_manifest, team
from wijkbot.recovery.member import (
    Account,
    MemberKeys,
    close_member,
    first_manifest,
    make_member,
    next_manifest,
    open_member,
)
from wijkbot.recovery.root import certify, make_root, seal_root
from wijkbot.recovery.words import ROOT_LENGTH, draw, published_lists
from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import ID_LENGTH, Refused
from wijkbot.securechat.manifest import COORDINATOR, DAY, Manifest, Member, read_manifest
from wijkbot.settings import Settings
from wijkbot.storage import staff, staff_root, staff_sessions

PASSWORD = "alleen voor deze demo"  # noqa: S105 - shown to everybody, and opens a demo only
"""The password of both. It protects nothing: the keys of a demo are thrown away."""
CERT_DAYS = 400
SIGN_AGAIN_DAYS = 30
"""A demo that is kept gets a new list before the old one is over."""


@dataclass(frozen=True, slots=True)
class DemoMember:
    """One of the team. ``listed`` is the role under which residents see them."""

    name: str
    login: str
    roles: tuple[str, ...]
    listed: str


COORDINATING = DemoMember("Demo-coördinator", "coordinator", ("admin", "coordinator"), COORDINATOR)
WORKING = DemoMember("Demo-medewerker", "medewerker", ("worker",), "worker")
MEMBERS = (COORDINATING, WORKING)


@dataclass(frozen=True, slots=True)
class Shown:
    """How to come in as one of them now. ``seconds``: so long the code is the newest."""

    name: str
    login: str
    secret: str
    code: str
    seconds: int


def is_demo(settings: Settings) -> bool:
    """Is every channel a pretend one, so that no resident can ever come?"""
    return all(channel.adapter == "sandbox" for channel in settings.channels.values())


async def make_demo_team(house: House, folder: Path) -> tuple[str, ...]:
    """Let everybody in who is not there yet, and sign their list.

    Returns:
        the twelve words of the root when it was made just now, else nothing.

    Raises:
        ValueError: a channel leads to a real platform.
    """
    if not is_demo(house.settings):
        raise ValueError("the team of the demo is made for pretend channels only")
    words: tuple[str, ...] = ()
    for member in MEMBERS:
        if await _account(house, member) is None:
            words += await _join(house, folder, member)
    await _sign(house)
    return words


async def shown(house: House) -> list[Shown]:
    """What the front page of the demo tells of each of them; nobody else asks."""
    now = house.clock.now_ms() // 1000

    def look_up(conn: Connection) -> list[tuple[DemoMember, str]]:
        found = []
        for member in MEMBERS:
            account = staff.by_login(conn, house.sealer, member.login)
            secret = account and staff.totp_secret(conn, house.sealer, account.id)
            if account and account.is_active and secret:
                found.append((member, secret))
        return found

    left = TOTP_SECONDS - now % TOTP_SECONDS
    return [
        Shown(member.name, member.login, secret, _code(secret, now), left)
        for member, secret in await house.database.read(look_up)
    ]


async def _account(house: House, member: DemoMember) -> staff.Account | None:
    return await house.database.read(lambda c: staff.by_login(c, house.sealer, member.login))


async def _join(house: House, folder: Path, member: DemoMember) -> tuple[str, ...]:
    """Invite somebody and accept as their browser would; the words of a fresh root, if any."""
    link = await invite(house, OPERATOR, member.name, member.roles)
    token, random = link.partition("#")[2], house.clock.random_bytes
    seen = await look(house, token)
    keys = make_member(random)
    closed = close_member(keys, PASSWORD, random)
    words = draw(random, ROOT_LENGTH) if seen.makes_root else ()
    root = _root(house, seen, keys, words) if seen.makes_root else None
    # only now: closing takes a second or more, and a code is good for thirty
    now = house.clock.now_ms() // 1000
    told = Acceptance(
        token=token,
        name=member.name,
        login_name=member.login,
        salt=closed.salt,
        login=closed.login,
        # a code works once: the one before now's is used, so that now's is left for the login
        code=_code(seen.invite.totp_secret, now - TOTP_SECONDS),
        member=keys.id,
        kem=keys.keys.kem.public,
        sig=keys.keys.sig.public,
        bundle=closed.bundle,
        root=root,
    )
    inside = await accept(Door(house), folder, told)
    # nobody is here: who joined goes out again
    await house.database.write(lambda c: staff_sessions.end(c, inside.cookie))
    return published_lists()["nl"].say(words)


def _root(house: House, seen: Seen, keys: MemberKeys, words: tuple[int, ...]) -> RootOffer:
    random, now = house.clock.random_bytes, house.clock.now_ms() // 1000
    root = make_root(seen.org)
    kem, sig = root.keys.kem.public, root.keys.sig.public
    listed = [keys.listed(COORDINATING.name, COORDINATING.listed)]
    return RootOffer(
        root_sig=sig,
        recovery_kem=kem,
        sealed=seal_root(root, words, random),
        cert=certify(root, keys.id, keys.keys.sig.public, now + CERT_DAYS * DAY),
        manifest=first_manifest(seen.org, random(ID_LENGTH), kem, keys, listed, now),
    )


async def _sign(house: House) -> None:
    """The coordinator signs the list again when somebody is missing, or it is nearly over.

    Does nothing when the coordinator took another password, or has no certificate: then the list
    is signed in the console, as everywhere.
    """
    now, found = house.clock.now_ms() // 1000, await team(house)
    by = await _account(house, COORDINATING)
    if found.listed is None or by is None:
        return
    last = read_manifest(found.listed.manifest)
    missing = _missing(found.accounts, last)
    if not missing and last.expires - now > SIGN_AGAIN_DAYS * DAY:
        return
    if await house.database.read(lambda c: staff_root.cert_of(c, by.keys.member)) is None:
        return
    try:
        keys = _open(by)
    except Refused:
        return
    new = next_manifest(last, keys, [*last.members, *missing], now)
    await add_manifest(house, by.id, by.keys.member, new, None)


def _missing(accounts: Iterable[staff.Account], last: Manifest) -> list[Member]:
    """Those of the demo's own who do not stand on the list yet."""
    roles = {member.name: member.listed for member in MEMBERS}
    return [
        Member(one.keys.member, one.name, roles[one.name], one.keys.kem, one.keys.sig)
        for one in accounts
        if one.is_active
        and roles.get(one.name) in one.roles
        and last.member(one.keys.member) is None
    ]


def _open(account: staff.Account) -> MemberKeys:
    keys = account.keys
    kept = Account(keys.salt, keys.kdf, b"", Sealed.of(keys.bundle))
    return open_member(kept, keys.member, (keys.kem, keys.sig), PASSWORD)


def _code(secret: str, at: int) -> str:
    return pyotp.TOTP(secret, interval=TOTP_SECONDS).at(at)
