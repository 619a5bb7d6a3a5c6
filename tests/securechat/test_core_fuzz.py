"""Does every decoder answer rubbish with a refusal, and never with any other error?

Two kinds of rubbish: any JSON at all, and what a client sends with one place replaced. What is
accepted in spite of that must travel on unchanged. Each piece of rubbish goes to every decoder
and in every place, so that on a machine of the CI more than 100,000 inputs are tried.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.securechat.making import (
    Json,
    Pair,
    Person,
    Team,
    envelope,
    new_id,
    starting,
    wrapset,
)
from tests.securechat.test_flips import places
from wijkbot.securechat.bundle import check_blob, check_kdf, read_bundle, read_draft
from wijkbot.securechat.encoding import Refused, b64, text_of, unb64
from wijkbot.securechat.envelope import check_padded, read_envelope
from wijkbot.securechat.manifest import read_cert, read_manifest
from wijkbot.securechat.points import check_public, verify
from wijkbot.securechat.work import Work, check_work, make_challenge, read_work
from wijkbot.securechat.wrapset import read_wrapset

TEAM = Team()
RESIDENT_KEYS = Person()
CONV = new_id()
KEY = bytes(32)
MANIFEST = TEAM.manifest()
START = wrapset(CONV, RESIDENT_KEYS, MANIFEST, starting(MANIFEST, RESIDENT_KEYS), KEY)
SEALED = {"iv": b64(bytes(12)), "ct": b64(bytes(272))}
CHALLENGE = make_challenge(KEY, bytes(16), 0)
PUBLIC = Pair().public


def read_start(json: object) -> Json:
    read = read_wrapset(json, CONV)
    assert read.hash
    assert isinstance(json, dict)
    return {**json, "recipients": [who.as_json() for who in read.recipients]}


def read_found(json: object) -> Json:
    work = read_work(json)
    check_work(KEY, work, CONV, 0)
    return {"challenge": work.challenge, "nonce": work.nonce}


def read_message(json: object) -> Json:
    read = read_envelope(json, CONV)
    assert read.hash
    return read.as_json()


def read_team(json: object) -> Json:
    read = read_manifest(json)
    assert read.hash
    return read.as_json()


DECODERS: dict[str, tuple[Json, Callable[[object], object]]] = {
    "manifest": (MANIFEST, read_team),
    "cert": (TEAM.cert(), lambda json: read_cert(json).as_json()),
    "wrapset": (START, read_start),
    "envelope": (envelope(CONV, RESIDENT_KEYS, KEY), read_message),
    "bundle": (SEALED, lambda json: read_bundle(json).as_json()),
    "draft": ({"draft": b64(CONV), "e": 1, **SEALED}, lambda json: read_draft(json).as_json()),
    "work": ({"challenge": CHALLENGE.text, "nonce": 1}, read_found),
}
BYTES: dict[str, Callable[[bytes], object]] = {
    "key": check_public,
    "signature": lambda raw: verify(PUBLIC, b"", raw),
    "signer": lambda raw: verify(raw, b"", bytes(64)),
    "photo": check_blob,
    "padded": check_padded,
    "text": lambda raw: unb64(raw.decode("latin-1")),
    "challenge": lambda raw: check_work(KEY, Work(b64(raw), 1), CONV, 0),
}
PIECES = 1_500 if os.environ.get("CI") else 100
RUBBISH = settings(max_examples=PIECES)

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=90)
    | st.binary(max_size=90).map(b64)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


WAYS = {
    kind: sorted({way[:end] for way in places(json) for end in range(1, len(way) + 1)}, key=str)
    for kind, (json, _) in DECODERS.items()
}
"""Every place of each of them, and every part that holds places."""


def replaced(json: Json, way: tuple[str | int, ...], value: object) -> Json:
    changed: Any = copy.deepcopy(json)
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return dict(changed)


@pytest.mark.parametrize("kind", sorted(DECODERS.keys() - {"work"}))
def test_60_what_a_client_sends_is_read(kind: str) -> None:
    json, read = DECODERS[kind]
    assert read(json) == json


@given(json=JSON)
@RUBBISH
def test_60_any_json_is_read_or_refused(json: object) -> None:
    for _, read in DECODERS.values():
        with suppress(Refused):
            assert read(json) == json


@given(value=JSON)
@RUBBISH
@pytest.mark.parametrize("kind", DECODERS)
def test_60_any_place_replaced_is_read_or_refused(kind: str, value: object) -> None:
    json, read = DECODERS[kind]
    for way in WAYS[kind]:
        changed = replaced(json, way, value)
        with suppress(Refused):
            assert read(changed) == changed


@given(raw=st.binary(max_size=70) | st.binary(min_size=64, max_size=66))
@RUBBISH
def test_60_any_bytes_are_taken_or_refused(raw: bytes) -> None:
    for read in BYTES.values():
        with suppress(Refused):
            read(raw)


def test_60_these_are_a_hundred_thousand_inputs_on_the_ci() -> None:
    assert 1_500 * sum(len(ways) for ways in WAYS.values()) > 100_000


@given(value=JSON)
def test_60_any_value_for_a_text_or_a_name_is_taken_or_refused(value: object) -> None:
    with suppress(Refused):
        assert text_of(value, 80) == value
    with suppress(Refused):
        assert check_kdf(value, "kdf") == value
