"""Outside the 24 hours: does the approved template go, filled so that WhatsApp takes it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.adapters.whatsapp.house import ANNA, BEN, HandClock, config_for
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import (
    Adapter,
    Approval,
    ConfigError,
    Message,
    Queued,
    Reason,
    Refused,
    Template,
    Templated,
    TemplateText,
    Unknown,
)
from wijkbot_whatsapp.adapter import create
from wijkbot_whatsapp.stock import Content, names_for, units, variables_for

BODY = "Dag, er is nieuws van {{1}}: {{2}}. Antwoord om meer te lezen."
NEWS = Template("nieuws", "nl", ("De Brug", "zitdag op maandag"))
WANTED = TemplateText("nieuws", "nl", "UTILITY", BODY, ("De Brug", "zitdag"))
LATE = Message("1", "De hele tekst", template=NEWS)


def add(twilio: LocalTwilio, name: str = "wijkbot_nieuws_nl", **more: str) -> None:
    twilio.add_template(name, "nl", BODY, examples=("De Brug", "zitdag"), **more)  # type: ignore[arg-type]


async def test_outside_the_window_the_approved_template_goes(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    add(twilio)
    late = replace(LATE, heard_at=clock.at - timedelta(hours=24))
    until = clock.at + timedelta(minutes=5)
    result = await idle.send(ANNA, replace(late, expires_at=until))
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid, by_template=True)
    assert sent.body == BODY.replace("{{1}}", "De Brug").replace("{{2}}", "zitdag op maandag")
    assert (sent.is_template, sent.validity) == (True, "300")
    assert "Body" not in twilio.creations()[0]
    assert twilio.violations == []


async def test_inside_the_window_the_text_goes_though_there_is_a_template(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    add(twilio)
    await twilio_hears(twilio)
    result = await idle.send(ANNA, replace(LATE, heard_at=clock.at))
    (sent,) = twilio.sent(ANNA)
    assert (result, sent.body) == (Queued(sent.sid), "De hele tekst")


async def twilio_hears(twilio: LocalTwilio) -> None:
    twilio.last_inbound[ANNA] = twilio.now()


async def test_twilio_that_says_shut_gets_the_template(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    add(twilio)
    result = await idle.send(ANNA, replace(LATE, heard_at=clock.at, is_shut=True))
    assert isinstance(result, Queued) and result.by_template


@pytest.mark.parametrize("status", ["", "received", "pending", "rejected", "paused", "disabled"])
async def test_only_an_approved_template_goes(
    idle: Adapter, twilio: LocalTwilio, status: str
) -> None:
    add(twilio, status=status)
    result = await idle.send(ANNA, LATE)
    assert isinstance(result, Refused)
    assert (result.reason, result.permanent) == (Reason.NEEDS_TEMPLATE, True)
    assert "nieuws" in result.detail
    assert twilio.messages == []


async def test_a_template_with_other_places_is_not_sent(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    add(twilio)
    result = await idle.send(ANNA, replace(LATE, template=Template("nieuws", "nl", ("x",))))
    assert isinstance(result, Refused) and result.reason is Reason.NEEDS_TEMPLATE
    assert twilio.creations() == []


async def test_a_template_is_found_in_the_land_s_language_or_else_the_language(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    add(twilio)
    belgian = replace(NEWS, language="nl-BE")
    assert isinstance(await idle.send(ANNA, replace(LATE, template=belgian)), Queued)
    add(twilio, "wijkbot_nieuws_nl_be")
    other = create(config_for(twilio.options(), twilio.now))
    await other.send(BEN, replace(LATE, template=belgian))
    await other.stop()
    assert [sent.name for sent in twilio.messages] == ["wijkbot_nieuws_nl", "wijkbot_nieuws_nl_be"]


async def test_a_template_approved_meanwhile_is_found_and_twilio_is_not_asked_each_time(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    for _ in range(5):
        assert isinstance(await idle.send(ANNA, LATE), Refused)
    add(twilio)
    assert isinstance(await idle.send(ANNA, LATE), Refused)
    assert len(asked_for_list(twilio)) == 1
    clock.move(minutes=4)
    assert isinstance(await idle.send(ANNA, LATE), Queued)
    assert len(asked_for_list(twilio)) == 2


def asked_for_list(twilio: LocalTwilio) -> list[str]:
    return [call.path for call in twilio.calls if "ContentAndApprovals" in call.path]


async def test_an_approval_that_was_taken_back_is_seen_within_the_hour(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    add(twilio)
    assert isinstance(await idle.send(ANNA, LATE), Queued)
    for content in twilio.contents.all.values():
        content.approval = "paused"
    clock.move(minutes=61)
    assert isinstance(await idle.send(ANNA, replace(LATE, key="2")), Refused)


async def test_when_twilio_does_not_tell_its_templates_nothing_is_lost(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    add(twilio)
    twilio.fail_next_call("ListContentAndApprovals", 503, 20503)
    first, second = await idle.send(ANNA, LATE), await idle.send(ANNA, LATE)
    for each in (first, second):
        assert isinstance(each, Refused)
        assert (each.reason, each.permanent) == (Reason.UNAVAILABLE, False)
    clock.move(seconds=30)
    assert isinstance(await idle.send(ANNA, LATE), Queued)


async def test_a_template_with_a_lost_answer_is_looked_up_and_goes_once(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    add(twilio)
    twilio.lose_answer()
    twilio.fail_next_list(503, 20503)
    assert isinstance(await idle.send(ANNA, LATE), Unknown)
    result = await idle.send(ANNA, LATE)
    (sent,) = twilio.sent(ANNA)
    assert result == Queued(sent.sid, by_template=True)


async def test_an_expired_message_is_not_sent_by_template(
    idle: Adapter, twilio: LocalTwilio, clock: HandClock
) -> None:
    add(twilio)
    result = await idle.send(ANNA, replace(LATE, expires_at=clock.at))
    assert isinstance(result, Refused) and result.reason is Reason.EXPIRED
    assert twilio.calls == []


async def test_many_pages_of_templates_are_read(idle: Adapter, twilio: LocalTwilio) -> None:
    for number in range(450):
        add(twilio, f"another_{number}", status="")
    add(twilio)
    assert isinstance(await idle.send(ANNA, LATE), Queued)
    assert len(asked_for_list(twilio)) == 3


def content(body: str = BODY) -> Content:
    return Content("HX1", "x", body, (), frozenset({"1", "2"}), "approved")


def test_a_value_is_one_line_without_gaps_and_never_empty() -> None:
    template = Template("nieuws", "nl", (" De\tBrug\n  in Noord ", ""))
    assert variables_for(content(), template) == {"1": "De Brug in Noord", "2": "-"}


@pytest.mark.parametrize("sign", ["x", "👍"])
def test_a_filled_template_stays_below_1024(sign: str) -> None:
    template = Template("nieuws", "nl", ("De Brug", sign * 2000))
    values = variables_for(content(), template)
    assert values is not None and values["1"] == "De Brug"
    assert values["2"].endswith("…")
    shown = BODY.replace("{{1}}", values["1"]).replace("{{2}}", values["2"])
    assert 1000 < units(shown) <= 1024


def test_names_are_compared_without_capitals_and_dashes() -> None:
    assert names_for("T80-nieuws", "nl-BE") == (
        "wijkbot_t80_nieuws_nl_be",
        "wijkbot_t80_nieuws_nl",
    )
    assert names_for("t80", "fr") == ("wijkbot_t80_fr",)


@pytest.mark.parametrize(
    ("status", "approval"),
    [
        ("approved", Approval.APPROVED),
        ("pending", Approval.WAITS),
        ("received", Approval.WAITS),
        ("rejected", Approval.REJECTED),
        ("paused", Approval.REJECTED),
        ("", Approval.MISSING),
    ],
)
async def test_how_far_a_template_is(
    idle: Adapter, twilio: LocalTwilio, status: str, approval: Approval
) -> None:
    assert isinstance(idle, Templated)
    add(twilio, status=status)
    absent = replace(WANTED, name="anders")
    states = await idle.template_states([WANTED, absent])
    assert [(state.name, state.approval) for state in states] == [
        ("nieuws", approval),
        ("anders", Approval.MISSING),
    ]


async def test_a_template_with_another_text_places_or_buttons_differs(
    idle: Adapter, twilio: LocalTwilio
) -> None:
    assert isinstance(idle, Templated)
    add(twilio)
    others = [
        replace(WANTED, body=BODY.replace("nieuws", "iets")),
        replace(WANTED, body=BODY.replace("{{2}}", "iets")),
        replace(WANTED, buttons=("Ja",)),
    ]
    states = await idle.template_states(others)
    assert {state.approval for state in states} == {Approval.DIFFERS}
    assert len({state.detail for state in states}) == 3


async def test_states_are_of_now(idle: Adapter, twilio: LocalTwilio) -> None:
    assert isinstance(idle, Templated)
    assert (await idle.template_states([WANTED]))[0].approval is Approval.MISSING
    add(twilio)
    assert (await idle.template_states([WANTED]))[0].approval is Approval.APPROVED
    twilio.fail_next_call("ListContentAndApprovals", 403, 20403)
    with pytest.raises(ConfigError) as wrong:
        await idle.template_states([WANTED])
    assert wrong.value.key == "channels.buurt-whatsapp" and wrong.value.remedy
