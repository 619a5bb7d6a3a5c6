"""Does the picture of news hold its words, on every machine the same, whatever they are?"""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from wijkbot.announcements.poster import poster
from wijkbot.announcements.poster_words import SIDE, Words

HOURS = Words(
    "Zitdag van het onthaal",
    ("dinsdag 24 november", "van 14 tot 16 uur", "Voorbeeldplein 1"),
    "Buurthuis De Brug",
)
PAPER = (0xF4, 0xF1, 0xEA)


def _image(words: Words) -> Image.Image:
    made = Image.open(io.BytesIO(poster(words).data))
    made.load()
    return made


def _written(image: Image.Image, top: int, bottom: int) -> tuple[int, int, int, int] | None:
    """The box of what is not paper between two heights."""
    part = image.convert("RGB").crop((0, top, SIDE, bottom))
    return ImageChops.difference(part, Image.new("RGB", part.size, PAPER)).getbbox()


def test_picture_is_a_square_png_without_data_about_anything() -> None:
    photo = poster(HOURS)
    image = _image(HOURS)
    assert (image.format, image.size) == ("PNG", (SIDE, SIDE))
    assert photo.mime_type == "image/png"
    assert image.info == {}
    assert len(photo.data) < 200_000


def test_same_words_are_the_same_bytes() -> None:
    first = poster(HOURS).data
    poster.cache_clear()
    assert poster(HOURS).data == first


def test_what_stands_on_it_is_told_in_words() -> None:
    assert poster(HOURS).alt == (
        "Zitdag van het onthaal. dinsdag 24 november. van 14 tot 16 uur. Voorbeeldplein 1. "
        "Buurthuis De Brug"
    )


@pytest.mark.parametrize(
    "words",
    [
        HOURS,
        Words("Wegwijzer", (), "Buurthuis De Brug"),
        Words("Permanence d'accueil à l'Église", ("lundi 23 novembre",), "Maison " * 12),
        Words("Arbeidsongeschiktheidsverzekeringsinformatieavond", ("x" * 90,), "De Brug"),
        Words("Een heel lange titel " * 12, ("een regel " * 30,), "De Brug"),
    ],
    ids=["hours", "title", "accents", "long-words", "too-much"],
)
def test_words_stay_within_the_margins(words: Words) -> None:
    box = _written(_image(words), 30, SIDE - 152)
    assert box is not None
    left, _, right, _ = box
    assert left >= 70
    assert right <= SIDE - 70


def test_letters_with_accents_are_drawn_and_not_boxes() -> None:
    """A letter that the font lacks is drawn as one and the same box."""
    shown = {sign: _image(Words(sign, (), "")).tobytes() for sign in "éèêëïôœçüÉÀ€’–"}
    missing = _image(Words("\u0e01", (), "")).tobytes()
    assert missing not in shown.values()
    assert len(set(shown.values())) == len(shown)


def test_day_stays_on_one_line() -> None:
    """Letters get smaller before a line is parted."""
    image = _image(Words("Zitdag", ("woensdag 30 september",), ""))
    rows = {y for y in range(30, SIDE - 152) if _written(image, y, y + 1)}
    blocks = sum(1 for y in rows if y - 1 not in rows)
    assert blocks == 2
