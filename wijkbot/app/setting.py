"""Where is a text read? With the items, country, clock and links of its neighbourhood."""

from __future__ import annotations

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House, local_time
from wijkbot.app.render import Links, Setting


def setting_of(house: House, area: str, now_ms: int, links: Links) -> Setting:
    """A neighbourhood at that moment, with the book that is published now.

    Raises:
        NothingPublishedError: there is no book yet.
    """
    settings, shelf = house.settings, house.library.shelf(area)
    return Setting(
        items=shelf.items,
        country=settings.country_of(area),
        now=local_time(settings, area, now_ms),
        links=links,
        main_hours=shelf.book.main_hours,
        area_name=settings.neighbourhoods[area].name if area in settings.neighbourhoods else "",
        organisation_name=settings.organisation.name,
        shelter=settings.go_live.shelter,
    )


def links_of(house: House, adapter: Adapter) -> Links:
    """The links that texts of this channel carry."""
    settings, chat = house.settings, house.settings.secure_chat
    secure = settings.secure_link()
    # a chat of our own needs no talk with the bot before it
    contact = secure if chat is not None and chat.is_builtin else ""
    return Links(private=adapter.private_link, secure=secure, contact=contact)
