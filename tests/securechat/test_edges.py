"""Does each rule hold to its last byte, and is a refusal the word that was agreed?

Every number here is written out: a test that reads a limit from the code that has it would follow
when it is changed by mistake.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.securechat.making import NOW, Team, member
from wijkbot.securechat import (
    bundle,
    encoding,
    limits,
    manifest,
    points,
    timers,
    visitors,
    work,
    wrapset,
)
from wijkbot.securechat.encoding import Refused, b64, unb64

TEAM = Team()
BLOB = 28 + 65_536
SIGNED = TEAM.root.sig.sign(b"a")


def test_numbers_of_the_protocol_are_those_of_the_page_about_it() -> None:
    sizes = (256, 1024, 4096, 8192, 12_288, 16_384, 20_480)
    assert (16_384, sizes) == (encoding.BODY_LIMIT, encoding.PAD_SIZES)
    assert 9_007_199_254_740_991 == encoding.BIGGEST
    assert ("pbkdf2-sha256-600000", "argon2id-64m-3") == (bundle.RESIDENT_KDF, bundle.MEMBER_KDF)
    assert (4096, 2_097_152, 65_536) == (bundle.BUNDLE_LIMIT, bundle.BLOB_LIMIT, bundle.BLOB_STEP)
    assert (100, 80, 7_776_000, 86_400) == (
        manifest.MAX_MEMBERS, manifest.NAME_LIMIT, manifest.LONGEST, manifest.EARLY,
    )  # fmt: skip
    assert (65, 64) == (points.KEY_LENGTH, points.SIGNATURE_LENGTH)
    assert (16, 600, 16) == (work.BITS, work.LASTS, work.FRESH_LENGTH)


def test_55_spans_and_limits_are_written_out() -> None:
    assert (60, 900, 3600, 86_400) == (limits.MINUTE, limits.QUARTER, limits.HOUR, limits.DAY)
    assert (4, 5, 42) == (limits.OPEN_POLLS, limits.FREE_MISSES, limits.LONGEST_WAIT)
    assert (60, 3600, 86_400) == (timers.MINUTE, timers.HOUR, timers.DAY)
    assert (14, 30, 90, 14, 24) == (
        timers.Keeps().closed_days, timers.Keeps().silent_days, timers.Keeps().max_days,
        timers.Keeps().unanswered_days, timers.Keeps().offer_hours,
    )  # fmt: skip


@pytest.mark.parametrize(("left", "seconds"), [(1.0, 0.0), (0.75, 1.5), (0.5, 3.0), (0.0, 6.0)])
def test_55_half_a_turn_is_half_the_wait(left: float, seconds: float) -> None:
    ten_a_minute = limits.Limit(10, 60)
    assert seconds == limits.look(limits.Bucket(left, 100.0), ten_a_minute, 100.0)


def test_numbers_go_from_nought_to_what_a_browser_counts() -> None:
    assert 0 == encoding.number(0)
    assert 9_007_199_254_740_991 == encoding.number(9_007_199_254_740_991)
    for value in (-1, 9_007_199_254_740_992):
        with pytest.raises(Refused):
            encoding.number(value)


def test_what_is_kept_in_one_value_is_read_back() -> None:
    sealed = bundle.Sealed(bytes(range(12)), b"sealed text")
    assert bytes(range(12)) + b"sealed text" == sealed.kept
    assert sealed == bundle.Sealed.of(sealed.kept)


def test_a_team_has_at_most_a_hundred_members_with_names_of_eighty_bytes() -> None:
    crowd = [TEAM.coordinator, *(member("w" * 80) for _ in range(99))]
    read = manifest.read_manifest(TEAM.root.manifest(TEAM.coordinator, crowd))
    assert 100 == len(read.members)
    for too_much in ([*crowd, member("one more")], [TEAM.coordinator, member("w" * 81)]):
        with pytest.raises(Refused, match=r"^shape: "):
            manifest.read_manifest(TEAM.root.manifest(TEAM.coordinator, too_much))


def test_a_wrapset_has_a_hundred_members_the_resident_and_recovery_at_most() -> None:
    key = b64(TEAM.root.sig.public)

    def to(many: int) -> dict[str, object]:
        rows = [
            {"to": b64(place.to_bytes(16, "big")), "kem": key, "enc": key, "ct": b64(bytes(48))}
            for place in range(many)
        ]
        hashes = {"commit": b64(bytes(32)), "manifest_hash": b64(bytes(32))}
        head = {"e": 1, "by": b64(bytes(16)), "signature": b64(bytes(64))}
        return {**head, **hashes, "recipients": rows}

    assert 102 == len(wrapset.read_wrapset(to(102), bytes(16)).recipients)
    for many in (0, 103):
        with pytest.raises(Refused, match=r"^shape: "):
            wrapset.read_wrapset(to(many), bytes(16))


def _sealed(size: int) -> dict[str, object]:
    return {"iv": b64(bytes(12)), "ct": b64(bytes(size))}


@pytest.mark.parametrize("size", [17, 4096])
def test_a_bundle_has_one_byte_at_least_and_four_thousand_at_most(size: int) -> None:
    assert size == len(bundle.read_bundle(_sealed(size)).ct)


@pytest.mark.parametrize("steps", [1, 31])
def test_a_photo_has_one_step_at_least_and_what_fits_in_two_megabytes(steps: int) -> None:
    assert bundle.check_blob(bytes(28 + steps * 65_536))


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "a bundle of a tag alone": ("shape", lambda: bundle.read_bundle(_sealed(16))),
    "a bundle too large": ("shape", lambda: bundle.read_bundle(_sealed(4097))),
    "another derivation": ("shape", lambda: bundle.check_kdf("pbkdf2-sha256-1", "x")),
    "an empty photo": ("shape", lambda: bundle.check_blob(bytes(28))),
    "a photo of 32 steps": ("shape", lambda: bundle.check_blob(bytes(28 + 32 * 65_536))),
    "a photo of no whole step": ("shape", lambda: bundle.check_blob(bytes(BLOB + 1))),
    "a number of nine bytes": ("shape", lambda: encoding.lp(2**64)),
    "half a pair": ("shape", lambda: encoding.utf8("\ud800")),
    "a length of base64 that does not exist": ("shape", lambda: unb64("A")),
    "bits that are not zero": ("shape", lambda: unb64("AB")),
    "padding": ("shape", lambda: unb64("AA==")),
    "too few bytes": ("shape", lambda: unb64("AA", 2)),
    "no object": ("shape", lambda: encoding.fields([], frozenset())),
    "a field too many": ("shape", lambda: encoding.fields({"a": 1}, frozenset())),
    "a text too long": ("shape", lambda: encoding.text_of("ab", 1)),
    "another root": (
        "manifest",
        lambda: manifest.check_pin(TEAM.root.sig.public, bytes(32)),
    ),
    "a list that a worker signs": (
        "manifest",
        lambda: manifest.accept_earlier(
            manifest.read_manifest(TEAM.root.manifest(TEAM.worker, TEAM.people)),
            manifest.read_cert(TEAM.root.cert(TEAM.worker)),
            TEAM.root.sig.public,
        ),
    ),
    "a key beside the curve": ("shape", lambda: points.check_public(b"\x04" + bytes(64))),
    "a key of 64 bytes": ("shape", lambda: points.check_public(bytes(64))),
    "half a signature": (
        "signature",
        lambda: points.verify(TEAM.root.sig.public, b"", bytes(32)),
    ),
    "a signature with a nought in the middle": (
        "signature",
        lambda: points.verify(TEAM.root.sig.public, b"a", SIGNED[:32] + b"\0" + SIGNED[32:]),
    ),
    "a signature of another": (
        "signature",
        lambda: points.verify(TEAM.root.sig.public, b"a", TEAM.root.recovery.sign(b"a")),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_the_word_that_was_agreed(name: str) -> None:
    code, act = REFUSED[name]
    with pytest.raises(Refused) as refused:
        act()
    assert code == refused.value.code


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "c96b47511b4a24694d087ba230e8d9a5019953ea14b930a65801dd4ac68d25e1"),
        ("a socket", "13fe4a8d5bbb7250f380de76ad639928495d7f89fff634273316dfb370313752"),
    ],
)
def test_the_key_of_a_visitor_is_of_this_purpose_only(address: str, key: str) -> None:
    """HMAC-SHA256 over the label and the network, computed elsewhere."""
    assert key == visitors.visitor(bytes(32), address).hex()


def test_a_challenge_is_for_ten_minutes() -> None:
    challenge = work.make_challenge(b"k" * 32, bytes(16), NOW, bits=0)
    done = work.Work(challenge.text, 0)
    work.check_work(b"k" * 32, done, bytes(16), NOW + 599)
    with pytest.raises(Refused, match=r"^pow: "):
        work.check_work(b"k" * 32, done, bytes(16), NOW + 600)
