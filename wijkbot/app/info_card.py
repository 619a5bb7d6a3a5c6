"""How does a published card get to somebody who gave a worker their code? By the outbox.

Nothing here tells who that is: a worker has the six digits that a resident read to them, and
learns whether the card is on its way. It is an answer, because the resident asked for the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter
from wijkbot.app import decision_log
from wijkbot.app.house import House, local_time
from wijkbot.app.language import variant
from wijkbot.app.library import NothingPublishedError
from wijkbot.app.perform import Moment, perform
from wijkbot.app.render import Links, Setting, render
from wijkbot.app.setting import links_of, setting_of
from wijkbot.app.shelf import Shelf
from wijkbot.content.model import Faq
from wijkbot.content.texts import in_language, template
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.effects import Effect, Say, Withheld
from wijkbot.engine.events import Facts
from wijkbot.engine.replies import Scene, item_answer
from wijkbot.engine.values import CODE_DIGITS
from wijkbot.engine.words import Place, Purpose
from wijkbot.schedule.calendars import holiday_name
from wijkbot.storage import card_codes, chats, counts, opt_outs, outbox, staff_audit
from wijkbot.storage.broadcasts import LocalDay
from wijkbot.storage.card_codes import Given
from wijkbot.storage.chats import Chat

ACTION = "card"
"""What the audit calls it."""
_RANDOM_BYTES = 8


class NoCardError(Exception):
    """A card is not sent. ``code``: card, item or area, as in docs/secure-chat-api.md."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker wants to send. ``id`` is drawn by their page: one id is one card.

    ``language`` "" is the one in which the code was asked for; ``area`` the neighbourhood whose
    text the worker looked at, None when they did not say.
    """

    account: int
    id: str
    code: str
    item: str
    language: str = ""
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One that can be sent: title and text by language, as a resident reads it."""

    id: str
    titles: Mapping[str, str]
    texts: Mapping[str, str]


def fresh_code(conn: Connection, house: House) -> str:
    """Six random digits that nobody has."""
    while True:
        drawn = int.from_bytes(house.clock.random_bytes(_RANDOM_BYTES)) % 10**CODE_DIGITS
        code = f"{drawn:0{CODE_DIGITS}}"
        if not card_codes.is_there(conn, house.sealer, code):
            return code


def cards(house: House, adapters: Mapping[str, Adapter], area: str) -> list[Card]:
    """Every card of a neighbourhood, by id, filled in as of now; none before a publication."""
    try:
        shelf = house.library.shelf(area)
    except NothingPublishedError:
        return []
    setting = _setting(house, adapters, area)
    facts = Facts(setting.now)
    place = PlaceState(Place.PRIVATE, setting.country)
    found = []
    for id_, item in sorted(shelf.items.items()):
        if isinstance(item, Faq):
            say = _said(_effects(house, shelf, place, facts, id_))
            if say is not None:
                found.append(_card(house, shelf, setting, area, item, say))
    return found


async def send(house: House, order: Order) -> str:
    """Put a card in the outbox; "" when it is there, else the line of the rule that forbids it.

    Twice with one id is once.

    Raises:
        NoCardError: the code is wrong, over or used up; no such card is published there.
    """
    now_ms = house.clock.now_ms()
    return await house.database.write(lambda conn: _send(conn, house, order, now_ms))


def _send(conn: Connection, house: House, order: Order, now_ms: int) -> str:
    key = f"card-{house.sealer.pseudonym('card-order', str(order.account), order.id)}"
    if _is_queued(conn, key):
        return ""
    given = card_codes.look(conn, house.sealer, order.code, now_ms)
    chat = chats.lock(conn, given.chat_id) if given else None
    if given is None or chat is None:
        raise _wrong_code()
    if _is_queued(conn, key):  # the same press came first, while this one waited for the chat
        return ""
    area = _area_of(house, order, chat)
    shelf = house.library.shelf(area)
    moment = _moment(conn, house, order, given, _Here(chat, area, now_ms, key))
    effects = _effects(house, shelf, moment.place, moment.facts, order.item)
    _check_language(shelf, _said(effects), moment.language)
    performed = perform(conn, house.sealer, effects, moment)
    counts.add(conn, *decision_log.counted(effects, performed, None, moment))
    if not performed.drafts:
        return _rule_of(effects, performed.refused)
    if not card_codes.use(conn, house.sealer, order.code, now_ms):
        raise _wrong_code()
    drafts = [replace(d, expires_at=min(d.expires_at or now_ms, given.expires_at))
              for d in performed.drafts]  # fmt: skip
    if not all(outbox.append_many(conn, house.sealer, drafts, now_ms)):
        return "chat-is-closed"
    staff_audit.note(conn, order.account, ACTION, now_ms // 1000, item=order.item)
    return ""


def _wrong_code() -> NoCardError:
    return NoCardError("card", "this code opens nothing: ask for a new one")


def _is_queued(conn: Connection, key: str) -> bool:
    return outbox.has(conn, f"{key}-0")


@dataclass(frozen=True, slots=True)
class _Here:
    """The chat that a card is for, locked, at one moment."""

    chat: Chat
    area: str
    now_ms: int
    key: str


def _area_of(house: House, order: Order, chat: Chat) -> str:
    """The neighbourhood of a chat, when the card is there as the worker saw it.

    Raises:
        NoCardError: it is not.
    """
    settings = house.settings
    area = settings.area_of(chat.neighbourhood)
    if order.area not in {None, area}:
        raise NoCardError("area", "the text of another neighbourhood was looked at")
    if not isinstance(house.library.shelf(area).items.get(order.item), Faq):
        raise NoCardError("item", "this card is not published here")
    if order.language and order.language not in settings.languages_of(area):
        raise NoCardError("item", "this card is not written in that language here")
    return area


def _moment(conn: Connection, house: House, order: Order, given: Given, here: _Here) -> Moment:
    """The chat as it is now, as a message of this resident would find it."""
    settings = house.settings
    country = settings.country_of(here.area)
    local_now = local_time(settings, here.area, here.now_ms)
    stopped = opt_outs.of(conn, given.member_hmac)
    facts = Facts(
        local_now=local_now,
        is_holiday=bool(holiday_name(country, "", local_now.date())),
        has_stopped=Purpose.ANNOUNCEMENT in stopped,
        is_ignored=Purpose.SERVICE in stopped,
    )
    return Moment(
        chat_id=here.chat.id,
        conversation_id=given.conversation_id,
        member_hmac=given.member_hmac,
        language=variant(order.language, country) if order.language else given.language,
        key=here.key,
        now_ms=here.now_ms,
        place=chats.place_of(here.chat, country, here.now_ms, *LocalDay.at(local_now)),
        facts=facts,
        policy=settings.policy.limits,
        journal=house.journal,
    )


def _effects(
    house: House, shelf: Shelf, place: PlaceState, facts: Facts, item: str
) -> tuple[Effect, ...]:
    """What the bot itself would answer to a question for this card."""
    scene = Scene(shelf.book, place, facts, house.settings.policy.limits)
    return item_answer(scene, Conversation(), item).effects


def _said(effects: tuple[Effect, ...]) -> Say | None:
    return next((effect for effect in effects if isinstance(effect, Say)), None)


def _rule_of(effects: tuple[Effect, ...], refused: Mapping[int, str]) -> str:
    withheld = (effect.rule for effect in effects if isinstance(effect, Withheld))
    return next(iter([*refused.values(), *withheld]), "nobody-asked")


def _check_language(shelf: Shelf, say: Say | None, language: str) -> None:
    written = say is None or all(_is_written(shelf, say, one) for one in language.split("+"))
    if not written:
        raise NoCardError("item", "this card is not written in that language here")


def _is_written(shelf: Shelf, say: Say, tongue: str) -> bool:
    return say.key == "card" or template(shelf.items[say.item], say.key, tongue) is not None


def _card(house: House, shelf: Shelf, setting: Setting, area: str, item: Faq, say: Say) -> Card:
    titles, texts = {}, {}
    for language in house.settings.languages_of(area):
        tongue = variant(language, setting.country)
        if _is_written(shelf, say, tongue):
            titles[language] = in_language(item.title, tongue) or item.id
            texts[language] = render(say, shelf.items[say.item], tongue, setting).text
    return Card(item.id, titles, texts)


def _setting(house: House, adapters: Mapping[str, Adapter], area: str) -> Setting:
    here = [name for name in adapters if house.settings.neighbourhood_of(name) == area]
    links = links_of(house, adapters[here[0]]) if here else Links(private=lambda _token: "")
    return setting_of(house, area, house.clock.now_ms(), links)
