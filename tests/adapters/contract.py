"""What must every adapter keep to? One class of tests; each adapter gives it a ``stage``."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import pytest
from PIL import Image

from wijkbot.adapter_api import (
    Adapter,
    Attachment,
    Audience,
    EventKind,
    IncomingEvent,
    Message,
    Photo,
    Port,
    Queued,
    Reason,
    Refused,
    Sent,
    Unsupported,
    WebhookRequest,
)

QUIET_SECONDS = 1.5
"""So long nothing may come in where nothing may."""
HEARD_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHATS = ("", "-1001", "42", "!room:example.org", "whatsapp:+31600000000")


class EventPort(Port, Protocol):
    """A port that remembers what came in."""

    events: list[IncomingEvent]


class Stage(Protocol):
    """An adapter that is not started, and one resident with a private chat.

    ``fetches``: once it is the home it brings by itself what residents say.
    """

    adapter: Adapter
    fetches: bool

    @property
    def port(self) -> EventPort: ...
    @property
    def chat(self) -> str: ...
    async def say(self, text: str) -> None: ...
    async def shown(self) -> Sequence[str]: ...


def _texts(stage: Stage) -> list[str]:
    return [event.text for event in stage.port.events if event.kind is EventKind.MESSAGE]


def _said(chat: str, *, is_private: bool) -> IncomingEvent:
    """A message that the platform does not have."""
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return IncomingEvent(EventKind.MESSAGE, f"{chat}:999999:42", chat, is_private, "42", at)


async def _sends(stage: Stage, text: str) -> None:
    await _sends_message(stage, Message(text, text))
    await _is_shown(stage, text)


async def _sends_message(stage: Stage, message: Message) -> str:
    """The id of what was sent; the house tells when the resident wrote last."""
    message = replace(message, heard_at=HEARD_AT)
    result = await stage.adapter.send(stage.chat, message)
    for _ in range(40):  # a platform may need a moment; the house tries again too
        if not isinstance(result, Refused) or result.permanent:
            break
        await asyncio.sleep(0.25)
        result = await stage.adapter.send(stage.chat, message)
    assert isinstance(result, Sent | Queued), result
    return result.message_id


async def _is_shown(stage: Stage, words: str) -> None:
    for _ in range(40):
        if any(words in shown for shown in await stage.shown()):
            return
        await asyncio.sleep(0.25)
    pytest.fail("what was sent is not shown")


async def _at_home(stage: Stage) -> None:
    """The home may send; on some platforms only after the resident said something."""
    await stage.adapter.start_sending(stage.port)
    await stage.say("is there anybody?")
    await stage.adapter.start(stage.port)


def _picture() -> bytes:
    """A red JPEG of 64 by 48 pixels."""
    written = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(written, "JPEG")
    return written.getvalue()


PHOTO = Photo(_picture(), "A red wall", 64, 48)
CALENDAR = Attachment(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "hours.ics", "text/calendar")


class AdapterContract:
    """The promises about home, sending and limits."""

    async def test_ready_to_send_brings_nothing_in(self, stage: Stage) -> None:
        await stage.adapter.start_sending(stage.port)
        await stage.say("is there anybody?")
        await asyncio.sleep(QUIET_SECONDS)
        assert _texts(stage) == []

    async def test_every_process_may_send_unless_only_the_home_does(self, stage: Stage) -> None:
        await stage.adapter.start_sending(stage.port)
        if not stage.adapter.sends_from_home:
            await stage.say("is there anybody?")
            await _sends(stage, "from another process than the home")

    async def test_nothing_comes_in_after_the_home_was_given_up(self, stage: Stage) -> None:
        await stage.adapter.start_sending(stage.port)
        await stage.adapter.start(stage.port)
        await stage.adapter.stop_receiving()
        await stage.say("is there anybody?")
        await asyncio.sleep(QUIET_SECONDS)
        assert _texts(stage) == []
        if not stage.adapter.sends_from_home:
            await _sends(stage, "no longer the home")

    async def test_home_can_be_taken_again(self, stage: Stage) -> None:
        await stage.adapter.start(stage.port)
        await stage.adapter.stop_receiving()
        await stage.say("is there anybody?")
        await stage.adapter.start(stage.port)
        if stage.fetches:
            for _ in range(200):
                if _texts(stage):
                    break
                await asyncio.sleep(0.05)
            assert _texts(stage) == ["is there anybody?"]
        await _sends(stage, "home again")

    async def test_message_for_one_person_arrives_where_the_platform_has_no_such_thing(
        self, stage: Stage
    ) -> None:
        await _at_home(stage)
        alone = "for you alone"
        await _sends_message(stage, Message(alone, alone, asker="42", only_asker=True))
        await _is_shown(stage, alone)

    async def test_commands_are_listed_for_each_audience_or_nowhere(self, stage: Stage) -> None:
        await stage.adapter.start_sending(stage.port)
        listed = {"nl": {"stop": "Geen berichten meer"}, "fr": {"stop": "Plus de messages"}}
        for audience in Audience:
            result = await stage.adapter.set_commands(listed, audience)
            assert isinstance(result, Sent | Unsupported), (audience, result)

    async def test_giving_up_what_was_never_begun_does_nothing(self, stage: Stage) -> None:
        await stage.adapter.stop_receiving()
        await stage.adapter.stop_receiving()

    async def test_unknown_door_of_a_webhook_is_not_found(self, stage: Stage) -> None:
        await stage.adapter.start_sending(stage.port)
        request = WebhookRequest("POST", "http://127.0.0.1/hooks/x/nowhere", "nowhere", {}, b"")
        reply = await stage.adapter.read_webhook(request)
        assert (reply.status, reply.events) == (404, ())

    async def test_home_that_receives_is_healthy(self, stage: Stage) -> None:
        await stage.adapter.start_sending(stage.port)
        await stage.adapter.start(stage.port)
        health = await stage.adapter.health()
        assert health.ok, (health.detail, health.remedy)

    async def test_what_is_about_the_account_is_the_same_for_every_chat(
        self, stage: Stage
    ) -> None:
        account = stage.adapter.capabilities("")
        assert account.max_text > 0 and account.account_burst >= 1
        assert account.account_per_s >= 0 and account.group_gap_ms >= account.gap_ms >= 0
        for chat in (*CHATS, stage.chat):
            known = stage.adapter.capabilities(chat)
            assert (known.account_per_s, known.account_burst) == (
                account.account_per_s,
                account.account_burst,
            )
            assert (known.gap_ms, known.group_gap_ms) == (account.gap_ms, account.group_gap_ms)

    async def test_private_message_has_no_link_for_staff_and_is_not_removed(
        self, stage: Stage
    ) -> None:
        await stage.adapter.start_sending(stage.port)
        await stage.adapter.start(stage.port)
        event = _said(stage.chat, is_private=True)
        assert stage.adapter.message_link(event) == ""
        assert isinstance(await stage.adapter.remove(event), Refused | Unsupported)

    async def test_removing_in_a_group_that_is_not_there_is_refused_and_never_raises(
        self, stage: Stage
    ) -> None:
        groups = [_said(c, is_private=False) for c in CHATS if c not in {"", stage.chat}]
        refused = [await stage.adapter.remove(event) for event in groups]
        await stage.adapter.start_sending(stage.port)
        await stage.adapter.start(stage.port)
        refused += [await stage.adapter.remove(event) for event in groups]
        assert all(isinstance(result, Refused | Unsupported) for result in refused), refused

    async def test_words_arrive_with_a_photo_and_a_file_on_every_platform(
        self, stage: Stage
    ) -> None:
        await _at_home(stage)
        message = Message("row-1", "Come and see.", photo=PHOTO, attachment=CALENDAR)
        await _sends_message(stage, message)
        await _is_shown(stage, "Come and see.")
        if not stage.adapter.capabilities(stage.chat).has_photos:
            await _is_shown(stage, "A red wall")

    async def test_long_words_with_a_photo_lose_nothing(self, stage: Stage) -> None:
        """A platform with short captions, or none, still shows the beginning and the end."""
        await _at_home(stage)
        middle = " ".join(["buurthuis"] * 120)
        text = f"First words. {middle} Last words."
        await _sends_message(stage, Message("row-1", text, photo=PHOTO))
        await _is_shown(stage, "First words.")
        await _is_shown(stage, "Last words.")

    async def test_silent_message_arrives(self, stage: Stage) -> None:
        await _at_home(stage)
        await _sends_message(stage, Message("row-1", "Softly.", is_silent=True))
        await _is_shown(stage, "Softly.")

    async def test_message_with_a_photo_is_edited_pinned_and_withdrawn(self, stage: Stage) -> None:
        """Each twice is the same as once; where there is no such thing, that is said."""
        await _at_home(stage)
        can = stage.adapter.capabilities(stage.chat)
        message = Message("row-1", "At two.", photo=PHOTO, attachment=CALENDAR)
        number = await _sends_message(stage, message)
        for _ in range(2):
            edited = await stage.adapter.edit(stage.chat, number, Message("row-2", "At three."))
            assert isinstance(edited, Sent if can.can_edit else Unsupported), edited
            if isinstance(edited, Sent):
                number = edited.message_id
                await _is_shown(stage, "At three.")
        for _ in range(2):
            gone = await stage.adapter.withdraw(stage.chat, number)
            assert isinstance(gone, Sent if can.can_withdraw else Unsupported), gone
        if can.can_edit and can.can_withdraw:
            late = await stage.adapter.edit(stage.chat, number, Message("row-3", "At four."))
            assert isinstance(late, Refused), late
            assert (late.reason, late.permanent) == (Reason.MISSING, True)
