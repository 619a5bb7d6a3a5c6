"""How does a conversation that nobody can open come back to the team? With the recovery key.

Whoever recovers is a member, and signs with their own key: a new epoch begins with an event
that resident and team see, and the keys of the locked epochs go to one member.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import add_wrapset, message_row, raced
from wijkbot.app.secure_team import Team
from wijkbot.app.secure_write import keep_wraps
from wijkbot.recovery.conversation import Writer, open_recovery, pass_on, start_epoch, write_event
from wijkbot.recovery.keys import Pair
from wijkbot.recovery.member import MemberKeys
from wijkbot.securechat.encoding import NO_HASH, RECOVERY, RESIDENT, Refused
from wijkbot.securechat.envelope import check
from wijkbot.securechat.manifest import Member
from wijkbot.securechat.points import Signer
from wijkbot.securechat.states import State
from wijkbot.securechat.wrapset import Recipient, check_later, check_start
from wijkbot.storage import secure_chats, secure_messages, secure_recovery, staff_audit
from wijkbot.storage.secure_chats import Conversation
from wijkbot.storage.secure_recovery import Locked

ACTION = "recover"
_EVENT = "recovered"


@dataclass(frozen=True, slots=True)
class Recovering:
    """Who recovers (their account and keys), with which key, and for whom."""

    account: int
    by: MemberKeys
    recovery: Pair
    to: Member

    @property
    def signer(self) -> Signer:
        """Who signs."""
        return Signer(self.by.id, self.by.keys.sig.public)


def locked(conn: Connection, team: Team) -> list[Locked]:
    """The open conversations that no reader of this team can open, or not from the beginning."""
    return secure_recovery.locked(conn, team.readers)


def recover(conn: Connection, room: SecureRoom, doing: Recovering, conv: bytes) -> int:
    """Give the locked epochs of one conversation to ``doing.to``; returns how many.

    0: meanwhile it is gone, or somebody can open all of it, or recovery never had its key.

    Raises:
        Refused: key or commit (a wrap that the recovery key does not open rightly), no_team.
    """
    seen = secure_chats.lock(conn, conv)
    if seen is None:
        return 0
    team = room.team.current(conn, room.now)
    wrapped = [
        wrap
        for epoch in secure_recovery.locked_epochs(conn, seen, team.readers)
        if (wrap := secure_recovery.wrap_of(conn, conv, epoch, RECOVERY))
    ]
    if not wrapped:
        return 0
    for wrap in wrapped:
        recipient = Recipient(RECOVERY, wrap.kem, wrap.enc, wrap.ct)
        epoch = open_recovery(doing.recovery, conv, wrap.e, wrap.by, wrap.commit, recipient)
        later = pass_on(conv, epoch, doing.by, {doing.to.id: doing.to.kem}, team.manifest.hash)
        check_later(later, wrap.e, wrap.commit, team.manifest, doing.signer)
        add_wrapset(conn, later)
    _say_so(conn, room, doing, seen, team)
    staff_audit.note(conn, doing.account, ACTION, room.now, conv=conv)
    return len(wrapped)


def _say_so(
    conn: Connection, room: SecureRoom, doing: Recovering, seen: Conversation, team: Team
) -> None:
    """Begin a new epoch for today's team with the event in it.

    A new one, also where nobody left: nobody knows here who else holds the key of an old one.
    """
    now, random = room.now, room.house.clock.random_bytes
    to = {who.id: who.kem for who in team.manifest.readers}
    to |= {RESIDENT: seen.kem, RECOVERY: team.manifest.recovery_kem}
    number = seen.epoch + 1
    epoch, wrapset = start_epoch(seen.id, number, doing.by, to, team.manifest.hash, random)
    check_start(wrapset, number, team.manifest, seen.kem, doing.signer)
    add_wrapset(conn, wrapset)
    last = secure_messages.last_of(conn, seen.id, doing.by.id)
    n, digest = (last.n, last.hash) if last else (0, NO_HASH)
    envelope = write_event(seen.id, epoch, Writer(doing.by, n, digest, {}), _EVENT, now, random)
    check(envelope, doing.signer, number, n, digest)
    # the last word of the talk stays the last word: recovering answers nobody
    if secure_messages.append(conn, seen, message_row(envelope, now), epoch=number) is None:
        raise raced()
    if seen.state == State.ASSIGNED:
        keepers = {seen.assigned_to, seen.pending_to, doing.to.id}
        keep_wraps(conn, room, seen.id, team, keepers)


def member_of(team: Team, member: bytes) -> Member:
    """The reader with that id.

    Raises:
        Refused: manifest; the signed list does not name them as worker or coordinator.
    """
    found = team.manifest.member(member)
    if found is None or member not in team.readers:
        raise Refused("manifest", "the signed list of the team does not name this account")
    return found
