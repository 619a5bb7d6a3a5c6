"""Is there exactly one way to write what is signed, and is every other way refused?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.securechat.making import pad
from wijkbot.securechat.bundle import (
    BLOB_LIMIT,
    MEMBER_KDF,
    RESIDENT_KDF,
    check_blob,
    check_kdf,
    read_bundle,
    read_draft,
)
from wijkbot.securechat.encoding import (
    BIGGEST,
    BODY_LIMIT,
    PAD_SIZES,
    Refused,
    b64,
    fields,
    lp,
    number,
    text_of,
    unb64,
)
from wijkbot.securechat.envelope import check_padded

PARTS = st.lists(st.binary(max_size=5), max_size=4)


def test_parts_are_joined_as_the_page_says() -> None:
    expected = b"\0\0\0\x03a\xc3\xa9\0\0\0\x00\0\0\0\x08\0\0\0\0\0\0\x01\x02\0\0\0\x02xy"
    assert expected == lp("aé", "", 258, b"xy")


@given(one=PARTS, other=PARTS)
def test_other_parts_never_give_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (lp(*one) == lp(*other)) == (one == other)


@pytest.mark.parametrize("part", ["\ud800", -1, 2**64], ids=repr)
def test_part_without_bytes_is_refused(part: str | int) -> None:
    with pytest.raises(Refused):
        lp(part)


@given(raw=st.binary(max_size=70))
def test_bytes_come_back_from_their_text(raw: bytes) -> None:
    assert raw == unb64(b64(raw), len(raw))
    assert "=" not in b64(raw)


@pytest.mark.parametrize(
    "text",
    ["AA==", "AA=", "A", "AB", "A+A/", "AA\n", " AA", "ÀÀ", "A\x00", "AAAAA", None, 7, b"AA"],
    ids=repr,
)  # fmt: skip
def test_other_base64_is_refused(text: object) -> None:
    with pytest.raises(Refused) as refused:
        unb64(text)
    assert refused.value.code == "shape"


def test_wrong_length_is_refused() -> None:
    for size in (15, 17):
        with pytest.raises(Refused):
            unb64(b64(bytes(size)), 16)


@pytest.mark.parametrize("json", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}, [], None, "ab"], ids=str)
def test_field_too_many_or_too_few_is_refused(json: object) -> None:
    assert fields({"a": 1, "b": 2}, frozenset("ab")) == {"a": 1, "b": 2}
    with pytest.raises(Refused):
        fields(json, frozenset("ab"))


@pytest.mark.parametrize("value", [True, 1.0, "1", None, -1, BIGGEST + 1, 0], ids=repr)
def test_what_a_browser_does_not_count_is_no_number(value: object) -> None:
    assert number(BIGGEST) == BIGGEST
    with pytest.raises(Refused):
        number(value, low=1)


@pytest.mark.parametrize("value", ["", "é" * 41, "\ud800", None, 5], ids=repr)
def test_text_is_counted_in_bytes(value: object) -> None:
    assert text_of("é" * 40, 80) == "é" * 40
    with pytest.raises(Refused):
        text_of(value, 80)


def test_14_each_length_of_text_has_one_of_few_sizes() -> None:
    sizes = {len(pad(bytes(length))) for length in range(1, BODY_LIMIT + 1)}
    assert sizes == set(PAD_SIZES)


@pytest.mark.parametrize("size", range(0, PAD_SIZES[-1] + 4200, 64))
def test_14_server_takes_these_sizes_and_no_other(size: int) -> None:
    for near in (size - 1, size, size + 1):
        ct = bytes(max(near, 0) + 16)
        if len(ct) - 16 in PAD_SIZES:
            assert check_padded(ct) == ct
        else:
            with pytest.raises(Refused):
                check_padded(ct)


def sealed(size: int) -> dict[str, object]:
    return {"iv": b64(bytes(12)), "ct": b64(bytes(size))}


def test_bundle_and_draft_travel_unchanged() -> None:
    bundle, draft = sealed(500), {"draft": b64(bytes(16)), "e": 3, **sealed(256 + 16)}
    assert bundle == read_bundle(bundle).as_json()
    assert draft == read_draft(draft).as_json()


BUNDLE = sealed(500)
DRAFT = {"draft": b64(bytes(16)), "e": 1, **sealed(256 + 16)}


def test_bundle_has_at_most_4096_bytes() -> None:
    assert len(read_bundle(sealed(4096)).ct) == 4096
    with pytest.raises(Refused):
        read_bundle(sealed(4097))


@pytest.mark.parametrize(
    "other",
    [{"ct": b64(bytes(16))}, {"iv": b64(bytes(13))}, {"v": 1}, {"ct": None}],
    ids=["nothing but a tag", "long iv", "one field more", "no text"],
)
def test_bundle_of_another_shape_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(Refused):
        read_bundle({**BUNDLE, **other})


@pytest.mark.parametrize(
    "other",
    [
        {"draft": b64(bytes(15))}, {"e": 0}, {"iv": b64(bytes(11))}, {"ct": b64(bytes(257 + 16))},
        {"by": b64(bytes(16))},
    ],
    ids=["short id", "epoch zero", "short iv", "a size that shows the length", "one field more"],
)  # fmt: skip
def test_draft_of_another_shape_is_refused(other: dict[str, object]) -> None:
    assert read_draft(DRAFT).e == 1
    with pytest.raises(Refused):
        read_draft({**DRAFT, **other})


def test_refusal_says_its_code_and_why() -> None:
    assert str(Refused("shape", "not an object")) == "shape: not an object"


@pytest.mark.parametrize("name", ["", "pbkdf2-sha256-1000", "PBKDF2-SHA256-600000", None, 600000])
def test_13_any_other_way_to_make_a_key_is_refused(name: object) -> None:
    assert check_kdf(RESIDENT_KDF, RESIDENT_KDF) == RESIDENT_KDF
    for allowed in (RESIDENT_KDF, MEMBER_KDF):
        with pytest.raises(Refused):
            check_kdf(name, allowed)
    with pytest.raises(Refused):
        check_kdf(MEMBER_KDF, RESIDENT_KDF)


@pytest.mark.parametrize(
    ("size", "is_good"),
    [
        (0, False), (28, False), (65_536, False), (65_536 + 27, False), (65_536 + 28, True),
        (65_536 + 29, False), (31 * 65_536 + 28, True), (32 * 65_536 + 28, False),
        (BLOB_LIMIT, False),
    ],
)  # fmt: skip
def test_photo_has_one_of_few_sizes(size: int, is_good: bool) -> None:
    if is_good:
        assert check_blob(bytes(size)) == bytes(size)
    else:
        with pytest.raises(Refused):
            check_blob(bytes(size))
