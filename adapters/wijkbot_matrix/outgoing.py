"""What does a message look like as a Matrix event, and what does the server's answer mean?"""

from __future__ import annotations

import hashlib
import re
from html import escape
from typing import Any

from wijkbot.adapter_api import Message, Reason, Refused, Unknown

_GONE = frozenset({"M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN_ROOM", "M_GUEST_ACCESS_FORBIDDEN"})
_CONTENT = frozenset({"M_TOO_LARGE", "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM"})
_ACCOUNT = frozenset(
    {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_SUSPENDED"}
)
_TOKEN_RETRY_SECONDS = 60.0
_SHORTEST_REST_SECONDS = 0.1
CHOICES = "wijkbot.choices"
"""The part of a question's content that says what a reaction to it means, and who was asked."""
MOST_REACTIONS = 10
"""So many numbers there are as a reaction."""
_LONGEST_FORMATTED = 8_000
"""Characters; a longer text goes plain, for an event holds 65 536 bytes, encrypted and all."""
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_SERVER_ERROR = 500


def body_of(message: Message) -> str:
    """Return the text with its choices below: numbered answers, links as ``title: address``."""
    lines = [message.text]
    number = 0
    for choice in message.choices:
        if choice.url:
            lines.append(f"{choice.title}: {choice.url}")
        else:
            number += 1
            lines.append(f"{number} {choice.title}")
    return "\n".join(line for line in lines if line)


def words_of(message: Message) -> dict[str, str]:
    """Return the text twice: plain, and with links and lines that every app shows alike.

    All of it is escaped, whoever wrote it: no tag but our own ``a`` and ``br`` can be in it.
    """
    body = body_of(message)
    if len(body) > _LONGEST_FORMATTED:
        return {"body": body}
    formatted = _formatted(body)
    return {"body": body, "format": "org.matrix.custom.html", "formatted_body": formatted}


def _formatted(body: str) -> str:
    parts, end = [], 0
    for link in _LINK.finditer(body):
        shown = escape(link[0])
        parts += [escape(body[end : link.start()]), f'<a href="{shown}">{shown}</a>']
        end = link.end()
    return "".join([*parts, escape(body[end:])]).replace("\n", "<br>")


def content_of(message: Message) -> dict[str, Any]:
    """Return the content of an ``m.room.message`` event.

    It always says whom it mentions (nobody), so that a reply or a name in the text rings no
    bell. A notice rings none at all.
    """
    kind = "m.notice" if message.is_silent else "m.text"
    content: dict[str, Any] = {"msgtype": kind, **words_of(message), "m.mentions": {}}
    relation = _relation(message)
    if relation:
        content["m.relates_to"] = relation
    return content | choices_part(message)


def choices_part(message: Message) -> dict[str, Any]:
    """Return what a question says about its numbers; nothing when none may be a reaction."""
    answers = [choice.id for choice in message.choices if not choice.url]
    if not message.is_harmless or not answers:
        return {}
    return {CHOICES: {"ids": answers[:MOST_REACTIONS], "asker": message.asker}}


def edit_key(message: Message, message_id: str) -> str:
    """Return a transaction id: the same edit twice is one event, another text another one."""
    seed = "\0".join((message.key, message_id, body_of(message)))
    return f"edit-{hashlib.sha256(seed.encode()).hexdigest()[:32]}"


def refusal(status: int, errcode: str, retry_after: float) -> Refused | Unknown:
    """Translate the server's error; a server in trouble (5xx) gives ``Unknown``."""
    if errcode == "M_LIMIT_EXCEEDED":
        return Refused(
            Reason.RATE,
            False,
            max(retry_after, _SHORTEST_REST_SECONDS),
            errcode,
            whole_account=True,
        )
    if errcode in _GONE:
        return Refused(Reason.GONE, True, detail=errcode)
    if errcode in _CONTENT:
        return Refused(Reason.CONTENT, True, detail=errcode)
    if errcode in _ACCOUNT:
        return Refused(Reason.CONFIG, False, _TOKEN_RETRY_SECONDS, errcode, whole_account=True)
    if status >= _SERVER_ERROR:
        return Unknown(errcode or str(status))
    return Refused(Reason.CONTENT, True, detail=errcode or str(status))


def _relation(message: Message) -> dict[str, Any]:
    if message.thread:
        # Clients without threads show the target as a reply; a real reply says so.
        return {
            "rel_type": "m.thread",
            "event_id": message.thread,
            "is_falling_back": not message.answer_to,
            "m.in_reply_to": {"event_id": message.answer_to or message.thread},
        }
    return {"m.in_reply_to": {"event_id": message.answer_to}} if message.answer_to else {}
