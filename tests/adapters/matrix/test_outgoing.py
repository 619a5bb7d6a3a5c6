"""Is a message written as the Matrix specification asks, and a refusal read right?"""

from __future__ import annotations

import pytest

from wijkbot.adapter_api import Choice, Message, Reason, Refused, Unknown
from wijkbot_matrix.media import edit_of
from wijkbot_matrix.outgoing import body_of, content_of, edit_key, refusal
from wijkbot_matrix.rooms import may_govern
from wijkbot_matrix.wire import ServerAwayError, ServerRefusedError, TokenRevokedError, check


def test_answers_are_numbered_and_links_are_not() -> None:
    choices = (
        Choice("a", "Spreekuren"),
        Choice("u", "Site", "https://x.test"),
        Choice("b", "Klus"),
    )
    body = body_of(Message("1", "Kies:", choices))
    assert body == "Kies:\n1 Spreekuren\nSite: https://x.test\n2 Klus"


def test_nobody_is_mentioned_and_a_reply_has_no_quote() -> None:
    content = content_of(Message("1", "Dag <b>u</b> & @room", answer_to="$q"))
    assert content == {
        "msgtype": "m.text",
        "body": "Dag <b>u</b> & @room",
        "format": "org.matrix.custom.html",
        "formatted_body": "Dag &lt;b&gt;u&lt;/b&gt; &amp; @room",
        "m.mentions": {},
        "m.relates_to": {"m.in_reply_to": {"event_id": "$q"}},
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Een\nTwee", "Een<br>Twee"),
        (
            "Zie https://x.test/a?b=1&c.",
            'Zie <a href="https://x.test/a?b=1&amp;c">https://x.test/a?b=1&amp;c</a>.',
        ),
        ("mailto:a@x.test", '<a href="mailto:a@x.test">mailto:a@x.test</a>'),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ('https://x.test/"onclick="y', '<a href="https://x.test/">https://x.test/</a>&quot;'),
    ],
)
def test_only_lines_and_links_of_the_web_are_marked_up(said: str, shown: str) -> None:
    content = content_of(Message("1", said))
    assert content["body"] == said
    assert content["formatted_body"].startswith(shown)
    assert "<b" not in content["formatted_body"].replace("<br>", "")


def test_very_long_text_goes_plain() -> None:
    assert "formatted_body" not in content_of(Message("1", "x" * 9_000))


@pytest.mark.parametrize(
    ("answer_to", "falls_back", "target"), [("", True, "$r"), ("$q", False, "$q")]
)
def test_thread_names_its_root(answer_to: str, falls_back: bool, target: str) -> None:
    content = content_of(Message("1", "Dag", thread="$r", answer_to=answer_to))
    assert content["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": "$r",
        "is_falling_back": falls_back,
        "m.in_reply_to": {"event_id": target},
    }


def test_edit_replaces_the_original_under_a_key_of_its_own() -> None:
    message = Message("1", "Nieuw")
    content = edit_of(message, "$o", {})
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$o"}
    assert content["m.new_content"]["body"] == "Nieuw"
    assert content["m.mentions"] == content["m.new_content"]["m.mentions"] == {}
    assert edit_key(message, "$o") == edit_key(Message("1", "Nieuw"), "$o") != "1"
    assert edit_key(message, "$o") != edit_key(Message("1", "Nieuwer"), "$o")


@pytest.mark.parametrize(
    ("status", "errcode", "reason", "permanent", "account"),
    [
        (429, "M_LIMIT_EXCEEDED", Reason.RATE, False, True),
        (403, "M_FORBIDDEN", Reason.GONE, True, False),
        (404, "M_NOT_FOUND", Reason.GONE, True, False),
        (413, "M_TOO_LARGE", Reason.CONTENT, True, False),
        (401, "M_UNKNOWN_TOKEN", Reason.CONFIG, False, True),
    ],
)
def test_refusals_are_told_apart(
    status: int, errcode: str, reason: Reason, permanent: bool, account: bool
) -> None:
    found = refusal(status, errcode, 7.5)
    assert isinstance(found, Refused)
    assert (found.reason, found.permanent, found.whole_account) == (reason, permanent, account)
    assert found.retry_after == 7.5 or reason is not Reason.RATE


def test_server_in_trouble_leaves_the_outcome_unknown() -> None:
    assert isinstance(refusal(500, "M_UNKNOWN", 0), Unknown)
    with pytest.raises(ServerAwayError) as away:
        check(502, {}, {})
    assert away.value.has_left


def test_waiting_time_is_read_from_header_or_body() -> None:
    for answer, headers, seconds in (
        ({}, {"Retry-After": "3"}, 3.0),
        ({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500}, {}, 1.5),
        ({"retry_after_ms": 1500}, {"Retry-After": "2"}, 1.5),
    ):
        with pytest.raises(ServerRefusedError) as told:
            check(429, answer, headers)
        assert (told.value.errcode, told.value.retry_after) == ("M_LIMIT_EXCEEDED", seconds)
    with pytest.raises(TokenRevokedError):
        check(401, {"errcode": "M_UNKNOWN_TOKEN", "soft_logout": True}, {})


ANNA, BERT = "@anna:x", "@bert:x"


@pytest.mark.parametrize(
    ("version", "levels", "user", "expected"),
    [
        ("12", {"users": {}}, ANNA, True),
        ("12", {"users": {}}, BERT, True),
        ("12", {"users": {"@carla:x": 50}}, "@carla:x", True),
        ("12", {"users": {"@carla:x": 49}}, "@carla:x", False),
        ("11", {"users": {}}, ANNA, False),
        ("11", {"users": {ANNA: 100}}, ANNA, True),
        ("11", {"users": {ANNA: "100"}}, ANNA, True),
        ("11", {"users": {ANNA: 50}, "state_default": 75}, ANNA, False),
        ("11", {"users_default": 0, "state_default": 0}, BERT, False),
        ("11", {}, ANNA, True),
        ("11", {}, BERT, False),
    ],
)
def test_who_may_govern_a_room(
    version: str, levels: dict[str, object], user: str, expected: bool
) -> None:
    create = {"sender": ANNA, "content": {"room_version": version, "additional_creators": [BERT]}}
    assert may_govern(create, levels, user) is expected
