"""Which way may a conversation go, and who may send it there?

Every edge stands in :data:`EDGES`; what is not there is refused. When time sends it somewhere,
timers.py knows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from wijkbot.securechat.encoding import Refused


class State(StrEnum):
    """Where a stored conversation is. Before and after there is no row, and no state."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class Actor(StrEnum):
    """As whom somebody acts. One person can be several: a coordinator who is the assignee."""

    RESIDENT = "resident"
    READER = "reader"  # a worker or coordinator of the team who holds a wrap
    ASSIGNEE = "assignee"
    OFFERED = "offered"  # the colleague a hand-over waits for
    COORDINATOR = "coordinator"
    TIMER = "timer"


class Event(StrEnum):
    """What happens to a conversation."""

    CREATE = "create"
    CLAIM = "claim"
    WRITE = "write"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    OFFER_OVER = "offer_over"
    RELEASE = "release"
    REVOKE = "revoke"
    CLOSE = "close"
    CLOSE_ABUSIVE = "close_abusive"
    UNANSWERED = "unanswered"
    SILENT = "silent"
    REOPEN = "reopen"
    DELETE = "delete"
    PURGE = "purge"
    TOO_OLD = "too_old"


class Guard(StrEnum):
    """What must be so besides the state."""

    NOTHING = "nothing"
    OFFER_OPEN = "offer_open"
    NO_OFFER = "no_offer"
    NOT_ABUSIVE = "not_abusive"


@dataclass(frozen=True, slots=True)
class Edge:
    """Who may do it, where it leads (None: no row any more), and what must be so."""

    actors: frozenset[Actor]
    to: State | None
    guard: Guard = Guard.NOTHING


def _edge(to: State | None, *actors: Actor, guard: Guard = Guard.NOTHING) -> Edge:
    return Edge(frozenset(actors), to, guard)


_WAITING, _ASSIGNED, _CLOSED = State.WAITING, State.ASSIGNED, State.CLOSED
_STAFF = (Actor.ASSIGNEE, Actor.COORDINATOR)

EDGES: dict[tuple[State | None, Event], Edge] = {
    (None, Event.CREATE): _edge(_WAITING, Actor.RESIDENT),
    (_WAITING, Event.WRITE): _edge(_WAITING, Actor.RESIDENT),
    (_WAITING, Event.CLAIM): _edge(_ASSIGNED, Actor.READER),
    (_WAITING, Event.CLOSE): _edge(_CLOSED, Actor.RESIDENT, Actor.COORDINATOR),
    (_WAITING, Event.CLOSE_ABUSIVE): _edge(_CLOSED, Actor.COORDINATOR),
    (_WAITING, Event.UNANSWERED): _edge(_CLOSED, Actor.TIMER),
    (_WAITING, Event.SILENT): _edge(_CLOSED, Actor.TIMER),
    (_WAITING, Event.DELETE): _edge(None, Actor.RESIDENT),
    (_WAITING, Event.TOO_OLD): _edge(None, Actor.TIMER),
    (_ASSIGNED, Event.WRITE): _edge(_ASSIGNED, Actor.RESIDENT, Actor.ASSIGNEE),
    (_ASSIGNED, Event.OFFER): _edge(_ASSIGNED, *_STAFF, guard=Guard.NO_OFFER),
    (_ASSIGNED, Event.ACCEPT): _edge(_ASSIGNED, Actor.OFFERED, guard=Guard.OFFER_OPEN),
    (_ASSIGNED, Event.DECLINE): _edge(_ASSIGNED, Actor.OFFERED, guard=Guard.OFFER_OPEN),
    (_ASSIGNED, Event.WITHDRAW): _edge(_ASSIGNED, *_STAFF, guard=Guard.OFFER_OPEN),
    (_ASSIGNED, Event.OFFER_OVER): _edge(_ASSIGNED, Actor.TIMER, guard=Guard.OFFER_OPEN),
    (_ASSIGNED, Event.RELEASE): _edge(_WAITING, Actor.ASSIGNEE),
    (_ASSIGNED, Event.REVOKE): _edge(_WAITING, Actor.COORDINATOR),
    (_ASSIGNED, Event.CLOSE): _edge(_CLOSED, Actor.RESIDENT, *_STAFF),
    (_ASSIGNED, Event.CLOSE_ABUSIVE): _edge(_CLOSED, *_STAFF),
    (_ASSIGNED, Event.SILENT): _edge(_CLOSED, Actor.TIMER),
    (_ASSIGNED, Event.DELETE): _edge(None, Actor.RESIDENT),
    (_ASSIGNED, Event.TOO_OLD): _edge(None, Actor.TIMER),
    (_CLOSED, Event.REOPEN): _edge(_WAITING, Actor.RESIDENT, guard=Guard.NOT_ABUSIVE),
    (_CLOSED, Event.DELETE): _edge(None, Actor.RESIDENT),
    (_CLOSED, Event.PURGE): _edge(None, Actor.TIMER),
    (_CLOSED, Event.TOO_OLD): _edge(None, Actor.TIMER),
}
"""The whole state machine. An offer is open or not: ``pending_to`` beside the state."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one conversation is now; ``state`` None: it does not exist."""

    state: State | None
    is_offered: bool = False
    is_abusive: bool = False


def next_state(now: Standing, event: Event, actors: Collection[Actor]) -> State | None:
    """Where the event leads; None means that every row goes.

    Raises:
        Refused: closed (somebody writes, and may not or not like this), unknown (not theirs to
            do), version (no such way from here: the conversation is not what they think).
    """
    edge = EDGES.get((now.state, event))
    if edge and edge.actors.isdisjoint(actors):
        raise Refused("unknown", "not this participant's to do")
    if edge is None or not _holds(edge.guard, now):
        wants_to_write = now.state is State.CLOSED and event in (Event.WRITE, Event.REOPEN)
        code = "closed" if wants_to_write else "version"
        raise Refused(code, "the conversation is not in a state for this")
    return edge.to


def _holds(guard: Guard, now: Standing) -> bool:
    return {
        Guard.NOTHING: True,
        Guard.OFFER_OPEN: now.is_offered,
        Guard.NO_OFFER: not now.is_offered,
        Guard.NOT_ABUSIVE: not now.is_abusive,
    }[guard]
