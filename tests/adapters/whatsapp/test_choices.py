"""Are choices buttons where they fit, a list where that fits, and else numbers?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.adapters.whatsapp.house import ANNA, BEN, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter, Choice, Message, Queued, Urgency
from wijkbot_whatsapp.adapter import create
from wijkbot_whatsapp.choices import Shape, shape_for

NOON = HandClock().at


def offered(count: int, title: str = "Keuze") -> tuple[Choice, ...]:
    return tuple(Choice(f"c{number}", f"{title} {number}") for number in range(1, count + 1))


def asked(choices: tuple[Choice, ...], text: str = "Zal ik?", key: str = "1") -> Message:
    return Message(key, text, choices, heard_at=NOON)


@pytest.mark.parametrize(
    ("count", "shape"),
    [
        (1, Shape(1, is_list=False)),
        (3, Shape(3, is_list=False)),
        (4, Shape(4, is_list=True)),
        (10, Shape(10, is_list=True)),
        (11, None),
        (0, None),
    ],
)
def test_three_are_buttons_ten_are_a_list_and_more_are_numbers(
    count: int, shape: Shape | None
) -> None:
    assert shape_for("Zal ik?", offered(count)) == shape


@pytest.mark.parametrize(
    ("choices", "shape"),
    [
        ((Choice("a", "x" * 20),), Shape(1, is_list=False)),
        ((Choice("a", "x" * 21),), Shape(1, is_list=True)),
        ((Choice("a", "x" * 24),), Shape(1, is_list=True)),
        ((Choice("a", "x" * 25),), None),
        ((Choice("a", "👍" * 10),), Shape(1, is_list=False)),
        ((Choice("a", "👍" * 13),), None),
        ((Choice("a", "Ja"), Choice("b", "ja")), None),
        ((Choice("a", "Ja\nof nee"),), None),
        ((Choice("", "Ja"),), None),
        ((Choice("i" * 256, "Ja"),), Shape(1, is_list=False)),
        ((Choice("i" * 257, "Ja"),), None),
        ((Choice("i" * 201, "x" * 21),), None),
    ],
)
def test_a_title_is_shown_whole_or_in_a_numbered_line(
    choices: tuple[Choice, ...], shape: Shape | None
) -> None:
    assert shape_for("Zal ik?", choices) == shape


@pytest.mark.parametrize(("length", "fits"), [(1024, True), (1025, False)])
def test_a_long_text_has_no_buttons(length: int, fits: bool) -> None:
    assert (shape_for("x" * length, offered(2)) is not None) is fits


async def test_two_answers_are_buttons_that_can_be_tapped(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    choices = (Choice("a", "Ja"), Choice("l", "Website", "https://x.example"), Choice("b", "Nee"))
    result = await living.send(ANNA, asked(choices, "Doe je mee?     Echt?"))
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)
    assert (sent.kind, sent.choices) == ("quick-reply", (("a", "Ja"), ("b", "Nee")))
    assert sent.body == "Doe je mee? Echt?\n\nWebsite: https://x.example"
    assert twilio.violations == []


async def test_ten_answers_are_a_list_in_the_language_of_the_text(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "bonjour")
    message = Message("1", "Quoi ?", offered(10), heard_at=NOON, language="fr-BE")
    await living.send(ANNA, message)
    (sent,) = twilio.sent(ANNA)
    assert (sent.kind, len(sent.choices)) == ("list-picker", 10)
    assert sent.choices[9] == ("c10", "Keuze 10")
    assert '"2": "Choisir"' in sent.variables
    assert twilio.violations == []


async def test_a_shape_is_made_once_and_found_again_by_another_process(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    await twilio.resident_says(BEN, "hallo")
    other = create(config_for(twilio.options(), clock))
    await living.send(ANNA, asked(offered(2)))
    clock.move(seconds=10)
    await living.send(ANNA, asked(offered(2), "En nu?", "2"))
    await other.send(BEN, asked(offered(2), "En jij?", "3"))
    await other.stop()
    assert [sent.kind for sent in (*twilio.sent(ANNA), *twilio.sent(BEN))] == ["quick-reply"] * 3
    made = [call for call in twilio.calls if call.method == "POST" and "/Content" in call.path]
    assert len(made) == len(twilio.contents.all) == 1


async def test_an_answer_still_goes_when_shapes_cannot_be_had(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.fail_next_call("CreateContent", 403, 20403)
    await living.send(ANNA, asked(offered(2)))
    clock.move(seconds=10)
    await living.send(ANNA, asked(offered(2), "En nu?", "2"))
    assert [sent.body for sent in twilio.sent(ANNA)] == [
        "Zal ik?\n\n1. Keuze 1\n2. Keuze 2",
        "En nu?\n\n1. Keuze 1\n2. Keuze 2",
    ]
    assert len([call for call in twilio.calls if call.path.endswith("/Content")]) == 1
    health = await living.health()
    assert health.ok and "numbered" in health.detail and health.remedy
    clock.move(minutes=4)
    await living.send(ANNA, asked(offered(2), "En straks?", "3"))
    assert twilio.sent(ANNA)[-1].kind == "quick-reply"
    assert (await living.health()).remedy == ""


async def test_what_twilio_refuses_with_buttons_goes_with_numbers(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.fail_next(400, 21656)
    result = await living.send(ANNA, asked(offered(2)))
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)
    assert sent.body.endswith("2. Keuze 2")
    assert len(twilio.creations()) == 2


async def test_a_crisis_card_waits_for_no_shape(living: Adapter, twilio: LocalTwilio) -> None:
    await twilio.resident_says(ANNA, "hallo")
    card = Message("1", "Bel 112.", offered(2), urgency=Urgency.CRISIS, heard_at=NOON)
    await living.send(ANNA, card)
    assert twilio.sent(ANNA)[0].body == "Bel 112.\n\n1. Keuze 1\n2. Keuze 2"
    assert not any("/Content" in call.path for call in twilio.calls)


async def test_a_lost_answer_with_buttons_is_looked_up_too(
    living: Adapter, twilio: LocalTwilio
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    twilio.lose_answer()
    result = await living.send(ANNA, asked(offered(2)))
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid)


async def test_a_list_that_is_an_hour_old_is_read_again_and_kept_when_that_fails(
    living: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    await twilio.resident_says(ANNA, "hallo")
    await living.send(ANNA, asked(offered(2)))
    clock.move(hours=2)
    twilio.fail_next_call("ListContentAndApprovals", 500, 20500)
    later = Message("2", "Nog?", offered(2), heard_at=clock.at - timedelta(minutes=1))
    await twilio.resident_says(ANNA, "ja")
    await living.send(ANNA, later)
    assert [sent.kind for sent in twilio.sent(ANNA)] == ["quick-reply"] * 2
