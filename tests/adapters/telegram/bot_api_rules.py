"""Would the real Bot API take this request? Shapes by aiogram's models, limits by the manual."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import aiogram.methods
from aiogram.types import InlineKeyboardMarkup, Update
from pydantic import BaseModel, ValidationError

from tests.adapters.telegram.bot_api_world import ApiError, Json, bad_request, units

_MODELS: dict[str, type[BaseModel]] = {
    name[0].lower() + name[1:]: getattr(aiogram.methods, name) for name in aiogram.methods.__all__
}
_NESTED = {
    "allowed_updates",
    "commands",
    "entities",
    "link_preview_options",
    "reply_markup",
    "reply_parameters",
    "scope",
}
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_KINDS = set(Update.model_fields) - {"update_id"}


def checked(method: str, raw: dict[str, str]) -> Json:
    """Decode and check a request; raises ApiError where the real server would."""
    model = _MODELS.get(method)
    if model is None:
        raise ApiError(404, "Not Found")
    params: Json = {name: _decoded(name, value) for name, value in raw.items()}
    if unknown := set(params) - set(model.model_fields):
        raise bad_request(f"unknown parameters {sorted(unknown)}")
    try:
        model.model_validate(params)
    except ValidationError as error:
        raise bad_request(
            f"{method}: {error.errors()[0]['loc']} {error.errors()[0]['msg']}"
        ) from error
    for name, value in params.items():
        if rule := _RULES.get(name):
            rule(value)
    if method in {"sendMessage", "editMessageText"}:
        _check_text(params)
    if method == "answerCallbackQuery" and units(params.get("text", "")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    return params


def checked_update(update: Json) -> Json:
    """An update of our own making must be one that Telegram could send."""
    Update.model_validate(update)
    return update


def _decoded(name: str, value: str) -> Any:
    if name not in _NESTED:
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise bad_request(f"can't parse {name} JSON object") from error


def _check_text(params: Json) -> None:
    text = params["text"]
    if "parse_mode" in params:
        raise bad_request("this bot sends plain text only")
    if not text.strip():
        raise bad_request("message text is empty")
    if units(text) > 4096:
        raise bad_request("message is too long")


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


def _check_timeout(timeout: str) -> None:
    if not 0 <= int(timeout) <= 50:
        raise bad_request("timeout out of range")


_RULES = {
    "allowed_updates": _check_kinds,
    "commands": _check_commands,
    "language_code": _check_language,
    "reply_markup": _check_keyboard,
    "secret_token": _check_secret,
    "timeout": _check_timeout,
    "url": _check_webhook,
}
