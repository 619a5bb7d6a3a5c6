"""Would the real Bot API take this request? Its shape by the table, its limits by the manual.

What we send to the bot is checked by the models of somebody else (aiogram).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from aiogram.types import InlineKeyboardMarkup, Update

from tests.adapters.telegram.bot_api_shape import shaped
from tests.adapters.telegram.bot_api_world import Json, bad_request, units

_TAG = re.compile(r"<(/?)([a-z][a-z-]*)((?:\s[^<>]*)?)>")
_HTML = {"b", "i", "u", "s", "a", "code", "pre", "tg-spoiler", "blockquote", "span"}
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_KINDS = set(Update.model_fields) - {"update_id"}


def checked(method: str, raw: dict[str, Any]) -> Json:
    """Decode and check a request; raises ApiError where the real server would."""
    params = shaped(method, raw)
    for name, value in params.items():
        if rule := _RULES.get(name):
            rule(value)
    if method in {"sendMessage", "editMessageText"}:
        _check_text(params, "text", 4096)
    if "caption" in params:
        _check_text(params, "caption", 1024)
    if method == "answerCallbackQuery" and units(params.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    return params


def checked_update(update: Json) -> Json:
    """An update of our own making must be one that Telegram could send."""
    Update.model_validate(update)
    return update


def _check_text(params: Json, name: str, longest: int) -> None:
    text = params.get(name, "")
    mode = params.get("parse_mode")
    if mode not in {None, "HTML"}:
        raise bad_request("unsupported parse_mode")
    shown = without_tags(text) if mode else text
    if not shown.strip() and name == "text":
        raise bad_request("message text is empty")
    if units(shown) > longest:
        raise bad_request(f"message {'' if name == 'text' else name + ' '}is too long")
    for entity in params.get("entities", []) + params.get("caption_entities", []):
        if not 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(shown):
            raise bad_request("entity beyond the end of the message text")


def without_tags(text: str) -> str:
    """The text that HTML shows; raises ApiError on what the server cannot parse."""
    open_tags: list[str] = []
    for found in _TAG.finditer(text):
        closing, name, rest = found.groups()
        if name not in _HTML or (rest.strip() and name not in {"a", "code", "span"}):
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{name}"')
        if not closing:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise bad_request("can't parse entities: Unmatched end tag")
    bare = _TAG.sub("", text)
    if open_tags or "<" in bare or ">" in bare or re.search(r"&(?!(lt|gt|amp|quot|#\d+);)", bare):
        raise bad_request("can't parse entities: Can't find end tag or a bare character")
    return unescape(bare)


def _check_keyboard(markup: Any) -> None:
    if not isinstance(markup, dict) or set(markup) != {"inline_keyboard"}:
        raise bad_request("inline keyboard expected")
    InlineKeyboardMarkup.model_validate(markup)
    rows = markup["inline_keyboard"]
    if sum(len(row) for row in rows) > 100 or any(not 1 <= len(row) <= 8 for row in rows):
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        for button in row:
            _check_button(button)


def _check_button(button: Json) -> None:
    kinds = set(button) - {"text"}
    if not button["text"].strip() or kinds not in ({"url"}, {"callback_data"}):
        raise bad_request("text buttons are unallowed in the inline keyboard")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        parts = urlsplit(button["url"])
        is_page = parts.scheme in {"http", "https"} and "." in (parts.hostname or "")
        if not is_page and parts.scheme != "tg":
            raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid")


def _check_kinds(kinds: Any) -> None:
    if not isinstance(kinds, list) or not set(kinds) <= _KINDS:
        raise bad_request("can't parse allowed updates")


def _check_webhook(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")


def _check_secret(secret: str) -> None:
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")


def _check_commands(commands: Any) -> None:
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


def _check_language(code: str) -> None:
    if not re.fullmatch(r"([a-z]{2})?", code):
        raise bad_request("invalid language code specified")


def _check_timeout(timeout: int) -> None:
    if not 0 <= timeout <= 50:
        raise bad_request("timeout out of range")


_RULES: dict[str, Callable[[Any], None]] = {
    "allowed_updates": _check_kinds,
    "commands": _check_commands,
    "language_code": _check_language,
    "reply_markup": _check_keyboard,
    "secret_token": _check_secret,
    "timeout": _check_timeout,
    "url": _check_webhook,
}
