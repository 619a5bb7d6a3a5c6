"""Which texts may a worker put in a secure talk? The published ones, filled in."""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.app.house import House
from wijkbot.app.language import variant
from wijkbot.app.library import NothingPublishedError
from wijkbot.app.render import Links, Setting, filled
from wijkbot.app.setting import setting_of
from wijkbot.content.model import Ready


@dataclass(frozen=True, slots=True)
class ReadyText:
    """One of them, in one language. ``kind`` is "ready" or "boundary"."""

    id: str
    title: str
    text: str
    kind: str


def ready_texts(house: House, language: str) -> list[ReadyText]:
    """Ready texts first, then boundary texts, each by id.

    One that is not written in ``language`` is given in the organisation's own. Without a
    published book there are none.
    """
    area = next(iter(house.settings.areas()))
    links = Links(private=lambda _token: "", secure=house.settings.secure_link())
    try:
        setting = setting_of(house, area, house.clock.now_ms(), links)
    except NothingPublishedError:
        return []
    own = house.settings.organisation.languages
    languages = [variant(one, setting.country) for one in (language, *own) if one]
    items = [item for item in setting.items.values() if isinstance(item, Ready)]
    written = (_in_first(item, languages, setting) for item in sorted(items, key=_order))
    return [one for one in written if one is not None and one.text]


def _in_first(item: Ready, languages: list[str], setting: Setting) -> ReadyText | None:
    """The text in the first of these languages that it is written in."""
    kind = "boundary" if item.boundary else "ready"
    for language in languages:
        text = filled(item, "text", language, setting)
        if text is not None:
            title = filled(item, "title", language, setting)
            return ReadyText(item.id, title or item.id, text, kind)
    return None


def _order(item: Ready) -> tuple[bool, str]:
    return item.boundary, item.id
