"""Does what the browser runs make and refuse what the test vectors of wb1 say, both ways?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.securechat.client import crypto, encoding, envelope
from tests.securechat.client.conversation import Conversation
from tests.securechat.client.encoding import RESIDENT
from tests.securechat.test_vectors_python import CK, CONV, FOLDER, V, as_ben, keys, pair, raw
from tests.securechat.web_client import Refusal, Wb1

ZEROS = bytes(32).hex()
CAST = V["cast"]
AS_BEN = {
    "conv": CONV.hex(),
    "me": CAST["ids"]["ben"],
    "kem": CAST["ben"]["kem"],
    "resident": CAST["resident"],
    "team": {name: V["team"][name] for name in ("root_sig", "manifest", "cert")},
    "pin": V["team"]["pin"],
    "now": V["team"]["now"],
}
MESSAGE = {"conv": CONV.hex(), "ck": CK.hex(), "signer": CAST["resident"]["sig"]["public"]}


@pytest.fixture(scope="module")
def wb1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wb1]:
    with Wb1(tmp_path_factory.mktemp("wb1")) as running:
        yield running


def resealed(box: dict[str, str], name: str, at: int) -> dict[str, str]:
    """The same with one bit of one byte turned."""
    turned = bytearray(encoding.unb64(box[name]))
    turned[at % len(turned)] ^= 1
    return {**box, name: encoding.b64(bytes(turned))}


def test_01_hpke_gives_the_numbers_of_rfc_9180(wb1: Wb1) -> None:
    rfc = json.loads((FOLDER / "rfc9180.json").read_text())
    first = rfc["encryptions"][0]
    both = {}
    for name, secret in (("sender", rfc["skEm"]), ("receiver", rfc["skRm"])):
        made = crypto.pair_of(int(secret, 16))
        both[name] = {"jwk": json.loads(made.jwk()), "public": made.public.hex()}
    given = {"info": rfc["info"], "aad": first["aad"], "pt": first["pt"]}
    assert [rfc["enc"], first["ct"], first["pt"]] == wb1.do("hpke", **both, **given)


def test_01_each_language_opens_what_the_other_wrapped(wb1: Wb1) -> None:
    receiver = crypto.make_pair()
    enc, ct = crypto.wrap(receiver.public, b"info", CK)
    key = {"jwk": json.loads(receiver.jwk()), "public": receiver.public.hex()}
    wrapped = {"enc": enc.hex(), "ct": ct.hex()}
    assert CK.hex() == wb1.do("unwrap", kem=key, info=b"info".hex(), **wrapped)
    with pytest.raises(Refusal, match="open"):
        wb1.do("unwrap", kem=key, info=b"other".hex(), **wrapped)
    made = wb1.do("wrap", to=receiver.public.hex(), info=b"info".hex(), secret=CK.hex())
    assert CK == crypto.unwrap(receiver, b"info", raw(made["enc"]), raw(made["ct"]))


def test_02_bytes_are_joined_and_written_as_given(wb1: Wb1) -> None:
    for row in V["lp"]:
        assert row["out"] == wb1.do("lp", parts=row["parts"])
    for row in V["b64"]["good"]:
        assert row["text"] == wb1.do("b64", bytes=row["bytes"])
        assert row["bytes"] == wb1.do("unb64", text=row["text"])
    for text in V["b64"]["bad"]:
        with pytest.raises(Refusal, match="shape"):
            wb1.do("unb64", text=text)


def test_14_padding_is_as_given_and_nothing_else_is_taken(wb1: Wb1) -> None:
    for row in V["pad"]["good"]:
        padded = raw(wb1.do("pad", length=row["letters_a"]))
        assert (row["size"], row["sha256"]) == (len(padded), crypto.sha256(padded).hex())
        assert ("61" * row["letters_a"]) == wb1.do("unpad", padded=padded.hex())
    for row in V["pad"]["bad"]:
        with pytest.raises(Refusal, match="pad"):
            wb1.do("unpad", padded=row["padded"])


def test_16_words_are_known_by_their_first_letters(wb1: Wb1) -> None:
    for row in V["words"]:
        assert row["letters"] == wb1.do("letters", typed=row["typed"])


def test_11_only_whole_points_and_whole_signatures_are_taken(wb1: Wb1) -> None:
    good = CAST["resident"]["sig"]["public"]
    assert wb1.do("point", bytes=good) is None
    beside = good[:-2] + f"{int(good[-2:], 16) ^ 1:02x}"
    compressed = ("02" if int(good[-1], 16) % 2 == 0 else "03") + good[2:66]
    for bad in (beside, compressed, good[:-2], good + "00", "05" + good[2:], "04" + "ff" * 64):
        with pytest.raises(Refusal, match="point"):
            wb1.do("point", bytes=bad)
    signature = crypto.sign(pair("resident", "sig"), b"x")
    assert wb1.do("verify", key=good, bytes=b"x".hex(), signature=signature.hex()) is None
    for bad_signature in (signature[:-1], signature + b"\0", bytes(64), signature[::-1]):
        with pytest.raises(Refusal, match="signature"):
            wb1.do("verify", key=good, bytes=b"x".hex(), signature=bad_signature.hex())


def test_02_keys_of_a_code_are_as_given(wb1: Wb1) -> None:
    given, resident = V["code"], CAST["resident"]
    code = wb1.do("code", indices=given["indices"], salt=given["site_salt"])
    names = {"locatorHash": "locator_hash", "authHash": "auth_hash"}
    for name, value in code.items():
        assert given[names.get(name, name)] == value, name
    owner = {"role": "resident", "id": CONV.hex()}
    public = {kind: resident[kind]["public"] for kind in ("kem", "sig")}
    opened = wb1.do("bundle", kek=given["kek"], sealed=given["bundle"], **owner, **public)
    assert [False, False] == opened
    swapped = {"kem": CAST["ben"]["kem"]["public"], "sig": public["sig"]}
    for changed in ({**public, "id": ZEROS[:32]}, {**public, "role": "member"}, swapped):
        with pytest.raises(Refusal, match="open"):
            wb1.do(
                "bundle", **{"kek": given["kek"], "sealed": given["bundle"], **owner, **changed}
            )


def test_02_a_bundle_of_the_browser_opens_in_python(wb1: Wb1) -> None:
    made = wb1.do("seal", kek=CK.hex(), role="resident", id=CONV.hex())
    kem, sig = raw(made["kem"]), raw(made["sig"])
    box = crypto.Sealed(
        encoding.unb64(made["sealed"]["iv"], 12), encoding.unb64(made["sealed"]["ct"])
    )
    aad = crypto.bundle_aad("resident", CONV, kem, sig)
    opened = crypto.open_bundle(CK, box, aad, kem, sig)
    assert [kem, sig] == [one.public for one in opened]


def test_13_no_other_way_of_deriving_is_taken(wb1: Wb1) -> None:
    assert wb1.do("kdf", role="resident", name=V["code"]["kdf"]) is None
    assert wb1.do("kdf", role="member", name=V["member"]["kdf"]) is None
    for role, name in (
        ("resident", "pbkdf2-sha256-1000"),
        ("resident", "argon2id-64m-3"),
        ("member", "pbkdf2-sha256-600000"),
        ("member", "argon2id-8m-1"),
        ("member", 600000),
    ):
        with pytest.raises(Refusal, match="kdf"):
            wb1.do("kdf", role=role, name=name)


def test_02_keys_of_a_password_are_as_given(wb1: Wb1) -> None:
    given, ben = V["member"], CAST["ben"]
    made = wb1.do("member", password=given["password"], salt=given["salt"])
    assert {"kek": given["kek"], "login": given["login"]} == made
    owner = {"role": "member", "id": CAST["ids"]["ben"]}
    owner |= {kind: ben[kind]["public"] for kind in ("kem", "sig")}
    assert [False, False] == wb1.do("bundle", kek=made["kek"], sealed=given["bundle"], **owner)
    with pytest.raises(Refusal):
        wb1.do("bundle", kek=made["login"], sealed=given["bundle"], **owner)


def test_02_twelve_words_open_the_sealed_root(wb1: Wb1) -> None:
    given, root = V["root"], CAST["root"]
    assert given["kek"] == wb1.do("root", indices=given["indices"], org=given["org"])
    owner = {"role": "root", "id": given["org"]}
    owner |= {kind: root[kind]["public"] for kind in ("kem", "sig")}
    assert [False, False] == wb1.do("bundle", kek=given["kek"], sealed=given["sealed"], **owner)


def test_02_the_team_is_believed_as_given(wb1: Wb1) -> None:
    team = V["team"]
    read = wb1.do("read_manifest", manifest=team["manifest"], cert=team["cert"])
    hashes = {"signed": team["manifest_signed"], "hash": team["manifest_hash"]}
    assert {**hashes, "cert": team["cert_signed"]} == read
    believed = {"team": AS_BEN["team"], "pin": team["pin"]}
    assert team["manifest_hash"] == wb1.do("accept", now=team["now"], **believed)
    assert team["manifest_hash"] == wb1.do("earlier", **believed)


@pytest.mark.parametrize("case", V["team"]["refused"], ids=lambda case: str(case["why"]))
def test_37_a_team_is_refused(wb1: Wb1, case: dict[str, Any]) -> None:
    team = {name: case[name] for name in ("root_sig", "manifest", "cert")}
    given = {"pin": case["pin"], "now": case["now"], "before": case["accepted_before"]}
    codes = {
        "1": ("pin",),
        "2": ("cert", "signature"),
        "3": ("cert", "signature"),
        "ids": ("keys",),
    }
    codes |= {"4": ("manifest",), "5": ("manifest", "point"), "6": ("manifest",)}
    with pytest.raises(Refusal) as refused:
        wb1.do("accept", team=team, **given)
    assert refused.value.code in codes[case["rule"]]


def test_02_a_wrapset_opens_for_each_reader(wb1: Wb1) -> None:
    given = V["wrapsets"]
    read = wb1.do("wrapset", wrapset=given["start"], conv=CONV.hex())
    assert {"signed": given["start_signed"], "hash": given["start_hash"]} == read
    whole = [{"ck": CK.hex(), "usable": True}]
    people = [(CAST["ids"][name], CAST[name]["kem"]) for name in ("anna", "ben")]
    people += [(RESIDENT.hex(), CAST["resident"]["kem"])]
    people += [(encoding.RECOVERY.hex(), CAST["root"]["kem"])]
    for me, kem in people:
        given_to = {**AS_BEN, "me": me, "kem": kem, "wrapsets": [given["start"]]}
        assert whole == wb1.do("learn", **given_to)
    cas = {**AS_BEN, "me": CAST["ids"]["cas"], "kem": CAST["cas"]["kem"]}
    assert [{"ck": None, "usable": True}] == wb1.do("learn", **cas, wrapsets=[given["start"]])
    both = [given["start_as_ben_gets_it"], given["later_for_cas"]]
    assert whole == wb1.do("learn", **cas, wrapsets=both)
    assert whole == wb1.do("learn", **AS_BEN, wrapsets=both)


def test_02_a_wrapset_of_the_browser_opens_in_python(wb1: Wb1) -> None:
    asked = {name: AS_BEN[name] for name in ("conv", "team", "pin", "now", "resident")}
    ben = as_ben()
    ben.learn(keys(wb1.do("start", e=1, ck=CK.hex(), **asked)), V["team"]["now"])
    assert CK == ben.epochs[1].ck
    assert ben.is_usable()


@pytest.mark.parametrize(
    "case", V["wrapsets"]["refused_by_ben"], ids=lambda case: str(case["why"])
)
def test_39_a_wrapset_is_refused(wb1: Wb1, case: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        wb1.do("learn", **AS_BEN, wrapsets=case["wrapsets"])
    assert case["reason"] == refused.value.code


@pytest.mark.parametrize("case", V["wrapsets"]["may_not_start"], ids=lambda case: str(case["why"]))
def test_38_nobody_writes_in_an_epoch_that_started_badly(wb1: Wb1, case: dict[str, Any]) -> None:
    learned = wb1.do("learn", **AS_BEN, wrapsets=[case["wrapset"]])
    assert [False] == [epoch["usable"] for epoch in learned]


def test_02_a_message_opens_as_given(wb1: Wb1) -> None:
    given = V["messages"]
    read = wb1.do("envelope", envelope=given["envelope"], **MESSAGE)
    assert json.loads(given["body"]) == read.pop("body")
    assert {name: given[name] for name in ("aad", "signed", "hash")} == read
    place: dict[str, Any] = {"ck": CK.hex(), "conv": CONV.hex(), "e": 1, "by": RESIDENT.hex()}
    assert given["k_msg"] == wb1.do("message_key", **place)


def test_02_a_message_of_the_browser_opens_in_python(wb1: Wb1) -> None:
    body = {"k": "text", "t": "Ça va, à 10 €? 🌧", "at": V["team"]["now"], "seen": {}}
    made = _written(wb1, 1, bytes(32), body)
    read = envelope.read_envelope(CONV, made["envelope"])
    crypto.verify(pair("resident", "sig").public, read.signed, read.signature)
    assert made["hash"] == read.hash.hex()
    assert body == json.loads(envelope.open_envelope(read, CK))


def _written(wb1: Wb1, n: int, prev: bytes, body: dict[str, Any]) -> dict[str, Any]:
    place = {"conv": CONV.hex(), "e": 1, "by": RESIDENT.hex(), "n": n, "prev": prev.hex()}
    made: dict[str, Any] = wb1.do(
        "write", **place, ck=CK.hex(), sig=CAST["resident"]["sig"], body=body
    )
    return made


def test_03_a_conversation_written_in_the_browser_is_whole_in_python(wb1: Wb1) -> None:
    ben: Conversation = as_ben()
    ben.learn(keys(V["wrapsets"]["start"]), V["team"]["now"])
    prev, messages = bytes(32), []
    for n in range(1, 4):
        made = _written(wb1, n, prev, {"k": "text", "t": f"nr {n}", "at": n, "seen": {}})
        prev = raw(made["hash"])
        messages.append({"seq": n, **made["envelope"]})
    assert ["", "", ""] == [line.reason for line in ben.read(messages)]
    reply = ben.write({"k": "text", "t": "gelezen"}, V["team"]["now"])
    messages.append({"seq": 4, **reply.as_json()["envelope"]})
    assert [""] * 4 == _reasons(wb1, messages)


@pytest.mark.parametrize("name", ["iv", "ct", "signature", "prev", "by"])
def test_04_one_turned_bit_is_refused(wb1: Wb1, name: str) -> None:
    given = V["messages"]["envelope"]
    for at in range(0, len(encoding.unb64(given[name])), 7):
        with pytest.raises(Refusal, match="signature"):
            wb1.do("envelope", envelope=resealed(given, name, at), **MESSAGE)


@pytest.mark.parametrize("field", ["commit", "manifest_hash", "by", "signature", "enc", "ct"])
def test_04_one_turned_bit_of_a_wrapset_is_refused(wb1: Wb1, field: str) -> None:
    start: dict[str, Any] = V["wrapsets"]["start"]
    turned: dict[str, Any]
    for at in range(0, 48, 5):
        if field in start:
            turned = resealed(start, field, at)
        else:
            first, *others = start["recipients"]
            turned = {**start, "recipients": [resealed(first, field, at), *others]}
        with pytest.raises(Refusal):
            wb1.do("learn", **AS_BEN, wrapsets=[turned])


def test_05_a_message_is_of_one_place_only(wb1: Wb1) -> None:
    good = V["messages"]["envelope"]
    other = {**MESSAGE, "conv": bytes(16).hex()}
    with pytest.raises(Refusal, match="signature"):
        wb1.do("envelope", envelope=good, **other)
    for changed in ({"e": 2}, {"n": 2}, {"by": encoding.b64(raw(CAST["ids"]["ben"]))}):
        with pytest.raises(Refusal, match="signature"):
            wb1.do("envelope", envelope={**good, **changed}, **MESSAGE)


def _reasons(wb1: Wb1, messages: list[dict[str, Any]], **more: Any) -> list[str]:
    signers = {CAST["ids"][who]: CAST[who]["sig"]["public"] for who in ("anna", "ben", "cas")}
    signers |= {RESIDENT.hex(): CAST["resident"]["sig"]["public"]}
    asked = {**AS_BEN, "wrapsets": [V["wrapsets"]["start"]], "signers": signers, **more}
    found: list[str] = wb1.do("chain", messages=messages, **asked)
    return found


@pytest.mark.parametrize("case", V["messages"]["chains"], ids=lambda case: str(case["why"]))
def test_06_each_line_has_its_reason(wb1: Wb1, case: dict[str, Any]) -> None:
    assert case["reasons"] == _reasons(wb1, case["messages"])


def test_06_without_the_key_the_chain_is_checked_all_the_same(wb1: Wb1) -> None:
    gap = next(case for case in V["messages"]["chains"] if "gap" in case["reasons"])
    assert ["locked", "gap", "locked"] == _reasons(wb1, gap["messages"], isLocked=True)


def test_02_a_photo_is_sealed_and_opened_as_given(wb1: Wb1) -> None:
    given = V["photo"]
    place = (CONV, raw(given["id"]), raw(given["key"]))
    blob = envelope.seal_photo(*place, raw(given["iv"]), raw(given["jpeg"]))
    asked = {name: given[name] for name in ("id", "key", "hash")} | {"conv": CONV.hex()}
    assert given["jpeg"] == wb1.do("open_photo", blob=blob.hex(), **asked)
    for bad in (blob[:-1] + bytes([blob[-1] ^ 1]), blob[1:], b"", blob + b"\0"):
        with pytest.raises(Refusal):
            wb1.do("open_photo", blob=bad.hex(), **asked)
    made = wb1.do("seal_photo", conv=CONV.hex(), id=given["id"], jpeg=given["jpeg"])
    theirs = (CONV, raw(given["id"]), raw(made["key"]), raw(made["hash"]), raw(made["blob"]))
    assert raw(given["jpeg"]) == envelope.open_photo(*theirs)


@pytest.mark.parametrize("case", V["photo"]["refused"], ids=lambda case: str(case["why"]))
def test_28_a_photo_is_refused(wb1: Wb1, case: dict[str, Any]) -> None:
    key, iv = raw(V["photo"]["key"]), bytes(12)
    made = crypto.seal(key, iv, raw(case["aad"]), raw(case["text"]) + bytes(case["zeros"]))
    blob = made.iv + made.ct
    asked = {"id": V["photo"]["id"], "key": key.hex(), "hash": crypto.sha256(blob).hex()}
    with pytest.raises(Refusal):
        wb1.do("open_photo", conv=CONV.hex(), blob=blob.hex(), **asked)


@pytest.mark.parametrize(
    ("height", "width", "is_fine"),
    [(1600, 1600, True), (1601, 1, False), (1, 30_000, False), (0, 5, False)],
)
def test_28_a_bomb_is_seen_before_it_is_decoded(
    wb1: Wb1, height: int, width: int, is_fine: bool
) -> None:
    app0 = b"\xff\xe0" + (16).to_bytes(2, "big") + bytes(14)
    frame = b"\xff\xc0\x00\x0b\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    jpeg = (b"\xff\xd8" + app0 + frame + bytes(8)).hex()
    if is_fine:
        assert wb1.do("pixels", jpeg=jpeg) is None
    else:
        with pytest.raises(Refusal, match="photo"):
            wb1.do("pixels", jpeg=jpeg)


def test_02_a_draft_opens_both_ways(wb1: Wb1) -> None:
    given = V["draft"]
    names = {"conv": CONV.hex(), "e": 1, "author": given["author"], "draft": given["draft"]}
    opened = wb1.do("draft", ck=CK.hex(), sealed=given["sealed"], **names)
    assert json.loads(given["body"]) == opened
    made = wb1.do("seal_draft", ck=CK.hex(), text="dag", at=5, **names)
    box = crypto.Sealed(encoding.unb64(made["iv"], 12), encoding.unb64(made["ct"]))
    place = (CONV, 1, raw(given["author"]), raw(given["draft"]))
    assert "dag" == json.loads(envelope.open_draft(place, CK, box))["t"]


def test_02_a_proof_of_work_is_as_given(wb1: Wb1) -> None:
    given = V["pow"]
    asked = {"challenge": given["challenge"], "conv": CONV.hex(), "bits": given["bits"]}
    assert wb1.do("is_enough", nonce=given["nonce"], **asked)
    assert not wb1.do("is_enough", nonce=given["too_little"], **asked)
    found = wb1.do("work", **asked)
    assert crypto.proves(given["challenge"], CONV, found, given["bits"])


def test_07_ivs_of_the_browser_do_not_repeat(wb1: Wb1) -> None:
    body = {"k": "text", "t": "zelfde", "at": 1, "seen": {}}
    ivs = {_written(wb1, 1, bytes(32), body)["envelope"]["iv"] for _ in range(300)}
    assert 300 == len(ivs)
