"""How does a value look between two processes? Events, conversations and texts as JSON bytes."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from wijkbot.adapter_api import IncomingEvent
from wijkbot.engine import values
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.effects import Offer, Say
from wijkbot.engine.values import Value, Values
from wijkbot.engine.words import Purpose

_EVENT = TypeAdapter(IncomingEvent)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is kept of a conversation: the engine's state, and the language last used.

    ``thread`` is the topic in which its dialog is held. ``round`` is the message with which its
    open step was first asked: buttons of another round are old.
    """

    conversation: Conversation = Conversation()
    language: str = ""
    thread: str = ""
    round: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in its chat a message belongs: the topic, the question it answers, who asked it.

    ``is_for_one``: where the chat can, only who asked sees it.
    """

    thread: str = ""
    answer_to: str = ""
    asker: str = ""
    is_for_one: bool = False


NOWHERE = Spot()


_REMEMBERED = TypeAdapter(Remembered)
_VALUE_TYPES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        values.FieldOf,
        values.Day,
        values.Begin,
        values.PackWord,
        values.Number,
        values.CardCode,
        values.Link,
        values.NextHour,
        values.HelplineOf,
        values.OrganisationField,
        values.ChoiceTitle,
        values.OwnWords,
    )
}


def event_bytes(event: IncomingEvent) -> bytes:
    """An event as it waits, sealed, in the inbox."""
    return _EVENT.dump_json(event, exclude_defaults=True)


def event_from(data: bytes) -> IncomingEvent:
    """The event back; a damaged row raises (a bug, never a resident's mistake)."""
    return _EVENT.validate_json(data)


def remembered_bytes(state: Remembered) -> bytes:
    """A conversation's state as it is sealed."""
    return _REMEMBERED.dump_json(state, exclude_defaults=True)


def remembered_from(data: bytes | None) -> Remembered:
    """The state back; None is a conversation that was never held."""
    return _REMEMBERED.validate_json(data) if data else Remembered()


def say_bytes(say: Say, spot: Spot = NOWHERE) -> bytes:
    """What an outbox row seals: key, values, choices, footers and its spot, but no sentence."""
    raw: dict[str, Any] = {
        "key": say.key,
        "values": [[name, _plain(value)] for name, value in say.values],
        "offers": [[o.id, o.title_key, o.item] for o in say.offers],
        "footers": list(say.footers),
    }
    if spot != NOWHERE:
        raw["spot"] = dataclasses.asdict(spot)
    return json.dumps(raw, ensure_ascii=False).encode()


def spot_from(data: bytes) -> Spot:
    """Where the text of an outbox row belongs in its chat."""
    return Spot(**json.loads(data).get("spot", {}))


def say_from(data: bytes, purpose: str, item: str, version: int) -> Say:
    """The text of an outbox row back, ready to be rendered."""
    raw = json.loads(data)
    return Say(
        purpose=Purpose(purpose),
        item=item,
        version=version,
        key=raw["key"],
        values=_values(raw["values"]),
        offers=tuple(Offer(*parts) for parts in raw["offers"]),
        footers=tuple(raw["footers"]),
    )


def _plain(value: Value) -> dict[str, Any]:
    fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    written = {k: v.isoformat() if isinstance(v, date) else v for k, v in fields.items()}
    return {"is": type(value).__name__, **written}


def _values(raw: list[list[Any]]) -> Values:
    return tuple((name, _value(dict(parts))) for name, parts in raw)


def _value(parts: dict[str, Any]) -> Value:
    kind = parts.pop("is")
    if kind == "Day":
        return values.Day(date.fromisoformat(parts["day"]))
    if kind == "Begin":
        return values.Begin(datetime.fromisoformat(parts["moment"]))
    made: Value = _VALUE_TYPES[kind](**parts)
    return made


def span_ms(span: timedelta) -> int:
    """A span in whole milliseconds."""
    return int(span.total_seconds() * 1000)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware moment."""
    return int(moment.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """The moment (UTC) of milliseconds since 1970."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def from_ms_or_none(at_ms: int | None) -> datetime | None:
    """As :func:`from_ms`; None stays None."""
    return None if at_ms is None else from_ms(at_ms)
