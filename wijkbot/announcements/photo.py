"""How does a file of a worker become a photo that may be shown? Checked, upright, and bare.

The picture is decoded and written anew as a JPEG: where it was taken, with which phone, when and
by whom is in no byte of the result, whatever the camera or the editor had added.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from wijkbot.adapter_api import Photo

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 1920
"""Pixels of the longest side; a larger picture is made smaller. Phones show no more than this."""
MAX_PIXELS = 50_000_000
"""A larger one is refused unread: a small file can hold a picture that fills the memory."""
MAX_RATIO = 20
"""Telegram takes no picture that is more than so many times as long as it is wide."""
TOO_LARGE = "the picture has more than 50 million points; make it smaller"
MAX_ALT = 500
FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 85
_PAPER = (255, 255, 255)


class PhotoError(Exception):
    """This file cannot be shown; the message says why, and what to do."""


def photo_of(data: bytes, alt: str) -> Photo:
    """The photo in these bytes (JPEG, PNG or WebP by what they are, not by a name).

    Raises:
        PhotoError: it is none of these, damaged, too large, or nothing says what is on it.
    """
    words = " ".join(alt.split())
    if not words:
        raise PhotoError("say with --alt what is on the photo, for who does not see it")
    if len(words) > MAX_ALT:
        raise PhotoError(f"--alt has {len(words)} characters; {MAX_ALT} is the most")
    if len(data) > MAX_BYTES:
        raise PhotoError("the photo is larger than 5 MB; make it smaller")
    bare = _bare(data)
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return Photo(written.getvalue(), words, *bare.size)


def _bare(data: bytes) -> Image.Image:
    """The pixels alone, upright, on white paper, no larger than a phone shows."""
    try:
        with warnings.catch_warnings():
            # the size is checked below, before anything is unpacked
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check(picture.width, picture.height)
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((MAX_SIDE, MAX_SIDE))
        clear = upright.convert("RGBA")
    except UnidentifiedImageError:
        raise PhotoError("this is no JPEG, PNG or WebP picture") from None
    except Image.DecompressionBombError:
        raise PhotoError(TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError):
        raise PhotoError("the picture is damaged; save it anew and try again") from None
    paper = Image.new("RGB", clear.size, _PAPER)
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper


def _check(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PhotoError(TOO_LARGE)
    if max(width, height) > MAX_RATIO * min(width, height):
        raise PhotoError("the picture is too long and narrow to be shown; cut it")
