"""What exactly does a person paste in a group: which words and which picture, in its languages?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wijkbot.adapter_api import Adapter, Photo
from wijkbot.announcements.poster_words import PNG, SIDE, Words
from wijkbot.app.hours_card import to_schedule
from wijkbot.app.house import House
from wijkbot.app.language import ANSWERED, variant
from wijkbot.app.payload import say_from
from wijkbot.app.render import Links, Setting, render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.app.when_text import day_text, span_text
from wijkbot.content.model import Hours, Item
from wijkbot.content.texts import in_language, template
from wijkbot.engine.effects import Say
from wijkbot.schedule.openings import outlook
from wijkbot.storage import photos, post_cards
from wijkbot.storage.hand_groups import HandGroup
from wijkbot.storage.post_cards import Card

MOST = 700
"""Characters of a text: it is read whole on a phone, and fits below a picture on every app."""
FOOTER = "T80"
"""The line with the way to the bot, below words that do not have it themselves."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")


@dataclass(frozen=True, slots=True)
class Version:
    """A card in one language: the text to paste, and the words of its picture, if any."""

    language: str
    text: str
    words: Words | None

    @property
    def code(self) -> str:
        """The language alone: "nl" of "nl-BE"."""
        return self.language.split("-", maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Ready:
    """A card with all that is to be pasted in one group; ``photo`` is the announcement's own."""

    card: Card
    title: str
    versions: tuple[Version, ...]
    photo: Photo | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page says of a picture before it is fetched; sizes in pixels."""

    alt: str
    width: int
    height: int
    mime_type: str

    @property
    def ending(self) -> str:
        """How the name of its file ends."""
        return "png" if self.mime_type == PNG else "jpg"


def languages_of(house: House, group: HandGroup) -> tuple[str, ...]:
    """In which languages a group gets its cards: those of its own that all texts are in."""
    offered = [code for code in house.settings.organisation.languages if code in ANSWERED]
    country = house.settings.country_of(group.neighbourhood)
    own = [code for code in group.languages if code in offered] or offered[:1] or ["nl"]
    return tuple(variant(code, country) for code in own)


def setting_for(house: House, adapters: Mapping[str, Adapter], group: HandGroup) -> Setting:
    """Where the text is read: in that group, where the links lead to a channel of ours."""
    area = house.settings.area_of(group.neighbourhood)
    return setting_of(house, area, house.clock.now_ms(), _links(house, adapters, group))


def versions_of(
    house: House, say: Say, item: Item, group: HandGroup, setting: Setting
) -> tuple[Version, ...]:
    """The text in each language of the group."""
    return tuple(
        Version(
            language, _text(say, item, language, setting), _words(house, item, language, setting)
        )
        for language in languages_of(house, group)
    )


async def ready(
    house: House, adapters: Mapping[str, Adapter], card: Card, group: HandGroup
) -> Ready | None:
    """The card as it is pasted now; None when nobody can read any more what it said."""
    said = await house.database.read(lambda c: post_cards.said(c, house.sealer, card))
    if said is None:
        return None
    item = await house.library.item(card.item_id, card.item_version)
    say = say_from(said, card.purpose, card.item_id, card.item_version)
    setting = setting_for(house, adapters, group)
    versions = versions_of(house, say, item, group, setting)
    photo = await _photo(house, card)
    return Ready(card, _title(item, versions[0].language), versions, photo)


def seen(made: Ready, version: Version) -> Seen | None:
    """What is known of the picture without making it; None without one."""
    photo, words = made.photo, version.words
    if photo is not None:
        return Seen(photo.alt, photo.width, photo.height, photo.mime_type)
    return None if words is None else Seen(words.alt, SIDE, SIDE, PNG)


async def picture(made: Ready, version: Version) -> Photo | None:
    """The photo that goes with the announcement, else a picture of its words; None without."""
    if made.photo is not None or version.words is None:
        return made.photo
    # loaded by the first who wants a picture: it takes 5 MB
    from wijkbot.announcements.poster import poster

    return await asyncio.to_thread(poster, version.words)


async def _photo(house: House, card: Card) -> Photo | None:
    """The photo of the announcement, while it is kept."""
    number = card.photo_id
    if number is None:
        return None
    return await house.database.read(lambda c: photos.get(c, house.sealer, number))


def _text(say: Say, item: Item, language: str, setting: Setting) -> str:
    """The words, with the way to the bot below them when they do not tell it."""
    body = render(say, item, language, setting).text
    link = setting.links.private("")
    footer = setting.items.get(FOOTER)
    if footer is None or (link and link in body):
        return fit(body, MOST)
    below = replace(say, item=footer.id, key="text", values=(), footers=())
    tail = render(below, footer, language, setting).text
    return f"{fit(body, MOST - len(tail) - 2)}\n\n{tail}" if tail else fit(body, MOST)


def fit(text: str, most: int) -> str:
    """The whole sentences of a text that fit in so many characters, then "…"; all when it fits."""
    if len(text) <= most:
        return text
    ends = [found.start() for found in _SENTENCE_END.finditer(text) if found.start() <= most - 2]
    if ends:
        return f"{text[: ends[-1]].rstrip()} …"
    return f"{text[: most - 2].rpartition(' ')[0] or text[: most - 2]} …"


def _words(house: House, item: Item, language: str, setting: Setting) -> Words | None:
    """What stands on the picture; an item without a title has none."""
    title = _title(item, language)
    if not title:
        return None
    lines: tuple[str, ...] = ()
    if isinstance(item, Hours):
        openings = outlook(to_schedule(item), setting.now).openings
        if openings:
            first = openings[0]
            day = day_text(first.starts_at.date(), language)
            hour = span_text(first.starts_at.time(), first.ends_at.time(), language)
            lines = (day, hour, first.place or item.place)
    return Words(title, lines, house.settings.organisation.name)


def _title(item: Item, language: str) -> str:
    return template(item, "title", language) or in_language(getattr(item, "title", {}), "nl") or ""


def _links(house: House, adapters: Mapping[str, Adapter], group: HandGroup) -> Links:
    """Those of a channel of the same app, else of the same neighbourhood, else of any."""
    settings = house.settings

    def rank(name: str) -> tuple[bool, bool]:
        is_other_app = settings.channels[name].adapter != group.facts.platform
        return is_other_app, settings.neighbourhood_of(name) != group.neighbourhood

    best = min(adapters, key=rank, default="")
    if best:
        return links_of(house, adapters[best])
    return Links(private=lambda _token: "", secure=settings.secure_link())
