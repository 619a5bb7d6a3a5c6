"""Does each line of the policy forbid what it is there for, and nothing else?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.pack import NOW, group, private
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.pick import pick, plain
from wijkbot.engine.policy import PolicySettings, Request, permit
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.words import Place, Purpose

LIMITS = PolicySettings()
SECURE = PlaceState(place=Place.SECURE, country="BE")


def _asked(purpose: Purpose, **more: object) -> Request:
    known = {"purpose": purpose, "is_answer": True, "local_now": NOW, **more}
    return Request(**known)  # type: ignore[arg-type]


NEWS = Request(Purpose.ANNOUNCEMENT, is_answer=False, local_now=NOW)
CASES = [
    ("purpose-has-no-place", _asked(Purpose.STAFF), group()),
    ("purpose-has-no-place", _asked(Purpose.INFO), SECURE),
    ("own-words-elsewhere", _asked(Purpose.INFO, has_own_words=True), private()),
    ("own-words-elsewhere", _asked(Purpose.ODD_JOB, has_own_words=True), group()),
    ("nobody-asked", _asked(Purpose.INFO, is_answer=False), group()),
    ("nobody-asked", _asked(Purpose.CRISIS, is_answer=False), private()),
    ("chat-is-closed", _asked(Purpose.INFO), group(is_active=False)),
    ("crisis-repeated-in-group", _asked(Purpose.CRISIS), group(last_crisis_at=NOW)),
    ("referral-repeated-in-group", _asked(Purpose.REFERRAL), group(last_referral_at=NOW)),
    (
        "answers-are-spent",
        _asked(Purpose.INFO),
        group(answers_this_hour=6, hour_started_at=NOW),
    ),
    (
        "resident-stopped",
        Request(Purpose.ANNOUNCEMENT, is_answer=False, local_now=NOW, has_stopped=True),
        private(),
    ),
    ("group-is-silent", NEWS, group(silent_until=NOW + timedelta(days=1))),
    (
        "quiet-hours",
        Request(Purpose.ANNOUNCEMENT, is_answer=False, local_now=NOW.replace(hour=23)),
        group(),
    ),
    (
        "quiet-hours",
        Request(Purpose.ANNOUNCEMENT, is_answer=False, local_now=NOW, is_holiday=True),
        group(),
    ),
    ("unasked-is-spent", NEWS, group(unasked_today=1)),
    ("unasked-is-spent", NEWS, group(unasked_this_week=3)),
    ("allowed", NEWS, group()),
    ("allowed", _asked(Purpose.CRISIS), private(last_crisis_at=NOW)),
    ("allowed", _asked(Purpose.INFO), group(silent_until=NOW + timedelta(days=1))),
    ("allowed", _asked(Purpose.ODD_JOB, has_own_words=True), private()),
]


@pytest.mark.parametrize(("line", "request_", "place"), CASES)
def test_each_line_of_the_rule(line: str, request_: Request, place: PlaceState) -> None:
    """The line that speaks is the one that is meant."""
    verdict = permit(request_, place, LIMITS)
    assert (line, line == "allowed") == (verdict.rule, verdict.is_permitted)


@given(st.datetimes())
def test_who_addresses_the_bot_is_answered_at_any_hour(moment: datetime) -> None:
    """Quiet hours and holidays bind only what nobody asked for."""
    aware = moment.replace(tzinfo=NOW.tzinfo)
    request = _asked(Purpose.INFO, local_now=aware, is_holiday=True)
    assert permit(request, group(), LIMITS).is_permitted


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [("20:59", False), ("21:00", True), ("00:00", True), ("07:59", True), ("08:00", False)],
)
def test_quiet_hours_go_over_midnight(clock: str, is_quiet: bool) -> None:
    """From nine in the evening up to eight in the morning."""
    moment = datetime.combine(NOW.date(), time.fromisoformat(clock))
    assert is_quiet is QuietHours.parse("21:00-08:00").holds(moment)


@given(st.text(max_size=300))
def test_any_text_is_compared_without_an_exception(text: str) -> None:
    """Plain text is stable, and a pick is one of the choices or none."""
    assert plain(plain(text)) == plain(text)
    assert pick(text, ()) is None


REQUESTS = st.builds(
    Request,
    st.sampled_from(list(Purpose)),
    is_answer=st.booleans(),
    local_now=st.datetimes().map(lambda moment: moment.replace(tzinfo=NOW.tzinfo)),
    is_holiday=st.booleans(),
    has_own_words=st.booleans(),
    has_stopped=st.booleans(),
)
PLACES = st.builds(
    PlaceState,
    st.sampled_from(list(Place)),
    st.sampled_from(["NL", "BE"]),
    is_active=st.booleans(),
    silent_until=st.sampled_from([None, NOW]),
    last_crisis_at=st.sampled_from([None, NOW]),
    last_referral_at=st.sampled_from([None, NOW]),
    answers_this_hour=st.integers(0, 9),
    hour_started_at=st.sampled_from([None, NOW]),
    unasked_today=st.integers(0, 2),
)


@given(REQUESTS, PLACES)
def test_own_words_never_leave_but_for_an_odd_job_in_private(
    request_: Request, place: PlaceState
) -> None:
    """Whatever else holds."""
    if request_.has_own_words and permit(request_, place, LIMITS).is_permitted:
        assert (Purpose.ODD_JOB, Place.PRIVATE) == (request_.purpose, place.place)


@given(REQUESTS, PLACES)
def test_crisis_card_as_an_answer_in_an_open_private_chat_is_never_held_back(
    request_: Request, place: PlaceState
) -> None:
    """No hour, holiday, stop, budget or earlier card counts."""
    card = replace(request_, purpose=Purpose.CRISIS, is_answer=True, has_own_words=False)
    chat = replace(place, place=Place.PRIVATE, is_active=True)
    assert permit(card, chat, LIMITS).is_permitted


@given(REQUESTS, PLACES)
def test_what_nobody_asked_for_never_comes_at_night_or_after_stop(
    request_: Request, place: PlaceState
) -> None:
    """Announcements are the only texts without a question, and these bind them."""
    unasked = replace(request_, is_answer=False)
    if not permit(unasked, place, LIMITS).is_permitted:
        return
    assert unasked.purpose in {Purpose.ANNOUNCEMENT, Purpose.CONTACT}
    if unasked.purpose is Purpose.ANNOUNCEMENT:
        assert not unasked.has_stopped and not unasked.is_holiday
        assert 8 <= unasked.local_now.hour < 21


@given(st.times(), st.times(), st.datetimes())
def test_quiet_hours_and_the_rest_of_the_day_are_the_whole_day(
    start: time, end: time, moment: datetime
) -> None:
    """Turned round they hold exactly when they did not; equal times are never quiet."""
    quiet = QuietHours(start, end).holds(moment)
    if start == end:
        assert not quiet
    else:
        assert quiet is not QuietHours(end, start).holds(moment)


@pytest.mark.parametrize("text", ["", "21:00", "21-8 uur", "25:00-08:00", "21:00-08:00-09:00"])
def test_quiet_hours_in_another_form_are_refused(text: str) -> None:
    """The configuration says so before anything starts."""
    with pytest.raises(ValueError, match=r".+"):
        QuietHours.parse(text)
