"""What must a client of wb1 refuse, and with which reason? The negative half of the vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.securechat.client.crypto import Sealed, seal
from tests.securechat.client.encoding import NOTHING_BEFORE, RECOVERY, RESIDENT, b64, lp
from tests.securechat.client.envelope import Envelope, as_body, message_key
from tests.securechat.client.manifest import DAY, Cert, Manifest, Member
from tests.securechat.client.wrapset import Wrapset, commit_of
from tests.vectors import cast


def manifests() -> Iterator[dict[str, Any]]:
    """Manifests that are refused; ``rule`` is the number in docs/wb1.md section 2."""
    good, ann, ben = cast.MANIFEST, cast.ANNA, cast.BEN

    def case(
        rule: str,
        why: str,
        manifest: Manifest = good,
        cert: Cert = cast.CERT,
        **other: Any,
    ) -> dict[str, Any]:
        return {
            "rule": rule,
            "why": why,
            "manifest": manifest.as_json(),
            "cert": cert.as_json(),
            "root_sig": cast.ROOT.sig.public.hex(),
            "pin": cast.ROOT.pin.hex(),
            "now": cast.NOW,
            "accepted_before": [],
            **other,
        }

    before = [{"manifest": good.as_json(), "cert": cast.CERT.as_json()}]
    demoted = cast.renamed(good.members, ann.id, role="worker")
    rekeyed = cast.renamed(good.members, ben.id, kem=cast.STRANGER.kem.public)
    foreign = cast.renamed(good.members, ann.id, sig=cast.STRANGER.sig.public)
    yield case("1", "another root", pin=cast.fixed("another pin", 32).hex())
    yield case("2", "by is not among the members", cast.manifest(by=cast.STRANGER.id))
    yield case("2", "by is no coordinator", cast.manifest(members=demoted))
    yield case(
        "2",
        "the certificate is of another member",
        cert=cast.cert(member=ben.id, sig=ben.sig.public),
    )
    yield case("2", "the key of by is not the certified one", cast.manifest(members=foreign))
    yield case("2", "the root did not sign", cert=replace(cast.CERT, not_after=cast.NOW + DAY))
    yield case("2", "the certificate is over", cert=cast.cert(not_after=cast.NOW))
    yield case("3", "one name was changed", replace(good, members=cast.renamed(
        good.members, ben.id, name="Iemand anders")))  # fmt: skip
    yield case("3", "signed by another member", cast.manifest(signer=ben))
    yield case("3", "another organisation", cert=cast.cert(org=cast.fixed("other org")))
    yield case("4", "not yet", now=good.issued - DAY - 1)
    yield case("4", "over", now=good.expires)
    yield case(
        "4", "longer than 90 days", cast.manifest(expires=cast.MANIFEST.issued + 90 * DAY + 1)
    )
    yield case("5", "no id twice", cast.manifest(members=(good.members[0], *good.members)))
    yield case("5", "out of order", cast.manifest(members=good.members[::-1]))
    yield case("5", "a recovery key beside the curve", cast.manifest(
        recovery_kem=b"\x04" + b"\x01" * 64))  # fmt: skip
    yield case(
        "5", "a member with the id of the resident", cast.manifest(members=_with_resident())
    )
    yield case("6", "an older version", cast.manifest(version=1), accepted_before=before)
    yield case("6", "another of the same version", cast.manifest(expires=good.expires - 1),
               accepted_before=before)  # fmt: skip
    yield case("ids", "one id with other keys", cast.manifest(version=3, members=rekeyed),
               accepted_before=before)  # fmt: skip


def _with_resident() -> tuple[Member, ...]:
    ghost = replace(cast.STRANGER.listed("worker"), id=RESIDENT)
    return (ghost, *cast.MANIFEST.members)


def wrapsets() -> Iterator[dict[str, Any]]:
    """Wrapsets that are refused, as Ben sees them; ``reason`` as in docs/wb1.md section 5."""
    good, resident = cast.wrapset(), (RESIDENT, cast.RESIDENT_SIG)
    everyone = {one.to: one.kem for one in good.recipients}
    ghost = {**everyone, cast.STRANGER.id: cast.STRANGER.kem.public}
    swapped = {**everyone, cast.BEN.id: cast.STRANGER.kem.public}
    other = cast.fixed("another ck", 32)
    turned = replace(good, recipients=good.recipients[::-1])
    later = {cast.BEN.id: cast.BEN.kem.public}
    anna = (cast.ANNA.id, cast.ANNA.sig)

    def case(reason: str, why: str, *wrapsets: Wrapset) -> dict[str, Any]:
        return {"reason": reason, "why": why, "wrapsets": [one.as_json() for one in wrapsets]}

    yield case("ghost", "somebody whom the manifest does not name", cast.wrapset(ghost))
    yield case("wrapset", "the key of somebody else", cast.wrapset(swapped))
    yield case("wrapset", "out of order", cast.signed_wrapset(turned, cast.RESIDENT_SIG))
    yield case("signature", "one recipient less than was signed", replace(
        good, recipients=good.recipients[:-1]))  # fmt: skip
    yield case("signature", "signed by somebody else", cast.signed_wrapset(good, cast.BEN.sig))
    yield case("stranger", "by nobody known", cast.wrapset(
        by=(cast.STRANGER.id, cast.STRANGER.sig)))  # fmt: skip
    yield case(
        "manifest", "of an unknown manifest", cast.wrapset(manifest_hash=cast.fixed("?", 32))
    )
    yield case("commit", "the wrap holds another key than was promised", cast.wrapset(
        ck=other, commit=commit_of(cast.CK, cast.CONV, 1)))  # fmt: skip
    yield case("commit", "a later wrapset with another key", good, cast.wrapset(
        later, by=anna, ck=other))  # fmt: skip
    yield case("epoch", "epoch 2 without epoch 1", cast.wrapset(by=resident, e=2))


def starts() -> Iterator[dict[str, Any]]:
    """Wrapsets that are true, but may not start an epoch."""
    everyone = {one.to: one.kem for one in cast.wrapset().recipients}

    def without(who: bytes) -> dict[str, Any]:
        return cast.wrapset({to: kem for to, kem in everyone.items() if to != who}).as_json()

    trainee = cast.wrapset({**everyone, cast.CAS.id: cast.CAS.kem.public})
    yield {"why": "a reader is missing", "wrapset": without(cast.BEN.id)}
    yield {"why": "recovery is missing", "wrapset": without(RECOVERY)}
    yield {"why": "the resident is missing", "wrapset": without(RESIDENT)}
    yield {"why": "a trainee is among them", "wrapset": trainee.as_json()}


def _text(t: str, **more: Any) -> bytes:
    return as_body({"k": "text", "t": t, "at": cast.NOW, "seen": {}, **more})


def chains() -> Iterator[dict[str, Any]]:
    """Conversations in which a line is wrong; ``reasons`` has one for each line ("" is fine)."""
    anna = (cast.ANNA.id, cast.ANNA.sig)
    stranger = (cast.STRANGER.id, cast.STRANGER.sig)
    one = cast.message(_text("een"))
    two = cast.message(_text("twee"), 2, one.hash)
    three = cast.message(_text("drie"), 3, two.hash)

    def case(why: str, *lines: tuple[Envelope, str]) -> dict[str, Any]:
        return {
            "why": why,
            "messages": [{"seq": i + 1, **one.as_json()} for i, (one, _) in enumerate(lines)],
            "reasons": [reason for _, reason in lines],
        }

    def reply(n: int, hash_: bytes) -> Envelope:
        return cast.message(_text("gelezen", seen={b64(RESIDENT): [n, b64(hash_)]}), by=anna)

    changed = replace(one, sealed=replace(one.sealed, ct=b"\0" + one.sealed.ct[1:]))
    yield case("all is well", (one, ""), (two, ""), (reply(2, two.hash), ""), (three, ""))
    yield case("one byte changed", (changed, "forged"))
    yield case("by nobody known", (cast.message(_text("x"), by=stranger), "forged"))
    yield case("sealed with another key", (
        cast.message(_text("x"), ck=cast.fixed("another ck", 32)), "forged"))  # fmt: skip
    yield case("an epoch without a wrapset", (cast.message(_text("x"), e=2), "forged"))
    yield case("signed by another member", (
        cast.signed_envelope(one, cast.ANNA.sig), "forged"))  # fmt: skip
    yield case("padding that is not zero", (_badly_padded(), "forged"))
    yield case("one left out, and it goes on behind", (one, ""), (three, "gap"),
               (cast.message(_text("vier"), 4, three.hash), ""))  # fmt: skip
    yield case("prev of something else", (one, ""), (
        cast.message(_text("twee"), 2, cast.fixed("prev", 32)), "gap"))  # fmt: skip
    yield case("two messages with one number", (one, ""), (two, ""), (
        cast.message(_text("anders"), 2, one.hash), "fork"))  # fmt: skip
    yield case("read under another hash", (one, ""), (
        reply(1, cast.fixed("other", 32)), "fork"))  # fmt: skip
    yield case("read, but not given", (one, ""), (reply(2, two.hash), "cut"))


def _badly_padded() -> Envelope:
    bare = Envelope(cast.CONV, 1, RESIDENT, 1, NOTHING_BEFORE, Sealed(bytes(12), b""))
    body = _text("x")
    padded = (len(body).to_bytes(4, "big") + body).ljust(255, b"\0") + b"\x01"
    key = message_key(cast.CK, cast.CONV, 1, RESIDENT)
    sealed = seal(key, cast.fixed("iv padding", 12), bare.aad, padded)
    return cast.signed_envelope(replace(bare, sealed=sealed), cast.RESIDENT_SIG)


def photos(blob_id: bytes) -> Iterator[dict[str, Any]]:
    """Sealed photos that are refused: seal ``text`` and so many zeros with ``aad`` to have one."""
    good = lp("wb1/blob", cast.CONV, blob_id)
    other = lp("wb1/blob", cast.fixed("another conv"), blob_id)
    jpeg, png = b"\xff\xd8\xff\xe0", b"\x89PNG"
    for why, aad, length, start, total in (
        ("of another conversation", other, 4, jpeg, 65_536),
        ("no JPEG", good, 4, png, 65_536),
        ("a length that does not fit", good, 70_000, jpeg, 65_536),
        ("no multiple of 65,536", good, 4, jpeg, 65_000),
        ("larger than needed", good, 4, jpeg, 131_072),
    ):
        text = length.to_bytes(4, "big") + start
        zeros = total - len(text)
        yield {"why": why, "aad": aad.hex(), "text": text.hex(), "zeros": zeros}
