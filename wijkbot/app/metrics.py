"""What does this process count, and how is it told to Prometheus?

Counters and times are those of one process since its start; what waits is read from the
database at the moment of asking. No label ever holds anything of a person: only the names of
channels, purposes, lanes and statuses.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from wijkbot.storage import health
from wijkbot.storage.errors import StorageProblem
from wijkbot.storage.health import ChannelBacklog

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_BEARER = "bearer "

T = TypeVar("T")


class Meters:
    """The counters of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._accepted = self._counter("accepted", "Events taken in.", "channel")
        self._handled = Histogram(
            "wijkbot_handling_seconds",
            "From the arrival of an event until its answer waits to be sent.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._settled = self._counter(
            "settled", "Messages by what became of them.", "channel", "purpose", "status"
        )
        self._retried = self._counter("retries", "Messages put off, by why.", "channel", "status")
        self._not_stored = self._counter(
            "webhooks_refused", "Webhooks answered 503: the database was away.", "channel"
        )
        self._sending = Histogram(
            "wijkbot_sending_seconds",
            "How long the platform took for one message.",
            ["channel"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def accepted(self, channel: str, number: int) -> None:
        """So many events came in and are kept."""
        self._accepted.labels(channel).inc(number)

    def handled(self, seconds: float) -> None:
        """One event is handled, so long after it came in."""
        self._handled.observe(max(0.0, seconds))

    def sent(self, channel: str, seconds: float) -> None:
        """The platform answered to one message, after so long."""
        self._sending.labels(channel).observe(seconds)

    def settled(self, channel: str, purpose: str, status: str) -> None:
        """One message is done with."""
        self._settled.labels(channel, str(purpose), status.lower()).inc()

    def retried(self, channel: str, reason: str) -> None:
        """One message is put off; ``reason`` is a code, never a platform's own words."""
        self._retried.labels(channel, str(reason)).inc()

    def not_stored(self, channel: str) -> None:
        """One webhook was answered 503."""
        self._not_stored.labels(channel).inc()

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"wijkbot_{name}", told, labels, registry=self.registry)


class Reads(Protocol):
    """Anything that runs a function on a snapshot: the database."""

    async def read(self, fn: Callable[[Connection], T], /) -> T:
        """Run it and return what it returned."""


async def exposition(
    meters: Meters, database: Reads, now_ms: int, channels: Iterable[str]
) -> bytes:
    """Everything in Prometheus' text form; without a database only what this process counted."""
    try:
        figures = await database.read(lambda conn: health.by_channel(conn, now_ms))
    except StorageProblem:
        waiting: Collector = _Waiting(None)
    else:
        nothing = ChannelBacklog(health.Backlog(), None)
        waiting = _Waiting(dict.fromkeys(channels, nothing) | figures)
    asked = CollectorRegistry()
    asked.register(waiting)
    return generate_latest(meters.registry) + generate_latest(asked)


def may_look(client: str, headers: Mapping[str, str], token: str) -> bool:
    """Who may read the figures: this machine itself, or whoever has the token.

    What a proxy passes on comes from this machine too, and says so in a header.
    ``headers`` have lower-case names; an empty ``token`` opens for nobody.
    """
    given = headers.get("authorization", "")
    if token and given.lower().startswith(_BEARER):
        shown = given[len(_BEARER) :].strip()
        return hmac.compare_digest(shown.encode(), token.encode())
    return _is_loopback(client) and not any(name in headers for name in _PROXY_HEADERS)


def _is_loopback(client: str) -> bool:
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


class _Waiting(Collector):
    """What stands in the database, as it was at the moment of asking."""

    def __init__(self, figures: Mapping[str, ChannelBacklog] | None) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """The families of gauges, each with one sample for each channel."""
        is_up = 0 if self._figures is None else 1
        yield GaugeMetricFamily("wijkbot_database_up", "1: the database answers.", value=is_up)
        if self._figures is None:
            return
        for name, told, value in _GAUGES:
            family = GaugeMetricFamily(f"wijkbot_{name}", told, labels=["channel"])
            for channel, figure in sorted(self._figures.items()):
                number = value(figure)
                if number is not None:
                    family.add_metric([channel], number)
            yield family


_Figure = Callable[[ChannelBacklog], float | None]
_GAUGES: tuple[tuple[str, str, _Figure], ...] = (
    ("waiting_in", "Events that wait to be handled.", lambda c: c.backlog.waiting_in),
    (
        "oldest_in_seconds",
        "How long the oldest unhandled event waits.",
        lambda c: c.backlog.oldest_in_ms / 1000,
    ),
    ("waiting_out", "Messages that wait to be sent.", lambda c: c.backlog.waiting_out),
    (
        "oldest_out_seconds",
        "How long the oldest unsent message waits.",
        lambda c: c.backlog.oldest_out_ms / 1000,
    ),
    ("dead_letters", "Events and messages given up on.", lambda c: c.backlog.dead),
    ("unknown_messages", "Messages whose fate nobody knows.", lambda c: c.backlog.unknown),
    ("suspended_chats", "Chats that refuse the bot.", lambda c: c.backlog.suspended),
    (
        "rate_per_second",
        "Messages that the account may send in a second.",
        lambda c: c.rate.per_s if c.rate else None,
    ),
    (
        "rate_burst",
        "Messages that it may send at once after a rest.",
        lambda c: c.rate.burst if c.rate else None,
    ),
    (
        "rate_held_seconds",
        "How long the account may send nothing at all.",
        lambda c: c.rate.held_ms / 1000 if c.rate else None,
    ),
)
