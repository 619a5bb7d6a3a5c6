"""How does somebody join the team? With a link that works once, for 72 hours.

The first one, who is admin and coordinator, makes the root of the organisation in their browser
while accepting. Somebody who lost their password gets a new link for the same account: with new
keys and a new id, so what was sealed for the earlier ones stays closed to them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from wijkbot.app import pin
from wijkbot.app.house import House
from wijkbot.app.staff_acceptance import Acceptance, RootOffer
from wijkbot.app.staff_door import COOKIE_BYTES, Door, Inside
from wijkbot.app.staff_proof import new_secret, step_of
from wijkbot.app.staff_retire import retire
from wijkbot.securechat.encoding import ID_LENGTH, Refused
from wijkbot.securechat.manifest import NAME_LIMIT, accept_next, read_manifest
from wijkbot.securechat.points import sha256
from wijkbot.storage import (
    secure_manifests,
    staff,
    staff_audit,
    staff_invites,
    staff_root,
    staff_sessions,
)
from wijkbot.storage.seal import Sealer
from wijkbot.storage.secure_manifests import Kept
from wijkbot.storage.staff import ROLES, Draft, Keys
from wijkbot.storage.staff_invites import Invite
from wijkbot.storage.staff_root import Root, StoredCert

FOUNDERS = frozenset({"admin", "coordinator"})
"""Who has both of these, and comes first, makes the root."""
PAGE = "/werk/uitnodiging"


@dataclass(frozen=True, slots=True)
class By:
    """Who does something to an account; ``account`` None is whoever runs the bot."""

    account: int | None
    roles: frozenset[str]

    def may_change(self, roles: frozenset[str] | tuple[str, ...]) -> bool:
        """Only an admin changes admins, or makes one."""
        return self.account is None or "admin" in self.roles or "admin" not in roles


OPERATOR = By(None, frozenset())


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody sees who follows a link."""

    invite: Invite
    org: bytes
    makes_root: bool


def org_id(sealer: Sealer) -> bytes:
    """The organisation's id in all that its root signs; the same as long as the key file."""
    return bytes.fromhex(sealer.pseudonym("organisation"))[:ID_LENGTH]


async def invite(house: House, by: By, name: str, roles: tuple[str, ...]) -> str:
    """The link for somebody new.

    Raises:
        Refused: shape (no such role), forbidden (only an admin makes an admin).
    """
    if not roles or not set(roles) <= set(ROLES) or not 0 < len(name.encode()) <= NAME_LIMIT:
        raise Refused("shape", "a name of 1 to 80 bytes, and roles: " + ", ".join(ROLES))
    if not by.may_change(roles):
        raise Refused("forbidden", "only an admin invites an admin")
    return await _link(house, by, staff_invites.wanted(name, roles))


async def invite_again(house: House, by: By, account_id: int) -> str:
    """The link for somebody who lost their password. The old one works until it is accepted.

    Raises:
        Refused: unknown (no such account, or revoked), forbidden.
    """
    found = await house.database.read(lambda c: staff.by_id(c, house.sealer, account_id))
    if found is None or not found.is_active:
        raise Refused("unknown", "there is no such account")
    if not by.may_change(found.roles):
        raise Refused("forbidden", "only an admin changes an admin")
    return await _link(house, by, staff_invites.wanted(found.name, tuple(found.roles), account_id))


async def _link(house: House, by: By, wanted: Invite) -> str:
    token, secret = house.clock.token(32), new_secret(house.clock.random_bytes(20))
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> None:
        staff_invites.make(conn, house.sealer, token, secret, wanted, now)
        staff_audit.note(conn, by.account, "invite", now, about=wanted.account_id)

    await house.database.write(act)
    return f"{house.settings.organisation.public_url}{PAGE}#{token}"


async def look(house: House, token: str) -> Seen:
    """What the link is for; looking changes nothing.

    Raises:
        Refused: unknown, whether it is used, over or wrong.
    """
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> Seen:
        found = staff_invites.look(conn, house.sealer, token, now)
        if found is None:
            raise Refused("unknown", "this link does not work any more")
        return Seen(found, org_id(house.sealer), _makes_root(conn, found))

    return await house.database.read(act)


async def settle_pin(house: House, folder: Path) -> None:
    """At a start: finish a root whose making was cut off between database and pin."""
    root = await house.database.read(staff_root.get)
    if root is not None:
        pin.settle(folder, sha256(root.root_sig).hex())


async def accept(door: Door, folder: Path, told: Acceptance) -> Inside:
    """Make the account, or begin it again, and come in. Nothing is kept unless all of it holds.

    Raises:
        Refused: unknown, code (of the authenticator app), taken (login name or member), shape,
            signature, manifest, version, root (another one stands beside the configuration).
    """
    house = door.house
    now, seen = house.clock.now_ms() // 1000, await look(house, told.token)
    step = step_of(seen.invite.totp_secret, told.code, now)
    if step is None:
        raise Refused("code", "this is not the code of the authenticator app")
    if seen.makes_root != (told.root is not None):
        raise Refused("shape", "root: exactly when the invitation says so")
    if told.root is not None:
        _check_root(told, told.root, seen.org, now)
        _prepare_pin(folder, told.root)
    roles, secret = seen.invite.roles, seen.invite.totp_secret
    keys = told.keys(await door.prover.hash(told.login))
    draft = Draft(told.login_name, told.name, roles, secret, step, keys)
    cookie = house.clock.token(COOKIE_BYTES)
    try:
        account = await house.database.write(
            lambda c: _keep(c, house.sealer, _Joining(seen, draft, told.root, cookie), now)
        )
    except Refused:
        if told.root is not None:
            pin.drop_prepared(folder, sha256(told.root.root_sig).hex())
        raise
    if told.root is not None:
        pin.settle(folder, sha256(told.root.root_sig).hex())
    return Inside(account, cookie)


@dataclass(frozen=True, slots=True)
class _Joining:
    seen: Seen
    draft: Draft
    root: RootOffer | None
    cookie: str


def _keep(conn: Connection, sealer: Sealer, joining: _Joining, now: int) -> int:
    """All of an acceptance, in one transaction; gives the account."""
    invited, draft = joining.seen.invite, joining.draft
    if not staff_invites.use(conn, invited.id, now):
        raise Refused("unknown", "this link does not work any more")
    if staff.is_taken(conn, sealer, draft.login, invited.account_id):
        raise Refused("taken", "somebody else has this name to come in with")
    if _is_known(conn, sealer, draft.keys):
        raise Refused("taken", "a member has one pair of keys for life: make a new id")
    if invited.account_id is None:
        account = staff.add(conn, sealer, draft, now)
    else:
        account = invited.account_id
        _begin_again(conn, sealer, account, draft, now)
    if joining.root is not None:
        _keep_root(conn, joining.root, now)
    staff_sessions.begin(conn, joining.cookie, account, now)
    staff_audit.note(conn, account, "joined", now)
    return account


def _begin_again(
    conn: Connection, sealer: Sealer, account_id: int, draft: Draft, now: int
) -> None:
    before = staff.by_id(conn, sealer, account_id)
    if before is None or not before.is_active:
        raise Refused("unknown", "this link does not work any more")
    staff_sessions.end_all(conn, account_id)
    retire(conn, before.keys.member, now)
    staff.begin_again(conn, sealer, account_id, draft)


def _is_known(conn: Connection, sealer: Sealer, keys: Keys) -> bool:
    """Was this id in the team before, with whatever keys?"""
    if any(keys.member == one.keys.member for one in staff.every(conn, sealer)):
        return True
    listed = [read_manifest(kept.manifest) for kept in secure_manifests.all_of(conn)]
    return any(manifest.member(keys.member) is not None for manifest in listed)


def _makes_root(conn: Connection, invited: Invite) -> bool:
    is_founder = invited.account_id is None and set(invited.roles) >= FOUNDERS
    return is_founder and staff_root.get(conn) is None


def _check_root(told: Acceptance, root: RootOffer, org: bytes, now: int) -> None:
    manifest = root.manifest
    founder = manifest.members[0]
    own = (told.member, told.kem, told.sig, told.name, "coordinator")
    if len(manifest.members) != 1 or own != (
        founder.id,
        founder.kem,
        founder.sig,
        founder.name,
        founder.role,
    ):
        raise Refused("manifest", "the first list has its maker, as coordinator, and nobody else")
    if (manifest.org, manifest.recovery_kem) != (org, root.recovery_kem):
        raise Refused("manifest", "another organisation, or another recovery key")
    accept_next((), manifest, root.cert, root.root_sig, now)


def _prepare_pin(folder: Path, root: RootOffer) -> None:
    try:
        pin.prepare(folder, sha256(root.root_sig).hex())
    except pin.PinStands as stands:
        raise Refused("root", str(stands)) from stands


def _keep_root(conn: Connection, root: RootOffer, now: int) -> None:
    manifest, cert = root.manifest, root.cert
    sealed = root.sealed.kept
    kept = Root(manifest.org, root.root_sig, root.recovery_kem, sealed)
    listed = Kept(1, manifest.hash, manifest.as_json(), cert.as_json(), root.root_sig)
    if not staff_root.make(conn, kept, now) or not secure_manifests.add(conn, listed):
        raise Refused("root", "somebody else made the root")
    told = json.dumps(cert.as_json())
    staff_root.put_cert(conn, StoredCert(cert.member, cert.sig, cert.not_after, told))
