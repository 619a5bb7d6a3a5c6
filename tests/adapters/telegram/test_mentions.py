"""Does the bot hear its name, and only its name?"""

from __future__ import annotations

import pytest
from telegram import MessageEntity, User

from tests.adapters.telegram.bot_api_world import entities_of, units
from wijkbot_telegram.mentions import Heard, Me, hear

ME = Me(7, "wijkbot")


def heard(text: str) -> Heard:
    return hear(text, [MessageEntity(**entity) for entity in entities_of(text)], ME)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@wijkbot wanneer is het spreekuur?", "wanneer is het spreekuur?"),
        ("@WijkBot: wanneer?", "wanneer?"),
        ("hallo @wijkbot wanneer?", "hallo wanneer?"),
        ("hallo @wijkbot, wanneer?", "hallo, wanneer?"),
        ("wanneer? @wijkbot", "wanneer?"),
        ("🎉👩‍👩‍👧 feest @wijkbot 🎉 wanneer?", "🎉👩‍👩‍👧 feest 🎉 wanneer?"),
        ("eerste regel\n@wijkbot tweede", "eerste regel\ntweede"),
        ("@wijkbot hallo @wijkbot", "hallo"),
        ("@wijkbot", ""),
    ],
)
def test_the_name_is_heard_and_taken_out(text: str, left: str) -> None:
    assert heard(text) == Heard(left, is_named=True)


@pytest.mark.parametrize(
    "text", ["wie kent wijkbot?", "@wijkbotje hallo", "@anna_1 hallo", "mail jan@wijkbot.example"]
)
def test_other_names_are_left_alone(text: str) -> None:
    assert heard(text) == Heard(text)


def test_a_mention_without_username_is_heard_by_its_user() -> None:
    text = "🎉 Wijkbot help"
    entity = MessageEntity(
        "text_mention", offset=3, length=units("Wijkbot"), user=User(7, "Wijkbot", is_bot=True)
    )
    assert hear(text, [entity], ME) == Heard("🎉 help", is_named=True)


@pytest.mark.parametrize(
    ("text", "left", "command"),
    [
        ("/stop@wijkbot", "stop", "stop"),
        ("/vraag@wijkbot hoe laat?", "vraag hoe laat?", "vraag"),
        ("@wijkbot /STOP", "STOP", "stop"),
        ("/vraag@wijkbot\nhoe laat?", "vraag\nhoe laat?", "vraag"),
    ],
)
def test_a_command_for_the_bot_loses_slash_and_name(text: str, left: str, command: str) -> None:
    assert heard(text) == Heard(left, is_named=True, command=command)


def test_a_plain_command_names_nobody() -> None:
    assert heard("/stop") == Heard("stop", is_named=False, command="stop")


def test_a_command_for_another_bot_is_left_alone() -> None:
    assert heard("/stop@anderebot") == Heard("/stop@anderebot")
