"""For which chats is an announcement, and how does that stand in a table?"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Audience:
    """Chosen chats by number, or else every active group; of one neighbourhood, or of all.

    ``has_subscribers``: with the private chats of those who said yes to announcements. No
    private chat gets one without that yes, be it chosen by number or not. ``by_hand``: the
    groups in which a person posts; None is all of the neighbourhood when every active group is
    meant, and none otherwise.
    """

    chats: tuple[int, ...] | None = None
    neighbourhood: str | None = None
    by_hand: tuple[int, ...] | None = None
    has_subscribers: bool = False

    @classmethod
    def of(
        cls,
        chat_ids: Iterable[int],
        neighbourhood: str | None = None,
        by_hand: Iterable[int] | None = None,
    ) -> Audience:
        """These chats, as far as they are of that neighbourhood."""
        posted = None if by_hand is None else tuple(sorted(set(by_hand)))
        return cls(tuple(sorted(set(chat_ids))), neighbourhood, posted)

    @property
    def is_list(self) -> bool:
        """Whether the chats were chosen one by one."""
        return self.chats is not None

    def after(self, cursor: int, limit: int) -> list[int]:
        """The next chosen chats after that number."""
        chats = self.chats or ()
        first = bisect_right(chats, cursor)
        return list(chats[first : first + limit])

    def to_json(self) -> str:
        """As it stands in the table: a list, or an object with chats, neighbourhood or all.

        Subscribers are always those of one neighbourhood.
        """
        if self.neighbourhood is None:
            return json.dumps({"all": True} if self.chats is None else self.chats)
        found: dict[str, object] = {"neighbourhood": self.neighbourhood}
        if self.has_subscribers:
            found["subscribers"] = True
        if self.chats is not None:
            found["chats"] = self.chats
        if self.by_hand is not None:
            found["by_hand"] = self.by_hand
        return json.dumps(found, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Audience:
        """What :meth:`to_json` wrote; an announcement from before audiences has no chats left."""
        found = json.loads(text or "[]")
        if isinstance(found, list):
            return cls.of(found)
        area = found.get("neighbourhood")
        by_hand = None if found.get("by_hand") is None else tuple(found["by_hand"])
        subscribers = bool(found.get("subscribers"))
        if "chats" in found:
            return replace(cls.of(found["chats"], area, by_hand), has_subscribers=subscribers)
        return cls(neighbourhood=area, by_hand=by_hand, has_subscribers=subscribers)
