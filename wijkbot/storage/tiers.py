"""Does the platform let us write first to more people now? What it said, and when we try again.

Only the platform knows how many people a day that is. When it says that it was enough, templates
pause: first a minute, then twice as long each time, at most an hour. After a pause a few go as
a try, and when none of them is refused, all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, and_, select, update

from wijkbot.storage import channel_state, windows
from wijkbot.storage.dialect import among, now, skipping_locked
from wijkbot.storage.outbox import Status
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import chat, lane, outbox

TIER = "tier"
"""Why a row waits: to so many different people a day a template went already."""
MINUTE_MS = 60_000
LONGEST_PAUSE_MS = 60 * MINUTE_MS
TRY_MS = 30_000
"""So long we wait for what becomes of a try."""
TRIES = (1, 4, 16, 64)
"""So many go at each step; what comes after the last is everybody."""
_NAME = "templates"


@dataclass(frozen=True, slots=True)
class Pause:
    """Templates of one channel wait. Times in ms.

    ``refusals``: how often in a row the platform said that it was enough. ``step``: which try is
    under way, 0 before the first, and ``room``: so many more may go in it. ``tried_at``: when
    the first try began; a refusal of something older tells nothing new.
    """

    until: int
    refusals: int = 1
    step: int = 0
    room: int = 0
    tried_at: int | None = None


def found(conn: Connection, sealer: Sealer, channel: str) -> Pause | None:
    """The pause as it is now; None when all may go."""
    kept = channel_state.kept(conn, sealer, channel, _NAME)
    return Pause(**json.loads(kept)) if kept else None


def refused(conn: Connection, sealer: Sealer, channel: str, sent_at: int, now_ms: int) -> int:
    """The platform refused a template of that moment for its tier; gives the wait in ms."""
    windows.take_turn(conn, channel)
    known = found(conn, sealer, channel)
    if known is None:
        pause = Pause(now_ms + MINUTE_MS)
    elif known.tried_at is None or sent_at < known.tried_at:
        return max(known.until - now_ms, MINUTE_MS)
    else:
        wait_ms = min(MINUTE_MS << min(known.refusals, 10), LONGEST_PAUSE_MS)
        pause = Pause(now_ms + wait_ms, known.refusals + 1)
    _keep(conn, sealer, channel, pause, now_ms)
    return pause.until - now_ms


def take(
    conn: Connection, sealer: Sealer, channel: str, wanted: int, now_ms: int
) -> tuple[int, int]:
    """How many of so many templates may go now, and in how many ms the others may ask again.

    The caller has the turn of this channel (:func:`windows.take_turn`).
    """
    pause = found(conn, sealer, channel)
    if pause is None:
        return wanted, 0
    if now_ms >= pause.until:
        if pause.step == len(TRIES):
            _end(conn, channel, now_ms)
            return wanted, 0
        began = now_ms if pause.tried_at is None else pause.tried_at
        pause = Pause(
            now_ms + TRY_MS, pause.refusals, pause.step + 1, TRIES[pause.step], tried_at=began
        )
    given = min(wanted, pause.room)
    _keep(conn, sealer, channel, replace(pause, room=pause.room - given), now_ms)
    return given, pause.until - now_ms


def not_counted(conn: Connection, chat_id: int, now_ms: int) -> None:
    """This chat got no template today after all; that one ever went is still known."""
    older = now_ms - windows.DAY_MS - 1
    conn.execute(update(chat).where(chat.c.id == chat_id).values(template_at=older))


def _end(conn: Connection, channel: str, now_ms: int) -> None:
    """No try was refused: what waits for the tier goes now."""
    channel_state.forget(conn, channel, _NAME)
    waits = (
        select(lane.c.id)
        .join(outbox, and_(outbox.c.lane_id == lane.c.id, outbox.c.seq == lane.c.sent_seq + 1))
        .where(lane.c.channel == channel, lane.c.due_at.is_not(None))
        .where(outbox.c.status == int(Status.WAITING), outbox.c.error == TIER)
    )
    # a lane that a receipt holds now is found when it is due
    ids = list(conn.execute(skipping_locked(conn, waits, lane)).scalars())
    theirs = among(conn, lane.c.id, ids)
    conn.execute(update(lane).where(theirs).values(due_at=now(conn, now_ms)))


def _keep(conn: Connection, sealer: Sealer, channel: str, pause: Pause, now_ms: int) -> None:
    told = json.dumps(asdict(pause)).encode()
    channel_state.keep(conn, sealer, (channel, _NAME), told, now_ms)
