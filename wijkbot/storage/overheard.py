"""What goes when a group is not listened to any more? All that was overheard there."""

from __future__ import annotations

from sqlalchemy import Connection, delete

from wijkbot.storage.tables import alert, waiting_answer

KEY = "overheard."
"""How the key of an alert begins that nobody wrote to the bot."""


def forget(conn: Connection, chat_id: int) -> None:
    """Drop what waits for a neighbour, and the alerts of what was not written to the bot."""
    conn.execute(delete(waiting_answer).where(waiting_answer.c.chat_id == chat_id))
    theirs = (alert.c.chat_id == chat_id, alert.c.key.startswith(KEY, autoescape=True))
    conn.execute(delete(alert).where(*theirs))
