"""How do a photo and a file go with a text on Telegram, and how is that changed later?

What goes out as several messages has one id: their numbers, each with a mark of what it is, such
as ``c12,f13``: a photo with the text below it, and a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from telegram import Bot, InlineKeyboardMarkup, ReplyParameters
from telegram import Message as SentMessage

from wijkbot.adapter_api import Attachment, Message
from wijkbot_telegram.outgoing import Post, utf16_length

MAX_CAPTION = 1024
"""UTF-16 units below a photo; a longer text comes behind it, as messages of its own."""

TEXT, CAPTION, PHOTO, FILE = "", "c", "p", "f"
_PART = re.compile(r"([cpf]?)(\d+)")


class Part(NamedTuple):
    """One message of Telegram by its number; ``mark`` says what it is."""

    mark: str
    number: int

    @property
    def has_text(self) -> bool:
        """Does it carry words of ours?"""
        return self.mark in {TEXT, CAPTION}


def with_media(posts: Sequence[Post], message: Message) -> tuple[Post, ...]:
    """The messages to send, with the photo above the text and the file below it.

    The file rings no second bell.
    """
    made = [replace(post, is_silent=message.is_silent) for post in posts]
    if not made:
        return ()
    first = made[0]
    if message.photo is not None and _is_caption(made):
        made[0] = replace(first, photo=message.photo)
    elif message.photo is not None:
        bare = replace(first, text="", rows=(), photo=message.photo)
        made[:1] = [bare, replace(first, reply_to=None, is_silent=True)]
    if message.attachment is not None:
        file = Post("", thread=first.thread, attachment=message.attachment, is_silent=True)
        made.append(file)
    return tuple(made)


def _is_caption(posts: Sequence[Post]) -> bool:
    return len(posts) == 1 and utf16_length(posts[0].text) <= MAX_CAPTION


def id_of(posts: Sequence[Post], numbers: Sequence[int]) -> str:
    """One id for these messages, as far as they were sent."""
    return _joined(Part(_mark(p), n) for p, n in zip(posts, numbers, strict=False))


def parts_of(message_id: str) -> list[Part]:
    """The messages behind an id of ours; [] when it is none."""
    found = [_PART.fullmatch(part) for part in message_id.split(",")]
    if not all(found):
        return []
    return [Part(part[1], int(part[2])) for part in found if part]


def number_to_pin(message_id: str) -> int | None:
    """The message to pin: the first one with words, so that the bar above the chat shows them."""
    parts = parts_of(message_id)
    return next((part.number for part in parts if part.has_text), None)


def _mark(post: Post) -> str:
    if post.attachment is not None:
        return FILE
    if post.photo is None:
        return TEXT
    return CAPTION if post.text else PHOTO


def _joined(parts: Iterable[Part]) -> str:
    return ",".join(f"{part.mark}{part.number}" for part in parts)


class Edit(NamedTuple):
    """What an edit asks for: new words and files in these messages, and none of those any more."""

    changed: tuple[tuple[Part, Post], ...]
    files: tuple[tuple[Part, Attachment], ...]
    gone: tuple[Part, ...]
    message_id: str


def edit_of(
    message_id: str, posts: Sequence[Post], attachment: Attachment | None = None
) -> Edit | None:
    """How the new text takes the place of the old one; None when there is no room for it.

    A file becomes the new one, or goes: an old hour must not stay in a calendar.
    """
    parts = parts_of(message_id)
    places = [part for part in parts if part.has_text]
    if not posts or len(posts) > len(places):
        return None
    changed = tuple(zip(places, posts, strict=False))
    if any(p.mark == CAPTION and utf16_length(post.text) > MAX_CAPTION for p, post in changed):
        return None
    old = [part for part in parts if part.mark == FILE]
    files = tuple((part, attachment) for part in old if attachment is not None)
    gone = (*places[len(posts) :], *(old if attachment is None else ()))
    left = _joined(part for part in parts if part not in gone)
    return Edit(changed, files, gone, left)


async def send_media(
    bot: Bot,
    chat: str,
    post: Post,
    *,
    thread: int | None,
    reply: ReplyParameters | None,
    keyboard: InlineKeyboardMarkup | None,
) -> SentMessage:
    """Send a photo with its text, or a file."""
    silent = True if post.is_silent else None
    if post.photo is not None:
        return await bot.send_photo(
            chat,
            post.photo.data,
            caption=post.text or None,
            filename="photo.jpg",
            disable_notification=silent,
            message_thread_id=thread,
            reply_markup=keyboard,
            reply_parameters=reply,
        )
    if post.attachment is None:
        raise ValueError("neither a photo nor a file")
    return await bot.send_document(
        chat,
        post.attachment.data,
        filename=post.attachment.name,
        disable_notification=silent,
        message_thread_id=thread,
        reply_markup=keyboard,
        reply_parameters=reply,
    )
