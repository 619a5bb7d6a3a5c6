"""Is anything still accepted after one byte of it has changed? Nothing signed may be."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.securechat.making import (
    NOW,
    Json,
    Person,
    Team,
    envelope,
    new_id,
    starting,
    wrapset,
)
from wijkbot.securechat.encoding import NO_HASH, Refused, b64, unb64
from wijkbot.securechat.envelope import check, read_envelope
from wijkbot.securechat.manifest import accept, read_cert, read_manifest
from wijkbot.securechat.wrapset import check_later, check_start, read_wrapset

TEAM = Team()
RESIDENT_KEYS = Person()
CONV = new_id()
KEY = bytes(range(32))
MANIFEST = TEAM.manifest()
CURRENT = read_manifest(MANIFEST)
CERT = TEAM.cert()
LATER_TO = {TEAM.trainee.id: TEAM.trainee.kem.public}
LATER = wrapset(CONV, TEAM.worker, MANIFEST, LATER_TO, KEY)


def take_envelope(json: Json) -> None:
    check(read_envelope(json, CONV), RESIDENT_KEYS.signer, 1, 0, NO_HASH)


def take_start(json: Json) -> None:
    read = read_wrapset(json, CONV)
    check_start(read, 1, CURRENT, RESIDENT_KEYS.kem.public, RESIDENT_KEYS.signer)


def take_later(json: Json) -> None:
    commit = unb64(LATER["commit"])
    check_later(read_wrapset(json, CONV), 1, commit, CURRENT, TEAM.worker.signer)


def take_manifest(json: Json) -> None:
    accept(read_manifest(json), read_cert(CERT), TEAM.root.sig.public, NOW)


def take_cert(json: Json) -> None:
    accept(CURRENT, read_cert(json), TEAM.root.sig.public, NOW)


Take = Callable[[Json], None]
SIGNED: dict[str, tuple[Json, Take]] = {
    "envelope": (envelope(CONV, RESIDENT_KEYS, KEY), take_envelope),
    "start": (
        wrapset(CONV, RESIDENT_KEYS, MANIFEST, starting(MANIFEST, RESIDENT_KEYS), KEY),
        take_start,
    ),
    "later": (LATER, take_later),
    "manifest": (MANIFEST, take_manifest),
    "cert": (CERT, take_cert),
}
PLAIN = ("role", "name")


def places(json: Any, *way: str | int) -> Iterator[tuple[str | int, ...]]:
    """Every place in this JSON where a text or a number stands."""
    if isinstance(json, dict):
        for name, value in json.items():
            yield from places(value, *way, name)
    elif isinstance(json, list):
        for index, value in enumerate(json):
            yield from places(value, *way, index)
    else:
        yield way


def flipped(json: Json, way: tuple[str | int, ...], byte: int, bit: int) -> Json:
    """The same, with one bit of one byte of one value turned round."""
    changed: Any = copy.deepcopy(json)
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    value = inner[way[-1]]
    if isinstance(value, int):
        inner[way[-1]] = value ^ 1 << bit
    elif way[-1] in PLAIN:
        inner[way[-1]] = value[:-1] + chr(ord(value[-1]) ^ 1 << bit % 5)
    else:
        raw = bytearray(unb64(value))
        raw[byte % len(raw)] ^= 1 << bit
        inner[way[-1]] = b64(bytes(raw))
    return dict(changed)


@pytest.mark.parametrize("kind", SIGNED)
def test_4_what_was_not_touched_is_accepted(kind: str) -> None:
    json, take = SIGNED[kind]
    take(json)


@given(data=st.data(), bit=st.integers(0, 7), byte=st.integers(0, 30_000))
@pytest.mark.parametrize("kind", SIGNED)
def test_4_one_changed_bit_anywhere_is_refused(
    kind: str, data: st.DataObject, bit: int, byte: int
) -> None:
    json, take = SIGNED[kind]
    way = data.draw(st.sampled_from(sorted(places(json), key=str)))
    with pytest.raises(Refused):
        take(flipped(json, way, byte, bit))


@pytest.mark.parametrize("kind", ["envelope", "later", "cert"])
def test_4_each_byte_of_each_field_counts(kind: str) -> None:
    json, take = SIGNED[kind]
    for way in places(json):
        value: Any = json
        for step in way:
            value = value[step]
        size = len(unb64(value)) if isinstance(value, str) and way[-1] not in PLAIN else 1
        for byte in range(size):
            with pytest.raises(Refused):
                take(flipped(json, way, byte, byte % 8))
