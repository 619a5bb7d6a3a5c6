"""Who is in the team, who may sign its list, and how does somebody leave it?

The list that residents' pages trust is signed in a coordinator's browser. Nothing here can make
one; what is offered is checked as a page would check it, and against the accounts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.staff_invite import By
from wijkbot.app.staff_retire import retire
from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.manifest import (
    COORDINATOR,
    READING_ROLES,
    Cert,
    Manifest,
    accept_next,
    read_cert,
    read_manifest,
)
from wijkbot.securechat.points import verify
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
from wijkbot.storage.staff import ROLES, Account
from wijkbot.storage.staff_invites import Invite
from wijkbot.storage.staff_root import Root, StoredCert


@dataclass(frozen=True, slots=True)
class Team:
    """All of it. ``here``: the accounts that are here now, and whether each is available."""

    root: Root | None
    listed: Kept | None
    accounts: list[Account]
    here: Mapping[int, bool]
    invites: list[Invite]


async def team(house: House) -> Team:
    """The team as it is now."""
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> Team:
        return Team(
            root=staff_root.get(conn),
            listed=secure_manifests.newest(conn),
            accounts=staff.every(conn, house.sealer),
            here=staff_sessions.here(conn, now),
            invites=staff_invites.waiting(conn, house.sealer, now),
        )

    return await house.database.read(act)


async def add_manifest(
    house: House, account: int, member: bytes, manifest: Manifest, cert: Cert | None
) -> None:
    """Keep the next version of the list, signed by who offers it.

    Raises:
        Refused: version, manifest, signature.
    """
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> None:
        root = staff_root.get(conn)
        used = cert or _kept_cert(conn, manifest.by)
        if root is None or used is None:
            raise Refused("manifest", "no certificate of who signed it")
        earlier = [read_manifest(kept.manifest) for kept in secure_manifests.all_of(conn)]
        accept_next(earlier, manifest, used, root.root_sig, now)
        if manifest.by != member:
            raise Refused("manifest", "somebody else signed it")
        _check_members(staff.every(conn, house.sealer), manifest)
        version = manifest.version
        told = (manifest.as_json(), used.as_json())
        if not secure_manifests.add(conn, Kept(version, manifest.hash, *told, root.root_sig)):
            raise Refused("version", "another manifest has come in between")
        if cert is not None:
            _keep_cert(conn, cert)
        staff_audit.note(conn, account, "list", now)

    await house.database.write(act)


def _check_members(accounts: Collection[Account], manifest: Manifest) -> None:
    """Nothing happens when each member has an account with those keys, and that role."""
    known = {one.keys.member: one for one in accounts if one.is_active}
    for who in manifest.members:
        account = known.get(who.id)
        if account is None or (account.keys.kem, account.keys.sig) != (who.kem, who.sig):
            raise Refused("manifest", "a member has no account with these keys")
        if who.role not in account.roles:
            raise Refused("manifest", "a member does not have this role")


async def add_cert(house: House, account: int, cert: Cert) -> None:
    """Keep the root's word that a coordinator may sign the list.

    Raises:
        Refused: signature, manifest (over, another organisation, or no such coordinator).
    """
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> None:
        root = staff_root.get(conn)
        if root is None or cert.org != root.org or now >= cert.not_after:
            raise Refused("manifest", "the certificate is over, or of another organisation")
        verify(root.root_sig, cert.signed, cert.signature)
        accounts = [one for one in staff.every(conn, house.sealer) if one.is_active]
        named = next((one for one in accounts if one.keys.member == cert.member), None)
        if named is None or named.keys.sig != cert.sig or COORDINATOR not in named.roles:
            raise Refused("manifest", "no coordinator has this key")
        _keep_cert(conn, cert)
        staff_audit.note(conn, account, "certificate", now, about=named.id)

    await house.database.write(act)


async def revoke(house: House, by: By, account_id: int) -> list[bytes]:
    """Let somebody in no more, at once; returns the conversations that wait again.

    Raises:
        Refused: unknown, forbidden (only an admin revokes an admin), last (nobody could let
            people in any more).
    """
    now = house.clock.now_ms() // 1000

    def act(conn: Connection) -> list[bytes]:
        found = _target(conn, house.sealer, by, account_id)
        if found.is_active and _is_last(conn, found):
            raise Refused("last", "nobody could let people in any more")
        if not staff.revoke(conn, account_id):
            return []
        staff_audit.note(conn, by.account, "revoke", now, about=account_id)
        return retire(conn, found.keys.member, now)

    return await house.database.write(act)


async def set_roles(house: House, by: By, account_id: int, roles: Collection[str]) -> list[bytes]:
    """Give other roles, from the next request on; returns the conversations that wait again.

    Raises:
        Refused: shape (no such role), unknown, forbidden, last.
    """
    now = house.clock.now_ms() // 1000
    if not roles or not set(roles) <= set(ROLES):
        raise Refused("shape", "roles are: " + ", ".join(ROLES))

    def act(conn: Connection) -> list[bytes]:
        found = _target(conn, house.sealer, by, account_id)
        if not by.may_change(frozenset(roles)):
            raise Refused("forbidden", "only an admin makes an admin")
        if "admin" not in roles and _is_last(conn, found):
            raise Refused("last", "nobody could let people in any more")
        staff.set_roles(conn, account_id, roles)
        staff_audit.note(conn, by.account, "roles", now, about=account_id)
        is_reader = not set(READING_ROLES).isdisjoint(roles)
        return [] if is_reader else retire(conn, found.keys.member, now)

    return await house.database.write(act)


def _target(conn: Connection, sealer: Sealer, by: By, account_id: int) -> Account:
    found = staff.by_id(conn, sealer, account_id)
    if found is None:
        raise Refused("unknown", "there is no such account")
    if not by.may_change(found.roles):
        raise Refused("forbidden", "only an admin changes an admin")
    return found


def _is_last(conn: Connection, found: Account) -> bool:
    return "admin" in found.roles and staff.is_last_admin(conn, found.id)


def _kept_cert(conn: Connection, member: bytes) -> Cert | None:
    kept = staff_root.cert_of(conn, member)
    return None if kept is None else read_cert(json.loads(kept.cert))


def _keep_cert(conn: Connection, cert: Cert) -> None:
    told = json.dumps(cert.as_json())
    staff_root.put_cert(conn, StoredCert(cert.member, cert.sig, cert.not_after, told))
