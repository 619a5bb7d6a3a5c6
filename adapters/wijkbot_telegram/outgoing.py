"""What do we ask of Telegram to show this message? Pure: no network, no clock."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from wijkbot.adapter_api import Attachment, Choice, Message, Photo, Urgency
from wijkbot_telegram.ids import is_group, pack_choice, reply_target, user_of

MAX_UNITS = 4096
"""Length of a text in UTF-16 units: the strictest way of counting that any client uses."""

MAX_BUTTONS = 100
MAX_ROW = 8
_ROW_WIDTH = 24
"""Characters that stay readable on one row of a small phone."""

_JOINERS = ("\u200d", "\ufe0f", "\u20e3")


@dataclass(frozen=True, slots=True)
class Button:
    """One button: it opens ``url``, or sends ``data`` back."""

    title: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message of Telegram. ``reply_to`` and ``thread`` are its own numbers.

    ``to_one`` is the member who alone sees it, where Telegram does that. Of a ``photo`` the text
    stands below it. ``is_silent``: no phone rings. ``is_urgent``: no pause of its chat counts.
    """

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    reply_to: int | None = None
    thread: int | None = None
    to_one: int | None = None
    photo: Photo | None = None
    attachment: Attachment | None = None
    is_silent: bool = False
    is_urgent: bool = False


def posts_for(chat: str, message: Message, *, ephemeral: bool = False) -> tuple[Post, ...]:
    """The messages to send, in order; () when there is no text.

    The first carries the reply, the last the buttons. ``ephemeral``: what is of use to who asked
    only is shown to them only.
    """
    text, buttons = _text_and_buttons(chat, message)
    pieces = split_text(text)
    if not pieces:
        return ()
    thread = int(message.thread) if message.thread.isdecimal() else None
    posts = [Post(piece, thread=thread) for piece in pieces]
    posts[0] = replace(posts[0], reply_to=reply_target(message.answer_to, chat))
    posts[-1] = replace(posts[-1], rows=_rows(buttons))
    is_urgent = message.urgency is Urgency.CRISIS
    posts = [replace(post, is_urgent=is_urgent) for post in posts]
    whom = user_of(message.asker) if ephemeral and message.only_asker and is_group(chat) else ""
    if whom and len(posts) == 1:
        posts[0] = replace(posts[0], to_one=int(whom))
    return tuple(posts)


def _text_and_buttons(chat: str, message: Message) -> tuple[str, list[Button]]:
    """Buttons where all answers fit on one; else the answers become numbered lines."""
    whom = user_of(message.asker) if is_group(chat) else ""
    answers = [choice for choice in message.choices if not choice.url]
    packed = [pack_choice(choice.id, whom) for choice in answers]
    has_room = len(message.choices) <= MAX_BUTTONS and all(c.title.strip() for c in answers)
    as_buttons = has_room and all(data is not None for data in packed)
    data_of = dict(zip((choice.id for choice in answers), packed, strict=True))
    buttons: list[Button] = []
    lines: list[str] = []
    for number, choice in enumerate(message.choices, start=1):
        if choice.url and has_room and _opens(choice):
            buttons.append(Button(choice.title, url=choice.url))
        elif choice.url:
            lines.append(f"{choice.title}: {choice.url}" if choice.title else choice.url)
        elif as_buttons:
            buttons.append(Button(choice.title, data=data_of[choice.id] or ""))
        else:
            lines.append(f"{number}. {choice.title}")
    return "\n".join([message.text, *([""] if lines else []), *lines]).strip(), buttons


def _opens(choice: Choice) -> bool:
    """Does Telegram take this link on a button? It refuses tel: and hosts without a dot."""
    try:
        parts = urlsplit(choice.url)
    except ValueError:
        return False
    is_page = parts.scheme in {"http", "https"} and "." in (parts.hostname or "")
    return bool(choice.title.strip()) and (is_page or parts.scheme == "tg")


def _rows(buttons: list[Button]) -> tuple[tuple[Button, ...], ...]:
    """Short titles share a row, long ones have their own."""
    rows: list[list[Button]] = []
    for button in buttons:
        row = rows[-1] if rows else []
        width = sum(len(each.title) for each in [*row, button])
        if row and len(row) < MAX_ROW and width <= _ROW_WIDTH:
            row.append(button)
        else:
            rows.append([button])
    return tuple(tuple(row) for row in rows)


def split_text(text: str, limit: int = MAX_UNITS) -> list[str]:
    """Cut a text into pieces of at most ``limit`` UTF-16 units: at a paragraph, line or word.

    Only white space at a cut is lost. A character is never broken.
    """
    pieces = []
    rest = text.strip()
    while utf16_length(rest) > limit:
        end = _cut(rest, _fitting(rest, limit))
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def utf16_length(text: str) -> int:
    """How many UTF-16 units a text takes."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(text: str, limit: int) -> int:
    """How many characters from the start fit in ``limit`` units."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > limit:
            return index
    return len(text)


def _cut(text: str, fits: int) -> int:
    """The best place to cut within the first ``fits`` characters."""
    for separator in ("\n\n", "\n", " "):
        at = text.rfind(separator, fits // 2, fits + 1)
        if at > 0:
            return at
    end = fits
    while end > fits // 2 and _sticks(text, end):
        end -= 1
    return end


def _sticks(text: str, at: int) -> bool:
    """Would a cut here part an accent or a composed emoji from what it belongs to?"""
    after, before = text[at], text[at - 1]
    return (
        after in _JOINERS
        or before == "\u200d"
        or bool(unicodedata.combining(after))
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )
