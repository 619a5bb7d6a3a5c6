"""Does an odd job ever hold an address, number or code, as a real message is read?"""

from __future__ import annotations

import pytest

from tests.engine.pack import facts, names, private, said, shelf
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.events import ChatStarted, MessageArrived

PRIVATE_WORDS = (
    "Molenstraat 7",
    "molenstraat 7",
    "0470 00 11 22",
    "code van de deur is 4821",
    "BE68 5390 0754 7034",
    "sleutel onder de mat",
    "jan.voorbeeld@gmail.com",
    "12 rue Haute",
    "clé sous le paillasson",
    "door code 4821",
    "kapı şifresi 4821",
)


def _say(text: str, conversation: Conversation, language: str) -> Decision:
    reading = shelf().reader.read(text, language)
    event = MessageArrived(text, reading, facts())
    return decide(shelf().book, private(), conversation, event)


def _at_words(language: str) -> Conversation:
    began = ChatStarted(facts(), dialog="klus")
    conversation = decide(shelf().book, private(), Conversation(), began).conversation
    for answer in ("1", "1", "2"):
        conversation = _say(answer, conversation, language).conversation
    assert "words" == conversation.step
    return conversation


@pytest.mark.parametrize("data", PRIVATE_WORDS)
@pytest.mark.parametrize(
    ("language", "job"),
    [("nl", "lamp ophangen"), ("fr", "accrocher une lampe"), ("en", "hang a lamp")],
)
def test_job_is_asked_again_without_repeating_the_data(language: str, job: str, data: str) -> None:
    decision = _say(f"{job}, {data}", _at_words(language), language)
    assert [("T18", "private_text")] == [(s.item, s.key) for s in said(decision.effects)]
    assert "words" == decision.conversation.step
    assert data not in str(decision)
    again = _say(job, decision.conversation, language)
    assert "area" == again.conversation.step


@pytest.mark.parametrize("data", PRIVATE_WORDS)
def test_area_holds_no_house_either(data: str) -> None:
    at_area = _say("lamp ophangen", _at_words("nl"), "nl").conversation
    decision = _say(data, at_area, "nl")
    assert (["T18"], "area") == (names(decision.effects), decision.conversation.step)
    assert data not in str(decision)


@pytest.mark.parametrize(
    "job",
    [
        "een lamp ophangen op 21-11-2026 om 14:00",
        "2 kasten van 1,80 m verplaatsen",
        "met de hond 3 keer naar het park",
        "de 3 planten van het buurthuis water geven",
        "meerijden naar het ziekenhuis, bus 48 rijdt niet",
    ],
)
def test_ordinary_numbers_are_taken(job: str) -> None:
    assert "area" == _say(job, _at_words("nl"), "nl").conversation.step
