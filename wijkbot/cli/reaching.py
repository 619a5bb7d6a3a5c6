"""How does a worker see who can be reached, where a platform lets us write first to few?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer

from wijkbot.adapter_api import Adapter
from wijkbot.app.house import House
from wijkbot.app.outside_window import NEWS
from wijkbot.app.reach import NEW_NUMBER, Reach, reach
from wijkbot.app.subscribers import SubscriberList, shown


async def show_reach(
    house: House, adapters: Mapping[str, Adapter], groups: Sequence[SubscriberList]
) -> None:
    """One line for each list of a platform with a reply window: numbers, and never who."""
    for group in groups:
        found = await reach(house, adapters[group.channel], group)
        if found is not None:
            typer.echo(f"{group.channel}: {in_words(found)}")


def in_words(found: Reach) -> str:
    """What that means for the announcement."""
    told = f"{shown(found.by_template)} by template, {shown(found.freely)} freely."
    if found.by_template and not found.has_template:
        remedy = "see: wijkbot whatsapp templates"
        return f"{told} There is no template {NEWS}, so the first get nothing: {remedy}"
    if found.is_full and found.by_template:
        return f"{told} WhatsApp takes no more people now: the first wait until it does."
    if found.waits:
        first, tier = shown(found.by_template - found.waits), found.tier
        rest = f"with the rest it takes about {found.days} days at a tier of {tier}"
        return f"{told} Today {first} of the first; {rest}."
    if found.room is None and found.by_template > NEW_NUMBER:
        takes = f"about {found.days} days at the tier of a new number ({NEW_NUMBER} a day)"
        return f"{told} As fast as WhatsApp lets it: that is {takes}."
    return told
