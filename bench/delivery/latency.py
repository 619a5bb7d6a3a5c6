"""How long is a message on its way at 50 a second, from its arrival to the sender's hand?"""

from __future__ import annotations

from bench.delivery.loops import Loops
from bench.delivery.mailbox import Mailbox

PER_S, SECONDS, CHATS = 50, 30, 500


async def measure(mailbox: Mailbox, *, is_quick: bool) -> dict[str, float]:
    """The middle, and what only one in a hundred exceeds. The first second is not counted."""
    taken: list[float] = []
    loops = Loops(mailbox, PER_S, CHATS, taken.append)
    await loops.run(PER_S * (5 if is_quick else SECONDS))
    took = sorted(taken[PER_S:])
    return {
        "e2e_p50_ms": round(took[len(took) // 2] * 1000, 2),
        "e2e_p99_ms": round(took[len(took) * 99 // 100] * 1000, 2),
    }
