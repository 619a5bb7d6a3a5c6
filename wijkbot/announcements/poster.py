"""Which picture goes with news that has no photo? Its title, day and hour in large letters.

The picture says nothing that the text does not say, so that who cannot see it misses nothing.
The letters are our own file: a picture is the same on every machine.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from wijkbot.adapter_api import Photo
from wijkbot.announcements.poster_words import PNG, SIDE, Words

_EDGE = 84
_WIDTH = SIDE - 2 * _EDGE
_PAPER = "#f4f1ea"
_INK = "#1d2b28"
_BAND = "#0f5c4c"
_BAND_HEIGHT = 150
_LARGEST, _SMALLEST, _STEP = 132, 40, 4
_COMFORTABLE = 84
"""Letters are made smaller down to this before a line is parted, or a long word."""
_FOOT_LARGEST = 56
_LEADING = 1.16
_FONT = Path(__file__).parent / "font" / "letters.ttf"

Font = ImageFont.FreeTypeFont


@lru_cache(maxsize=32)
def poster(words: Words) -> Photo:
    """The picture with these words, as a PNG; the same words are the same bytes."""
    sheet = Image.new("RGB", (SIDE, SIDE), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, SIDE, 28), fill=_BAND)
    pen.rectangle((0, SIDE - _BAND_HEIGHT, SIDE, SIDE), fill=_BAND)
    _foot(pen, words.sender)
    _body(pen, words)
    written = io.BytesIO()
    sheet.save(written, "PNG", optimize=True)
    return Photo(written.getvalue(), words.alt, SIDE, SIDE, PNG)


def _body(pen: ImageDraw.ImageDraw, words: Words) -> None:
    """Title and lines as large as fits; the title is larger than what is below it."""
    room = SIDE - _BAND_HEIGHT - 2 * _EDGE
    size = _LARGEST
    while True:
        title, told = _letters(size), _letters(max(_SMALLEST, round(size * 0.72)))
        parts = size <= _COMFORTABLE
        rows = [(title, _BAND, row) for row in _wrapped(words.title, title, parts=parts)]
        gap = round(size * 0.45) if rows and words.lines else 0
        lines = [_wrapped(line, told, parts=parts) for line in words.lines]
        rest = [(told, _INK, row) for line in lines for row in line]
        tall = sum(_height(font) for font, _, _ in rows + rest) + gap
        is_whole = parts or len(rest) == len(words.lines)
        is_narrow = all(font.getlength(row) <= _WIDTH for font, _, row in rows + rest)
        fits = tall <= room and is_whole and is_narrow
        if fits or size <= _SMALLEST:
            break
        size -= _STEP
    top = _EDGE + max(0, (room - tall) // 2)
    for number, (font, ink, row) in enumerate(rows + rest):
        top += gap if number == len(rows) else 0
        if top + _height(font) > SIDE - _BAND_HEIGHT:
            break
        pen.text((_EDGE, top), row, font=font, fill=ink)
        top += _height(font)


def _foot(pen: ImageDraw.ImageDraw, sender: str) -> None:
    size = _FOOT_LARGEST
    while size > _SMALLEST // 2 and _letters(size).getlength(sender) > _WIDTH:
        size -= 2
    middle = SIDE - _BAND_HEIGHT // 2
    pen.text((_EDGE, middle), sender, font=_letters(size), fill="#ffffff", anchor="lm")


def _wrapped(text: str, font: Font, *, parts: bool) -> list[str]:
    """The text in rows that fit; a word that is too long stands alone, or is parted."""
    rows: list[str] = []
    for word in [part for whole in text.split() for part in _parted(whole, font, parts=parts)]:
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and font.getlength(longer) <= _WIDTH:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


def _parted(word: str, font: Font, *, parts: bool) -> list[str]:
    if not parts or font.getlength(word) <= _WIDTH:
        return [word]
    fits = max(
        n for n in range(1, len(word)) if n == 1 or font.getlength(f"{word[:n]}-") <= _WIDTH
    )
    return [f"{word[:fits]}-", *_parted(word[fits:], font, parts=parts)]


def _height(font: Font) -> int:
    return round(font.size * _LEADING)


@lru_cache(maxsize=64)
def _letters(size: int) -> Font:
    return ImageFont.truetype(_FONT, size)
