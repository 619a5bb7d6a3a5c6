"""May this text go freely now, and if not, by which template?

Some platforms let us answer freely for some hours after somebody wrote. After that only a text
goes that they approved beforehand: the news in a template of its own, and of an answer only that
it waits, because what is said to one person is none of the platform's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Message, Template
from wijkbot.app.hours_card import to_schedule
from wijkbot.app.house import House
from wijkbot.app.payload import from_ms, from_ms_or_none, to_ms
from wijkbot.app.rates import WHOLE_ACCOUNT
from wijkbot.content.model import Hours, Item, Organisation, TemplateFile
from wijkbot.content.template_text import MAX_BODY, filled_in, room_for, units
from wijkbot.content.texts import in_language
from wijkbot.engine.words import Purpose
from wijkbot.schedule.openings import next_opening
from wijkbot.storage import broadcasts, lanes, outbox, tiers, windows
from wijkbot.storage.chats import Chat
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Lane

NEWS, ANSWER = "W01", "W02"
"""The items that are the templates of an announcement, and of an answer that waits."""
MARGIN = timedelta(minutes=6)
"""What would arrive so shortly before the end counts as outside; a little more than adapters."""
LONGEST_WAIT_MS = 3_600_000
TEXT_LIVES_MS = 27 * 24 * 3_600_000
"""A little shorter than what it is sealed with."""
REPLY_WAITS_MS = 60_000
"""A reply looks again soon: its resident may have written, and then it goes freely."""


_REMEMBERED = 100


@dataclass(frozen=True, slots=True)
class Later:
    """It may not go yet; look again in so many ms. ``lives_until``: so long it is of use."""

    wait_ms: int
    lives_until: int | None = None


def window_hours(adapter: Adapter) -> int:
    """For how many hours after they wrote somebody may be answered freely; 0: always."""
    return adapter.capabilities(WHOLE_ACCOUNT).reply_window_hours


def is_open(chat: Chat, heard_ms: int | None, hours: int, now_ms: int) -> bool:
    """Whether a free text would still arrive in time in this private chat."""
    if heard_ms is None or is_shut(chat, heard_ms):
        return False
    return now_ms < heard_ms + int((timedelta(hours=hours) - MARGIN).total_seconds() * 1000)


def is_shut(chat: Chat, heard_ms: int | None) -> bool:
    """Whether the platform itself said so, after they wrote last."""
    return chat.shut_at is not None and (heard_ms is None or chat.shut_at >= heard_ms)


class OutsideWindow:
    """Gives each message of one channel what its platform needs to let it through."""

    def __init__(self, house: House, channel: str, adapter: Adapter) -> None:
        self._house = house
        self._channel = channel
        self._adapter = adapter
        self._useful: dict[int, int] = {}

    @property
    def hours(self) -> int:
        """See :func:`window_hours`."""
        return window_hours(self._adapter)

    def heard(self, conn: Connection, chats: Mapping[int, Chat]) -> Mapping[int, int]:
        """When each of these was heard last; nothing is read where it does not matter."""
        if not self.hours:
            return {}
        private = [chat.id for chat in chats.values() if chat.is_private]
        return windows.heard_at(conn, private)

    async def prepare(
        self, row: Outgoing, chat: Chat | None, heard_ms: int | None, message: Message
    ) -> Message | Later | None:
        """The message with its window and, outside it, its template; or when to look again.

        None when it is of no use any more.
        """
        if not self.hours or chat is None or not chat.is_private:
            return message
        now_ms = self._house.clock.now_ms()
        timed = replace(
            message, heard_at=from_ms_or_none(heard_ms), is_shut=is_shut(chat, heard_ms)
        )
        if is_open(chat, heard_ms, self.hours, now_ms):
            return timed
        made = template_for(self._house, row, timed)
        if made is None:
            return timed  # the adapter says that it needs one
        lives_until = await self._of_use_until(row)
        if lives_until is not None and now_ms > lives_until:
            return None
        wait_ms = await self._house.database.together(self._grant, chat.id)
        if not wait_ms:
            return replace(timed, template=made)
        longest = REPLY_WAITS_MS if row.lane is Lane.REPLY else LONGEST_WAIT_MS
        return Later(min(wait_ms, longest), lives_until)

    def hold_back(self, conn: Connection, row: Outgoing, later: Later) -> None:
        """Let a row wait, for as long as what it tells is of use."""
        now_ms = self._house.clock.now_ms()
        lanes.hold_back(conn, row, now_ms, after_ms=later.wait_ms, error=tiers.TIER)
        if later.lives_until is not None:
            outbox.live_longer(conn, row.lane_id, row.seq, later.lives_until)

    def is_refused(self, conn: Connection, row: Outgoing) -> None:
        """The platform takes no template for more people now: the row waits like the others."""
        now_ms = self._house.clock.now_ms()
        # the lane first, as a receipt does; how long it is in the end, it asks then
        after_ms = apart(tiers.MINUTE_MS, row.chat_id)
        lanes.hold_back(conn, row, now_ms, after_ms=after_ms, error=tiers.TIER)
        tiers.refused(conn, self._house.sealer, self._channel, now_ms, now_ms)
        tiers.not_counted(conn, row.chat_id, now_ms)

    async def _of_use_until(self, row: Outgoing) -> int | None:
        """Until when (ms) this announcement is worth reading; None for an answer."""
        number = row.broadcast_id
        if number is None:
            return None
        if number not in self._useful:
            read = self._house.database.read
            made_at = await read(lambda conn: broadcasts.made_at(conn, number))
            item = await self._house.library.item(row.item_id, row.item_version)
            while len(self._useful) >= _REMEMBERED:
                del self._useful[next(iter(self._useful))]
            self._useful[number] = of_use_until(item, made_at)
        return self._useful[number]

    def _grant(self, conn: Connection, chat_ids: Sequence[int]) -> list[int]:
        """How long until a template may go to each of these chats; 0: now."""
        most = self._adapter.capabilities(WHOLE_ACCOUNT).unasked_per_day
        now_ms = self._house.clock.now_ms()
        windows.take_turn(conn, self._channel)
        room, pause = tiers.take(conn, self._house.sealer, self._channel, len(chat_ids), now_ms)
        tried = chat_ids[:room]
        granted = windows.grant(conn, self._channel, tried, most, now_ms)
        waits = [0 if one in granted.chats else granted.wait_ms for one in tried]
        return [*waits, *(apart(pause, one) for one in chat_ids[room:])]


def apart(wait_ms: int, chat_id: int) -> int:
    """This wait, and up to as long again: so that thousands do not all ask in one moment."""
    return wait_ms + chat_id * 7_919 % max(wait_ms, 1)


def of_use_until(item: Item, made_at: int) -> int:
    """A consultation hour until it begins, or ends when it had begun; a text for weeks (ms)."""
    if isinstance(item, Hours):
        opening = next_opening(to_schedule(item), from_ms(made_at))
        if opening is not None:
            begins, ends = to_ms(opening.starts_at), to_ms(opening.ends_at)
            return begins if begins > made_at else ends
    return made_at + TEXT_LIVES_MS


def template_for(house: House, row: Outgoing, message: Message) -> Template | None:
    """The template in which this message may go to who did not just write; None without one.

    A crisis card never goes by one: it answers a new message, which opens the window, and a
    card that says only that something waits would be worse than none.
    """
    if row.lane is Lane.CRISIS or row.purpose is Purpose.CRISIS:
        return None
    items = house.library.shelf(row.neighbourhood).items
    found = items.get(NEWS if row.broadcast_id is not None else ANSWER)
    if not isinstance(found, TemplateFile):
        return None
    language = _written_in(found, (message.language, *house.settings.organisation.languages))
    body = in_language(found.text, language)
    if body is None:
        return None
    name = _organisation(items, house.settings.organisation.name)
    values = {"organisation": name}
    if "text" in found.places:
        text = " ".join(message.in_words().text.split())
        known = [values.get(place, "") for place in found.places]
        room = room_for(body, known)
        values["text"] = fitted(text, room, _more(found, items, language))
    chosen = tuple(values[place] for place in found.places)
    if units(filled_in(body, chosen)) > MAX_BODY:
        return None
    return Template(found.id, language, chosen)


def _written_in(item: TemplateFile, languages: Sequence[str]) -> str:
    """The first of these languages in which it is written."""
    written = (one for one in languages if in_language(item.text, one) is not None)
    return next(written, "nl")


def _organisation(items: Mapping[str, Item], name: str) -> str:
    found = items.get("organisation")
    return name or (found.name if isinstance(found, Organisation) else "")


def _more(item: TemplateFile, items: Mapping[str, Item], language: str) -> str:
    """Where the whole text can be had: the website, or else the telephone."""
    found = items.get("organisation")
    if not isinstance(found, Organisation):
        return ""
    told = item.more_online if found.url else item.more_by_phone
    where = found.url or found.phone
    return f"{in_language(told, language) or ''} {where}".strip()


def fitted(text: str, room: int, more: str) -> str:
    """The text, or its beginning up to a whole word and where the rest is to be had."""
    if units(text) <= room:
        return text
    end = f" … {more}" if more else " …"
    short = text
    while short and units(short) + units(end) > room:
        short = short.rpartition(" ")[0]
    return f"{short}{end}"
