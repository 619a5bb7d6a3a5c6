"""Is what others send ever more than text and pictures, and what we send ever more than pixels?"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from playwright.async_api import expect

from tests.securechat.browser.visit import TOGETHER, Place, Visit, bodies, payload
from tests.securechat.client import envelope
from tests.securechat.client.conversation import Conversation
from tests.securechat.client.crypto import sha256
from tests.securechat.client.encoding import b64, unb64
from tests.securechat.crew import Colleague

pytestmark = TOGETHER

HOSTILE = (
    "<img src=x onerror=\"document.title='hacked'\">",
    "<script>document.title='hacked'</script>",
    "javascript:document.title='hacked'",
    "\u202eomgekeerd \u2066 en \u2069 weer terug",
    "{{constructor.constructor('document.title=1')()}} ${1} %s {name}",
    "regel één\nregel twee\n\n\tregel vier",
)
DRAW = """
async ([w, h]) => {
  const canvas = document.createElement('canvas');
  canvas.width = w;
  canvas.height = h;
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#3a7';
  pen.fillRect(0, 0, w, h);
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.9));
  return [...new Uint8Array(await blob.arrayBuffer())];
}
"""
GPS, XMP, THUMB = b"GPSLatitude-50.8503", b"http://ns.adobe.com/xap/1.0/\0owner", b"thumb-of-home"


async def _talking(place: Place) -> tuple[Visit, Colleague, Conversation]:
    visit = await place.visit()
    await visit.begin("Dag.")
    await visit.skip_words()
    ben = place.crew.people[1]
    return visit, ben, await place.claim(ben, visit)


async def test_26_hostile_words_are_shown_as_words(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    title = await visit.page.title()
    for text in HOSTILE:
        await ben.say(seen, text, place.crew.now)
        await visit.say(text)
    await expect(visit.part("log").locator(".msg")).to_have_count(
        1 + 2 * len(HOSTILE), timeout=20_000
    )
    shown = (
        await visit.part("log")
        .locator(".words")
        .evaluate_all("(all) => all.map((one) => one.textContent)")
    )
    assert sorted(["Dag.", *HOSTILE, *HOSTILE]) == sorted(shown)
    assert 0 == await visit.part("log").locator("img, script, a").count()
    assert title == await visit.page.title()
    assert [] == visit.said


async def test_26_direction_of_one_message_does_not_touch_the_next(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    await ben.say(seen, "\u202eab", place.crew.now)
    await expect(visit.part("log").locator(".msg")).to_have_count(2, timeout=20_000)
    await visit.say("cd")
    await visit.sees("cd")
    bidi = "(all) => all.map((one) => getComputedStyle(one).unicodeBidi)"
    assert {"plaintext"} == set(await visit.part("log").locator(".words").evaluate_all(bidi))
    assert {"isolate"} == set(await visit.part("log").locator(".who").evaluate_all(bidi))


async def test_26_ten_thousand_emoji_are_refused_and_four_thousand_shown(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    await visit.say("😀" * 10_000)
    await expect(visit.part("composer-said")).to_contain_text("Dit is te lang")
    await visit.page.get_by_label("Je bericht").fill("")
    await ben.say(seen, "😀" * 4_000, place.crew.now)
    long = visit.part("log").locator(".words").nth(1)
    await expect(long).to_have_text("😀" * 4_000, timeout=20_000)
    await visit.say("👨‍👩‍👧‍👦 ok")
    await visit.sees("👨‍👩‍👧‍👦 ok")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await visit.page.evaluate(wide) <= 0


async def test_26_a_hostile_name_and_language_are_text(place: Place) -> None:
    name = "<b onmouseover=1>Ben</b>\u202eneB"
    visit = await place.visit(query="lang=%3Cscript%3E&x=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "nl" == await visit.page.evaluate("document.documentElement.lang")
    assert 1 == await visit.page.locator("script").count()
    await visit.begin("Dag.")
    await visit.skip_words()
    odd = next((one for one in place.crew.people if one.keys.name == name), None)
    odd = odd or await place.crew.join(name, "worker")
    await visit.page.reload()
    await visit.say("Voor iedereen die er nu is.")
    await visit.sees("Voor iedereen die er nu is.")
    seen = await place.claim(place.crew.people[1], visit)
    await place.crew.people[1].say(seen, "hallo", place.crew.now)
    await visit.sees("hallo")
    members = await visit.page.evaluate("document.querySelectorAll('b[onmouseover]').length")
    assert 0 == members
    assert odd.keys.name in [one.name for one in place.crew.people[0].trust.current.members]  # type: ignore[union-attr]
    assert [] == visit.said


async def test_26_a_kind_from_the_future_is_a_fixed_line(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    for body in (
        {"k": "video", "url": "https://x.example"},
        {"k": "text", "t": 7},
        {"k": "event", "t": "x"},
    ):
        ready = seen.write(body, place.crew.now)
        path = f"/api/w/conversations/{b64(seen.conv)}/messages"
        told = await ben.http.post(path, ready.as_json())
        seen.sent(ready, told["seq"])
    line = visit.part("log").get_by_text("Een bericht dat deze pagina niet kan tonen.")
    await expect(line).to_have_count(3, timeout=20_000)
    await visit.say("En verder.")
    await visit.sees("En verder.")


def _with_metadata(jpeg: bytes) -> bytes:
    """The same picture with Exif (position, thumbnail), XMP and a comment in front."""
    exif = b"Exif\0\0II*\0" + GPS + b"\xff\xd8\xff" + THUMB
    parts = [b"\xff\xe1", exif, b"\xff\xe1", XMP, b"\xff\xfe", b"comment-of-camera"]
    blocks = b"".join(
        marker + (len(body) + 2).to_bytes(2, "big") + body
        for marker, body in zip(parts[::2], parts[1::2], strict=True)
    )
    return jpeg[:2] + blocks + jpeg[2:] + b"trailer-after-the-end"


async def _opened(place: Place, ben: Colleague, seen: Conversation, body: dict[str, Any]) -> bytes:
    path = f"/api/w/conversations/{b64(seen.conv)}/blobs/{body['blob']}"
    blob = await ben.http.get(path)
    assert isinstance(blob, bytes)
    ids = (unb64(body["blob"]), unb64(body["key"]), unb64(body["hash"]))
    return envelope.open_photo(seen.conv, *ids, blob)


async def test_27_nothing_of_the_original_file_travels(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    drawn = bytes(await visit.page.evaluate(DRAW, [3000, 1500]))
    taken = _with_metadata(drawn)
    for marker in (GPS, XMP, THUMB):
        assert marker in taken
    file = payload("thuis-Kerkstraat-12.jpg", "image/jpeg", taken)
    await visit.part("photo").set_input_files(file)
    picture = visit.part("log").get_by_role("img", name="Foto")
    await expect(picture).to_be_visible(timeout=20_000)
    assert 1600 == await picture.evaluate("(one) => one.naturalWidth")
    await ben.read(seen)
    body = bodies(seen)[-1]
    assert ("photo", 1600, 800) == (body["k"], body["w"], body["h"])
    assert "Kerkstraat" not in json.dumps(body)
    jpeg = await _opened(place, ben, seen, body)
    assert jpeg.startswith(b"\xff\xd8\xff")
    for marker in (b"Exif", b"GPS", b"ns.adobe.com", THUMB, b"comment-of", b"trailer", b"ICC_"):
        assert marker not in jpeg, marker


async def test_27_only_pictures_can_be_sent(place: Place) -> None:
    visit, _ben, _seen = await _talking(place)
    posts = len(visit.posts())
    for name, kind, content in (
        (
            "a.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        ),
        ("a.jpg", "image/jpeg", b"<html>not a picture</html>"),
        ("a.pdf", "application/pdf", b"%PDF-1.7"),
    ):
        await visit.part("photo").set_input_files(payload(name, kind, content))
        said = visit.part("composer-said")
        await expect(said).to_contain_text("kan niet als foto verstuurd worden")
    assert posts == len(visit.posts())


def _frame(width: int, height: int) -> bytes:
    start = b"\xff\xd8\xff\xe0" + (16).to_bytes(2, "big") + b"JFIF\0".ljust(14, b"\0")
    return start + b"\xff\xc0\x00\x11\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")


async def _send_photo(
    place: Place, ben: Colleague, seen: Conversation, jpeg: bytes, *, spoil: bool = False
) -> None:
    blob_id, key = os.urandom(16), os.urandom(32)
    blob = envelope.seal_photo(seen.conv, blob_id, key, os.urandom(12), jpeg)
    hash_ = sha256(b"another" if spoil else blob)
    path = f"/api/w/conversations/{b64(seen.conv)}"
    await ben.http.put_blob(f"{path}/blobs/{b64(blob_id)}", blob)
    body = {
        "k": "photo",
        "blob": b64(blob_id),
        "key": b64(key),
        "hash": b64(hash_),
        "w": 9,
        "h": 9,
    }
    ready = seen.write(body, place.crew.now)
    told = await ben.http.post(f"{path}/messages", ready.as_json())
    seen.sent(ready, told["seq"])


async def test_28_what_is_no_good_picture_is_refused_without_a_crash(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    good = bytes(await visit.page.evaluate(DRAW, [40, 30]))
    svg = b"\xff\xd8\xff<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'></svg>"
    polyglot = b"\xff\xd8\xff\xe0<html><script>document.title='hacked'</script></html>" + bytes(99)
    bomb = _frame(30_000, 30_000) + bytes(5_000)
    late_bomb = _frame(1600, 1600) + bytes(11) + _frame(30_000, 30_000)[2:] + bytes(500)
    title = await visit.page.title()
    for jpeg in (svg, polyglot, bomb, late_bomb, good[: len(good) // 3], b"\xff\xd8\xff"):
        await _send_photo(place, ben, seen, jpeg)
    await _send_photo(place, ben, seen, good, spoil=True)
    refused = visit.part("log").get_by_text("Deze foto kan niet getoond worden.")
    await expect(refused).to_have_count(7, timeout=30_000)
    await _send_photo(place, ben, seen, good)
    await expect(visit.part("log").get_by_role("img", name="Foto")).to_be_visible(timeout=20_000)
    await visit.say("De pagina leeft nog.")
    await visit.sees("De pagina leeft nog.")
    assert title == await visit.page.title()
    assert [] == [line for line in visit.said if "blob:" not in line]


async def test_28_a_picture_of_another_talk_is_not_opened(place: Place) -> None:
    visit, ben, seen = await _talking(place)
    other, _ben, theirs = await _talking(place)
    good = bytes(await visit.page.evaluate(DRAW, [40, 30]))
    blob_id, key = os.urandom(16), os.urandom(32)
    blob = envelope.seal_photo(seen.conv, blob_id, key, os.urandom(12), good)
    await ben.http.put_blob(f"/api/w/conversations/{b64(seen.conv)}/blobs/{b64(blob_id)}", blob)
    hash_ = sha256(blob)
    body = {
        "k": "photo",
        "blob": b64(blob_id),
        "key": b64(key),
        "hash": b64(hash_),
        "w": 9,
        "h": 9,
    }
    ready = theirs.write(body, place.crew.now)
    await ben.http.post(f"/api/w/conversations/{b64(theirs.conv)}/messages", ready.as_json())
    bad = other.part("log").get_by_text("Deze foto kan niet getoond worden.")
    await expect(bad).to_have_count(1, timeout=20_000)
    token = await other.page.evaluate("JSON.parse(sessionStorage.getItem('wb1')).token")
    answer = await other.page.request.get(
        f"{place.base_url}/api/c/blobs/{b64(blob_id)}",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert 404 == answer.status
    assert base64.b64encode(good) not in await answer.body()
