"""How do a photo and a file look as Matrix events, and how are they changed and found again?

A message of ours may be several events: the text or the photo with the text below it, the file,
and each edit. Their ids together are its id in the house: the first one first, that of a file
with an f before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from wijkbot.adapter_api import Attachment, Message, Photo
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import mapping
from wijkbot_matrix.outgoing import content_of, words_of
from wijkbot_matrix.wire import ServerRefusedError

PHOTO_NAME = "photo.jpg"
_FILE = "f"  # an event's own id begins with $
_NOT_FOUND = 404
_KEPT = ("msgtype", "filename", "url", "file", "info")
"""What an edit of the words below a photo takes over from the event that it changes."""
_FORMATTED = frozenset({"format", "formatted_body"})


def ids_of(message_id: str) -> list[str]:
    """The events of a message, the one with the words first."""
    return [part.removeprefix(_FILE) for part in message_id.split()]


def files_of(message_id: str) -> list[str]:
    """The event of the file of a message, when it has one."""
    return [part.removeprefix(_FILE) for part in message_id.split() if part.startswith(_FILE)]


def with_file(message_id: str, event: str) -> str:
    """The id of a message with this event as its file, in the place of the one before."""
    others = [part for part in message_id.split() if not part.startswith(_FILE)]
    return id_of(*others, *([f"{_FILE}{event}"] if event else []))


def id_of(*events: str) -> str:
    """One id for these events, each once."""
    return " ".join(dict.fromkeys(events))


def photo_content(message: Message, photo: Photo, place: Mapping[str, Any]) -> dict[str, Any]:
    """An ``m.image`` with the words below it; ``place`` is where its bytes are."""
    info = {
        "mimetype": photo.mime_type,
        "size": len(photo.data),
        "w": photo.width,
        "h": photo.height,
    }
    base = content_of(message)
    return {**base, "msgtype": "m.image", "filename": PHOTO_NAME, "info": info, **place}


def file_content(file: Attachment, place: Mapping[str, Any]) -> dict[str, Any]:
    """An ``m.file``."""
    info = {"mimetype": file.mime_type, "size": len(file.data)}
    words = {"body": file.name, "filename": file.name, "m.mentions": {}}
    return {"msgtype": "m.file", "info": info, **words, **place}


async def send_photo(client: MatrixClient, room: str, message: Message, photo: Photo) -> str:
    """Upload it and show it with the words below it; twice with one key is one event."""
    place = await client.upload(room, photo.data, PHOTO_NAME, photo.mime_type)
    content = photo_content(message, photo, place)
    return await client.send_event(room, "m.room.message", content, message.key)


async def send_file(client: MatrixClient, room: str, key: str, file: Attachment) -> str:
    """Upload it and show it; twice with one key is one event."""
    place = await client.upload(room, file.data, file.name, file.mime_type)
    content = file_content(file, place)
    return await client.send_event(room, "m.room.message", content, f"{key}-file")


async def standing(client: MatrixClient, room: str, event_id: str) -> Mapping[str, Any] | None:
    """The content of a message of ours as it stands; None when it is not there any more.

    Empty when it cannot be read here.
    """
    path = f"/rooms/{quote(room, safe='')}/event/{quote(event_id, safe='')}"
    try:
        raw = await client.request("GET", path)
    except ServerRefusedError as no:
        if no.status == _NOT_FOUND:
            return None
        raise
    if "redacted_because" in mapping(raw.get("unsigned")) or not mapping(raw.get("content")):
        return None
    clear = client.readable(room, raw)
    return mapping(clear.get("content")) if clear is not None else {}


def edit_of(message: Message, event_id: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """The content that replaces the words of an event; its photo stays."""
    fresh: dict[str, Any] = {"msgtype": "m.text", **words_of(message), "m.mentions": {}}
    if before.get("msgtype") == "m.image":
        fresh |= {name: before[name] for name in _KEPT if name in before}
    # Only an app that knows no edits shows these words, so once, and plain, is enough.
    bare = {name: part for name, part in fresh.items() if name not in _FORMATTED}
    return {
        **bare,
        "body": f"* {fresh['body']}",
        "m.new_content": fresh,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }
