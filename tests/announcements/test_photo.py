"""Is a photo shown bare, upright and small, and is what is no photo refused with a remedy?"""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wijkbot.announcements.photo import MAX_SIDE, PhotoError, photo_of

PLACE = b"Geheimstraat 7"
ALT = "A poster with the hours"


def _written(picture: Image.Image, kind: str, **more: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **more)
    return written.getvalue()


def _told() -> Image.Exif:
    """Where and by whom, and that the camera was held on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = PLACE.decode()
    exif[0x8825] = {1: "N", 2: (51.0, 2.0, 3.0), 3: "E", 4: (3.0, 43.0, 0.0)}
    return exif


def _picture() -> Image.Image:
    """Forty wide, twenty high; the upper left corner is red."""
    made = Image.new("RGB", (40, 20), (0, 0, 200))
    made.paste((220, 0, 0), (0, 0, 10, 10))
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_tells_where_and_by_whom_it_was_made(kind: str) -> None:
    more: dict[str, object] = {"exif": _told()}
    if kind == "PNG":
        info = PngInfo()
        info.add_text("Author", PLACE.decode())
        more["pnginfo"] = info
    if kind == "JPEG":
        more["comment"] = PLACE
    before = _written(_picture(), kind, **more)
    assert PLACE in before
    photo = photo_of(before, ALT)
    assert PLACE not in photo.data
    shown = Image.open(io.BytesIO(photo.data))
    assert shown.format == "JPEG"
    assert not shown.getexif()
    assert set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_camera_on_its_side_gives_an_upright_photo() -> None:
    photo = photo_of(_written(_picture(), "JPEG", exif=_told()), ALT)
    assert (photo.width, photo.height) == (20, 40)
    shown = Image.open(io.BytesIO(photo.data)).convert("RGB")
    corner = shown.getpixel((17, 2))
    assert isinstance(corner, tuple)
    assert corner[0] > 150 > corner[2], "what was left is on top at the right now"


def test_large_picture_becomes_what_a_phone_shows() -> None:
    photo = photo_of(_written(Image.new("RGB", (4000, 1000)), "JPEG"), ALT)
    assert (photo.width, photo.height) == (MAX_SIDE, 480)


def test_what_is_transparent_lies_on_white_paper() -> None:
    photo = photo_of(_written(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG"), ALT)
    assert (255, 255, 255) == Image.open(io.BytesIO(photo.data)).getpixel((4, 4))


def _bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is very large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no JPEG"),
        (b"%PDF-1.7 a poster", "no JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG"),
        (_written(_picture(), "GIF"), "no JPEG"),
        (_written(_picture(), "BMP"), "no JPEG"),
        (_written(Image.effect_noise((200, 200), 90), "JPEG")[:3000], "damaged"),
        (_written(_picture(), "PNG")[:60], "damaged"),
        (_bomb(40_000), "50 million"),
        (_bomb(8_000), "50 million"),
        (_written(Image.new("RGB", (2100, 100)), "PNG"), "long and narrow"),
        (_written(_picture(), "JPEG") + bytes(5 * 1024 * 1024), "5 MB"),
    ],
    ids="empty pdf svg gif bmp half half-png bomb large-bomb narrow heavy".split(),
)
def test_what_cannot_be_shown_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(PhotoError, match=told):
        photo_of(data, ALT)


@pytest.mark.parametrize("alt", ["", "  \n", "x" * 501])
def test_photo_without_words_for_who_does_not_see_it_is_refused(alt: str) -> None:
    with pytest.raises(PhotoError, match="--alt"):
        photo_of(_written(_picture(), "JPEG"), alt)
