"""How does what came in become rows, and rows what goes out?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from wijkbot.app.secure_refusal import Turned
from wijkbot.app.secure_team import Team, read_team
from wijkbot.securechat.encoding import RECOVERY, RESIDENT, b64
from wijkbot.securechat.envelope import Envelope
from wijkbot.securechat.states import Standing, State
from wijkbot.securechat.timers import Moments, minute
from wijkbot.securechat.wrapset import Wrapset, only_digest
from wijkbot.storage import secure_manifests, secure_messages
from wijkbot.storage.secure_chats import Conversation

ABUSIVE = "abusive"
Json = dict[str, Any]


def standing_of(seen: Conversation) -> Standing:
    """Where a conversation is, for the state machine."""
    return Standing(State(seen.state), seen.pending_to is not None, seen.closed_for == ABUSIVE)


def moments_of(seen: Conversation) -> Moments:
    """What happened when, for the timers."""
    return Moments(seen.created_at, seen.queued_at, seen.last_at, seen.offered_at, seen.purge_at)


def message_row(envelope: Envelope, now: int) -> Json:
    """A message, as it is stored."""
    return {
        "e": envelope.e,
        "sender": envelope.by,
        "n": envelope.n,
        "prev": envelope.prev,
        "iv": envelope.iv,
        "ct": envelope.ct,
        "signature": envelope.signature,
        "hash": envelope.hash,
        "at": minute(now),
    }


def message_json(row: Row[Any]) -> Json:
    """A stored message, as it travels."""
    return {
        "seq": row.seq,
        "e": row.e,
        "by": b64(row.sender),
        "n": row.n,
        "prev": b64(row.prev),
        "iv": b64(row.iv),
        "ct": b64(row.ct),
        "signature": b64(row.signature),
        "at": row.at,
    }


def add_wrapset(conn: Connection, wrapset: Wrapset) -> bool:
    """Store a wrapset; False when that very one is there already."""
    row = {
        "e": wrapset.e,
        "sender": wrapset.by,
        "commit": wrapset.commit,
        "manifest_hash": wrapset.manifest_hash,
        "signature": wrapset.signature,
        "hash": wrapset.hash,
    }
    recipients = [
        {"receiver": who.to, "digest": who.digest, "kem": who.kem, "enc": who.enc, "ct": who.ct}
        for who in wrapset.recipients
    ]
    return secure_messages.add_wrapset(conn, wrapset.conv, row, recipients)


def keys_json(conn: Connection, conv: bytes, reader: bytes, newest: Team) -> Json:
    """What ``reader`` needs to open and to check a conversation: their own wraps only."""
    sets = secure_messages.wrapsets(conn, conv)
    recipients: dict[int, list[Json]] = {}
    for row in secure_messages.recipients(conn, conv):
        recipients.setdefault(row.number, []).append(_recipient_json(row, reader))
    told = [
        {
            "e": row.e,
            "by": b64(row.sender),
            "commit": b64(row.commit),
            "manifest_hash": b64(row.manifest_hash),
            "recipients": recipients.get(row.number, []),
            "signature": b64(row.signature),
        }
        for row in sets
    ]
    earlier = _earlier(conn, conv, newest, {row.manifest_hash for row in sets})
    return {
        "wrapsets": told,
        "manifest": newest.kept.manifest,
        "cert": newest.kept.cert,
        "root_sig": b64(newest.kept.root_sig),
        "earlier": [{"manifest": one.kept.manifest, "cert": one.kept.cert} for one in earlier],
    }


def _recipient_json(row: Row[Any], reader: bytes) -> Json:
    if row.receiver != reader or row.ct is None:
        return only_digest(row.receiver, row.digest)
    return {
        "to": b64(row.receiver),
        "kem": b64(row.kem),
        "enc": b64(row.enc),
        "ct": b64(row.ct),
    }


def _earlier(
    conn: Connection, conv: bytes, newest: Team, named: Iterable[bytes]
) -> Sequence[Team]:
    """The older lists that wrapsets name, and those in which a sender stood who is gone."""
    wanted = set(named) - {newest.manifest.hash}
    found = {team.manifest.hash: team for team in map(read_team, _kept(conn, wanted))}
    known = {who.id for team in (newest, *found.values()) for who in team.manifest.members}
    missing = secure_messages.senders(conn, conv) - known - {RESIDENT, RECOVERY}
    if missing:
        for team in map(read_team, secure_manifests.all_of(conn)):
            here = missing & {who.id for who in team.manifest.members}
            if here:
                found[team.manifest.hash] = team
                missing -= here
    return sorted(found.values(), key=lambda team: team.kept.version)


def _kept(conn: Connection, hashes: set[bytes]) -> list[secure_manifests.Kept]:
    return secure_manifests.all_of(conn, hashes) if hashes else []


def raced() -> Turned:
    """Somebody else changed it at the same moment."""
    return Turned("version", "somebody else changed it; read it again")
