"""What is still missing before residents may be served? Every gap, with what to write where."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from wijkbot.content.check_helplines import HELPLINE_DAYS
from wijkbot.content.model import Faq, Helpline, Hours, Item, Organisation, Text
from wijkbot.content.texts import all_texts
from wijkbot.engine.relaxations import Relaxation
from wijkbot.settings import Settings

RELAXATION_DAYS = 366
"""How far ahead an exception to the rule may end."""
EXAMPLE_NAME = "Buurthuis De Brug"
_EXAMPLE = re.compile(
    r"\b02 000 00 00\b|\.example\b|\bexample\.(?:org|com|net)\b|\bVoorbeeld(?:plein|kade|straat)\b"
)
_EXAMPLE_SOURCE = "voorbeeld van het pakket"


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. ``remedy``: what to write, and in which file or section."""

    what: str
    remedy: str


def go_live_gaps(
    settings: Settings,
    items: Mapping[str, Item],
    today: date,
    areas: Collection[str] | None = None,
) -> list[Gap]:
    """Everything that is missing, in the order of the guide; empty when residents may come.

    ``items`` is the content of ``areas``, ids of neighbourhoods (None: of all of them).
    """
    served = settings.areas() if areas is None else areas
    countries = {settings.country_of(area) for area in served}
    own = [settings.areas()[area].languages for area in served]
    languages = [code for codes in own for code in codes or settings.organisation.languages]
    return [
        *_of_the_organisation(settings, items),
        *_of_the_address(settings),
        *_of_dates(settings, today),
        *_of_helplines(items, countries, today),
        *_of_crisis_texts(items, dict.fromkeys(languages)),
        *_of_examples(settings, items, countries),
        *_of_relaxations(settings, today),
    ]


def relaxation_gap(relaxation: Relaxation, today: date) -> Gap | None:
    """What is wrong with the end of an exception, if anything."""
    section = f"[policy.relaxations.{relaxation.name}]"
    if not relaxation.holds(today):
        what = f"the relaxation {relaxation.name!r} ended on {relaxation.until}"
        return Gap(what, f"take {section} out, or decide again and give it a new until")
    last = today + timedelta(days=RELAXATION_DAYS)
    if relaxation.until > last:
        what = f"the relaxation {relaxation.name!r} lasts until {relaxation.until}, over a year"
        return Gap(what, f"write {section} until = {last} or earlier")
    return None


def _of_the_organisation(settings: Settings, items: Mapping[str, Item]) -> Iterator[Gap]:
    answers = settings.go_live
    own = items.get("organisation")
    if not (answers.shelter.strip() or (isinstance(own, Organisation) and own.shelter.strip())):
        yield Gap(
            "no number for who has no bed tonight",
            "write [go_live] shelter, or shelter in dialogs/organisation.yaml",
        )
    if settings.crisis.on_call is None:
        yield Gap(
            "nobody chose whether a person is on call",
            'write [crisis] on_call = "none", "phone" or "external"',
        )
    if not answers.insurance_text.strip():
        yield Gap(
            "nothing is said about the insurance of odd jobs",
            'write [go_live] insurance_text, also when it is "not insured"',
        )
    if not answers.connector.strip():
        yield Gap(
            "no connector: nobody is named who looks after the groups",
            "write [go_live] connector, the name of a person or a team",
        )


def _of_the_address(settings: Settings) -> Iterator[Gap]:
    address = urlsplit(settings.organisation.public_url)
    remedy = "write [organisation] public_url, your own address that begins with https://"
    if address.scheme != "https":
        yield Gap("the public address has no https", remedy)
    elif not address.hostname or is_this_machine(address.hostname):
        yield Gap("the public address leads to this machine only", remedy)
    elif _EXAMPLE.search(address.hostname):
        yield Gap("the public address is that of the example", remedy)


def is_this_machine(host: str) -> bool:
    """Does this name lead no further than the machine itself?"""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _of_dates(settings: Settings, today: date) -> Iterator[Gap]:
    answers = settings.go_live
    checked = answers.helplines_checked
    remedy = f"call or look up each one, then write [go_live] helplines_checked = {today}"
    if checked is None:
        yield Gap("nobody checked off the helplines", remedy)
    elif checked > today:
        yield Gap(f"the helplines are checked off in the future ({checked})", remedy)
    elif today - checked > timedelta(days=HELPLINE_DAYS):
        what = f"the helplines were checked off on {checked}, over {HELPLINE_DAYS} days ago"
        yield Gap(what, remedy)
    if settings.policy.mode != "listen":
        return
    for day, key, what in (
        (answers.vote_date, "vote_date", "the residents' vote"),
        (answers.dpia_date, "dpia_date", "the data protection impact assessment"),
    ):
        if day is None or day > today:
            yield Gap(f"listen mode without {what}", f"do it first, then write [go_live] {key}")


def _of_helplines(
    items: Mapping[str, Item], countries: Collection[str], today: date
) -> Iterator[Gap]:
    lines = [
        item
        for item in items.values()
        if isinstance(item, Helpline) and item.country in {"both", *countries}
    ]
    if expired := [line.id for line in lines if line.expires < today]:
        yield Gap(
            f"helplines checked too long ago: {', '.join(sorted(expired))}",
            "look each one up, then renew last_checked and expires in dialogs/helplines/",
        )
    if unchecked := [line.id for line in lines if line.confidence != "checked"]:
        yield Gap(
            f"helplines nobody checked: {', '.join(sorted(unchecked))}",
            "call each one, then write confidence: checked in dialogs/helplines/, or delete it",
        )


def _of_crisis_texts(items: Mapping[str, Item], languages: Collection[str]) -> Iterator[Gap]:
    crisis = [i for i in items.values() if isinstance(i, Text) and i.purpose == "crisis"]
    for language in languages:
        if found := sorted(item.id for item in crisis if _is_unreviewed(item, language)):
            yield Gap(
                f"crisis texts that no professional read in {language}: {', '.join(found)}",
                f"have them read, then write reviewed: {{{language}: true}} in dialogs/texts/",
            )


def _is_unreviewed(item: Text, language: str) -> bool:
    """In a variant of this language; one it is not written in falls back on another."""
    written = {code for texts in all_texts(item).values() for code in texts}
    return any(
        code.partition("-")[0] == language
        and not (item.reviewed.get(code) or item.reviewed.get(language))
        for code in written
    )


def _of_examples(
    settings: Settings, items: Mapping[str, Item], countries: Collection[str]
) -> Iterator[Gap]:
    if settings.organisation.name.strip() == EXAMPLE_NAME:
        yield Gap(
            f"the organisation is still called {EXAMPLE_NAME!r}",
            "write your own [organisation] name (if it is yours: add your town)",
        )
    if settings.secure_chat and _EXAMPLE.search(settings.secure_chat.url):
        yield Gap("the secure chat is that of the example", "write [secure_chat] url")
    for item in items.values():
        match item:
            case Organisation():
                yield from _of_example_fields(item)
            case Faq():
                told = [item.link] if isinstance(item.link, str) else [*item.link.values()]
                told += (item.answer or {}).values()
                if any(_EXAMPLE.search(text) for text in told):
                    what = f"the answer {item.id} still holds an example"
                    yield Gap(what, "write your own in dialogs/faq/, or delete it")
            case Hours() if item.country in countries:
                if _EXAMPLE.search(item.place) or item.source == _EXAMPLE_SOURCE:
                    what = f"the consultation hour {item.id} is an example"
                    yield Gap(what, "write your own place, hours and source in dialogs/hours/")


def _of_example_fields(item: Organisation) -> Iterator[Gap]:
    for name in ("name", "phone", "address", "url", "complaint_url"):
        value = str(getattr(item, name))
        if _EXAMPLE.search(value) or (name == "name" and value.strip() == EXAMPLE_NAME):
            what = f"the organisation's {name} is still {value!r}"
            yield Gap(what, f"write your own {name} in dialogs/organisation.yaml")


def _of_relaxations(settings: Settings, today: date) -> Iterator[Gap]:
    for relaxation in settings.policy.relaxed():
        if gap := relaxation_gap(relaxation, today):
            yield gap
