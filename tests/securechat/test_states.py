"""Can a conversation go only where the table lets it, sent only by whom the table names?

The table of the protocol is written out here once more, by hand, with everybody who may.
"""

from __future__ import annotations

from itertools import product

import pytest

from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.states import EDGES, Actor, Event, Standing, State, next_state

GONE = "gone"
STANDINGS = {
    "none": Standing(None),
    "waiting": Standing(State.WAITING),
    "assigned": Standing(State.ASSIGNED),
    "offered": Standing(State.ASSIGNED, is_offered=True),
    "closed": Standing(State.CLOSED),
    "abusive": Standing(State.CLOSED, is_abusive=True),
}
TABLE = """
none      create         resident                       waiting
waiting   write          resident                       waiting
waiting   claim          reader                         assigned
waiting   close          resident,coordinator           closed
waiting   close_abusive  coordinator                    closed
waiting   unanswered     timer                          closed
waiting   silent         timer                          closed
waiting   delete         resident                       gone
waiting   too_old        timer                          gone
assigned  write          resident,assignee              assigned
assigned  offer          assignee,coordinator           assigned
assigned  release        assignee                       waiting
assigned  revoke         coordinator                    waiting
assigned  close          resident,assignee,coordinator  closed
assigned  close_abusive  assignee,coordinator           closed
assigned  silent         timer                          closed
assigned  delete         resident                       gone
assigned  too_old        timer                          gone
offered   write          resident,assignee              assigned
offered   accept         offered                        assigned
offered   decline        offered                        assigned
offered   withdraw       assignee,coordinator           assigned
offered   offer_over     timer                          assigned
offered   release        assignee                       waiting
offered   revoke         coordinator                    waiting
offered   close          resident,assignee,coordinator  closed
offered   close_abusive  assignee,coordinator           closed
offered   silent         timer                          closed
offered   delete         resident                       gone
offered   too_old        timer                          gone
closed    reopen         resident                       waiting
closed    delete         resident                       gone
closed    purge          timer                          gone
closed    too_old        timer                          gone
abusive   delete         resident                       gone
abusive   purge          timer                          gone
abusive   too_old        timer                          gone
"""
WAYS = {
    (standing, event, actor): to
    for standing, event, actors, to in (line.split() for line in TABLE.split("\n") if line)
    for actor in actors.split(",")
}
KNOWN = {(standing, event) for standing, event, _ in WAYS}
TWINS = {"assigned": "offered", "offered": "assigned", "closed": "abusive", "abusive": "closed"}
"""The same state with the other answer to what is asked besides it."""

ALL = list(product(STANDINGS, [event.value for event in Event], [actor.value for actor in Actor]))


def went(standing: str, event: str, *actors: str) -> str:
    """Where this leads by name, or the code of the refusal."""
    try:
        to = next_state(STANDINGS[standing], Event(event), [Actor(one) for one in actors])
    except Refused as refused:
        return f"refused: {refused.code}"
    return to.value if to else GONE


def expected(standing: str, event: str, actor: str) -> str:
    if (standing, event, actor) in WAYS:
        return WAYS[standing, event, actor]
    twin = TWINS.get(standing, standing)
    theirs = (twin, event, actor) in WAYS
    if (standing, event) in KNOWN or ((twin, event) in KNOWN and not theirs):
        return "refused: unknown"
    if standing in ("closed", "abusive") and event in ("write", "reopen"):
        return "refused: closed"
    return "refused: version"


@pytest.mark.parametrize(("standing", "event", "actor"), ALL)
def test_every_edge_and_every_absence_of_an_edge(standing: str, event: str, actor: str) -> None:
    assert went(standing, event, actor) == expected(standing, event, actor)


def test_table_has_no_edge_that_nobody_walks() -> None:
    states = {"none": None, **{name: one.state for name, one in STANDINGS.items()}}
    assert EDGES.keys() == {(states[standing], Event(event)) for standing, event in KNOWN}


def test_one_of_several_parts_is_enough() -> None:
    assert went("assigned", "release", "coordinator", "assignee") == "waiting"
    assert went("assigned", "release", "coordinator", "reader") == "refused: unknown"
    assert went("waiting", "claim") == "refused: unknown"


def test_second_claim_finds_the_conversation_taken() -> None:
    assert went("assigned", "claim", "reader") == "refused: version"


def test_34_offer_is_answered_once() -> None:
    assert went("offered", "accept", "offered") == "assigned"
    for event in ("accept", "decline"):
        assert went("assigned", event, "offered") == "refused: version"
    assert went("offered", "offer", "assignee") == "refused: version"


def test_abusive_conversation_stays_closed_for_everybody() -> None:
    for event, actor in product(["write", "reopen"], [actor.value for actor in Actor]):
        assert went("abusive", event, actor).startswith("refused")
    assert went("abusive", "reopen", "resident") == "refused: closed"


def test_resident_may_take_everything_away_from_anywhere() -> None:
    for standing in STANDINGS.keys() - {"none"}:
        assert went(standing, "delete", "resident") == GONE
