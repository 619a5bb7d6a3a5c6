"""What does each method of the pretend Bot API do to the world?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.adapters.telegram.bot_api_world import (
    ADMIN_RIGHTS,
    ApiError,
    Json,
    PretendChat,
    World,
    bad_request,
    entities_of,
)


def get_me(world: World, _params: Json) -> Json:
    """The bot itself."""
    return world.bot() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy_mode,
        "supports_inline_queries": False,
    }


def send_message(world: World, params: Json) -> Json:
    """Put the bot's text in the chat."""
    chat = _writable(world, params["chat_id"])
    fields: Json = {"text": params["text"], **_topic(chat, params.get("message_thread_id"))}
    reply = params.get("reply_parameters")
    if reply:
        earlier = chat.messages.get(int(reply["message_id"]))
        if earlier:
            fields["reply_to_message"] = {**earlier}
            fields["reply_to_message"].pop("reply_to_message", None)
        elif not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
    if found := entities_of(params["text"]):
        fields["entities"] = found
    if "reply_markup" in params:
        fields["reply_markup"] = params["reply_markup"]
    return world.new_message(chat, world.bot(), **fields)


def edit_message_text(world: World, params: Json) -> Json:
    """Replace text and buttons of a message of the bot."""
    chat = _writable(world, params["chat_id"])
    message = _own(world, chat, params, "edit")
    markup = params.get("reply_markup")
    if message["text"] == params["text"] and message.get("reply_markup") == markup:
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
    del chat.messages[number]
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
    if query not in world.open_queries:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    world.open_queries.discard(query)
    world.answers[query] = params.get("text", "")
    return True


def get_my_commands(world: World, params: Json) -> list[Json]:
    """The commands of a language."""
    return world.commands.get(params.get("language_code", ""), [])


def set_my_commands(world: World, params: Json) -> bool:
    """Publish the commands of a language."""
    world.commands[params.get("language_code", "")] = params["commands"]
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
    "getFile": get_file,
}
