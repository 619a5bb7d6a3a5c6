"""What does each method of the pretend Bot API do to the world?"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from tests.adapters.telegram.bot_api_rules import without_tags
from tests.adapters.telegram.bot_api_world import (
    ADMIN_RIGHTS,
    ApiError,
    Json,
    PretendChat,
    World,
    bad_request,
    entities_of,
)

QUERY_SECONDS = 15.0
"""After that nobody waits for the answer to a press any more."""
DELETABLE_SECONDS = 48 * 3600


def get_me(world: World, _params: Json) -> Json:
    """The bot itself."""
    return world.bot() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy_mode,
        "supports_inline_queries": False,
    }


def send_message(world: World, params: Json) -> Json:
    """Put the bot's text in the chat."""
    shown = without_tags(params["text"]) if "parse_mode" in params else params["text"]
    return _send(world, params, {"text": shown, "entities": entities_of(shown)})


def send_photo(world: World, params: Json) -> Json:
    """Put the bot's picture in the chat."""
    size = {"file_id": "photo", "file_unique_id": "u", "width": 90, "height": 90}
    return _send(world, params, {"photo": [size], "caption": params.get("caption", "")})


def send_document(world: World, params: Json) -> Json:
    """Put the bot's file in the chat."""
    document = {"file_id": "document", "file_unique_id": "u"}
    return _send(world, params, {"document": document, "caption": params.get("caption", "")})


def _send(world: World, params: Json, content: Json) -> Json:
    chat = _writable(world, params["chat_id"])
    fields: Json = {name: value for name, value in content.items() if value}
    fields |= _topic(chat, params.get("message_thread_id"))
    if params.get("disable_notification"):
        fields["is_silent"] = True
    if only := params.get("ephemeral_message_parameters"):
        return _show_to_one(world, chat, int(only["receiver_user_id"]), fields)
    reply = params.get("reply_parameters")
    if reply:
        earlier = chat.messages.get(int(reply["message_id"]))
        if earlier:
            fields["reply_to_message"] = {**earlier}
            fields["reply_to_message"].pop("reply_to_message", None)
        elif not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
    if "reply_markup" in params:
        fields["reply_markup"] = params["reply_markup"]
    message = world.new_message(chat, world.bot(), **fields)
    return {name: value for name, value in message.items() if name != "is_silent"}


def _show_to_one(world: World, chat: PretendChat, member: int, fields: Json) -> Json:
    """Only that member sees it; it has a number of its own kind and none of the chat's."""
    if chat.type not in {"group", "supergroup"} or not world.takes_ephemeral:
        raise bad_request("ephemeral messages aren't supported in the chat")
    if chat.members.get(member) in {None, "left", "kicked"}:
        raise bad_request("PARTICIPANT_ID_INVALID")
    message: Json = {
        "message_id": 0,
        "ephemeral_message_id": len(chat.shown_to_one) + 1,
        "from": world.bot(),
        "chat": chat.as_json(),
        "date": world.now(),
        **fields,
    }
    chat.shown_to_one.append((member, message))
    return message


def edit_message_text(world: World, params: Json) -> Json:
    """Replace text and buttons of a message of the bot."""
    chat = _writable(world, params["chat_id"])
    message = _own(world, chat, params, "edit")
    markup = params.get("reply_markup")
    if message.get("text") == params["text"] and message.get("reply_markup") == markup:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are "
            "exactly the same as a current content and reply markup of the message"
        )
    message.pop("reply_markup", None)
    message.update({"text": params["text"], "edit_date": world.now()})
    message.update({"reply_markup": markup} if markup else {})
    return message


def delete_message(world: World, params: Json) -> bool:
    """Take a message of the bot away; with ``can_delete_messages`` anybody's in a group."""
    chat = _writable(world, params["chat_id"])
    number = int(params["message_id"])
    if not (chat.may_delete and number in chat.messages):
        number = _own(world, chat, params, "delete")["message_id"]
        if world.now() - chat.messages[number]["date"] > DELETABLE_SECONDS:
            raise bad_request("message can't be deleted for everyone")
    del chat.messages[number]
    return True


def edit_message_caption(world: World, params: Json) -> Json:
    """Replace what stands under a picture or file of the bot."""
    chat = _writable(world, params["chat_id"])
    message = _own(world, chat, params, "edit")
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    if message.get("caption", "") == params.get("caption", ""):
        raise bad_request("message is not modified: specified new message content is the same")
    message.update({"caption": params.get("caption", ""), "edit_date": world.now()})
    return message


def edit_message_media(world: World, params: Json) -> Json:
    """Put another picture or file in the place of one."""
    chat = _writable(world, params["chat_id"])
    message = _own(world, chat, params, "edit")
    kind = params["media"]["type"]
    message[kind] = {"file_id": f"new {kind}", "file_unique_id": "v"}
    message.update({"edit_date": world.now()})
    return message


def unpin_chat_message(world: World, params: Json) -> bool:
    """Take the pin away again."""
    chat = _writable(world, params["chat_id"])
    if not chat.may_pin:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    number = int(params.get("message_id", chat.pinned[-1] if chat.pinned else 0))
    if number not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(number)
    return True


def pin_chat_message(world: World, params: Json) -> bool:
    """Pin, where the bot has the right to."""
    chat = _writable(world, params["chat_id"])
    if not chat.may_pin:
        raise bad_request("not enough rights to manage pinned messages in the chat")
    number = int(params["message_id"])
    if number not in chat.messages:
        raise bad_request("message to pin not found")
    chat.pinned.append(number)
    return True


def leave_chat(world: World, params: Json) -> bool:
    """The bot goes out by itself."""
    chat = _writable(world, params["chat_id"])
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    return True


def get_chat_member(world: World, params: Json) -> Json:
    """The standing of a member."""
    chat = _writable(world, params["chat_id"])
    user = int(params["user_id"])
    status = chat.members.get(user)
    if status is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    member: Json = {"user": world.user(user), "status": status}
    if status == "creator":
        return member | {"is_anonymous": False}
    is_admin = status == "administrator"
    return member | (dict.fromkeys(ADMIN_RIGHTS, False) if is_admin else {})


def answer_callback_query(world: World, params: Json) -> bool:
    """A press is answered once, and in time."""
    query = params["callback_query_id"]
    pressed_at = world.open_queries.pop(query, None)
    age = monotonic() - pressed_at if pressed_at is not None else QUERY_SECONDS
    if age >= QUERY_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    world.answered_after[query] = age
    world.answers[query] = params.get("text", "")
    return True


def get_my_commands(world: World, params: Json) -> list[Json]:
    """The commands of a scope and a language."""
    return world.commands.get(_listed_where(params), [])


def set_my_commands(world: World, params: Json) -> bool:
    """Publish the commands of a scope and a language."""
    world.commands[_listed_where(params)] = params["commands"]
    return True


def _listed_where(params: Json) -> tuple[str, str]:
    scope = params.get("scope", {"type": "default"})
    return scope["type"], params.get("language_code", "")


def get_chat_menu_button(world: World, _params: Json) -> Json:
    """What stands beside the text field."""
    return {"type": world.menu_button}


def set_chat_menu_button(world: World, params: Json) -> bool:
    """Put something beside the text field."""
    world.menu_button = params.get("menu_button", {"type": "default"})["type"]
    return True


def get_file(world: World, params: Json) -> Json:
    """Where a file can be fetched."""
    file_id = params["file_id"]
    if file_id not in world.files:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    size = len(world.files[file_id])
    return {
        "file_id": file_id,
        "file_unique_id": f"u{file_id}",
        "file_size": size,
        "file_path": f"documents/{file_id}",
    }


def _writable(world: World, chat_id: Any) -> PretendChat:
    """The chat, if the bot may act there; else the server's own refusal."""
    chat = world.chats.get(int(chat_id)) if str(chat_id).lstrip("-").isdecimal() else None
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to:
        raise ApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            {"migrate_to_chat_id": chat.migrated_to},
        )
    refusals = {
        "stranger": "bot can't initiate conversation with a user",
        "blocked": "bot was blocked by the user",
        "kicked": f"bot was kicked from the {chat.type} chat",
        "left": f"bot is not a member of the {chat.type} chat",
    }
    if chat.bot_status in refusals:
        raise ApiError(403, f"Forbidden: {refusals[chat.bot_status]}")
    return chat


def _topic(chat: PretendChat, thread: Any) -> Json:
    if thread is None or not chat.is_forum:
        return {}
    if int(thread) not in chat.topics:
        raise bad_request("message thread not found")
    return {"message_thread_id": int(thread), "is_topic_message": True}


def _own(world: World, chat: PretendChat, params: Json, act: str) -> Json:
    message = chat.messages.get(int(params["message_id"]))
    if message is None:
        raise bad_request(f"message to {act} not found")
    if message["from"]["id"] != world.bot_id:
        raise bad_request(f"message can't be {act.rstrip('e')}ed")
    return message


METHODS: dict[str, Callable[[World, Json], Any]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "deleteMessage": delete_message,
    "pinChatMessage": pin_chat_message,
    "leaveChat": leave_chat,
    "getChatMember": get_chat_member,
    "answerCallbackQuery": answer_callback_query,
    "getMyCommands": get_my_commands,
    "setMyCommands": set_my_commands,
    "getChatMenuButton": get_chat_menu_button,
    "setChatMenuButton": set_chat_menu_button,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "unpinChatMessage": unpin_chat_message,
    "getFile": get_file,
}
