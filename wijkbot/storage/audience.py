"""For which chats is an announcement, and how does that stand in a table?"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audience:
    """Chosen chats by number, or else every active group; of one neighbourhood, or of all.

    A private chat is reached by its number only.
    """

    chats: tuple[int, ...] | None = None
    neighbourhood: str | None = None

    @classmethod
    def of(cls, chat_ids: Iterable[int], neighbourhood: str | None = None) -> Audience:
        """These chats, as far as they are of that neighbourhood."""
        return cls(tuple(sorted(set(chat_ids))), neighbourhood)

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
        """As it stands in the table: a list, or an object with chats, neighbourhood or all."""
        if self.neighbourhood is None:
            return json.dumps({"all": True} if self.chats is None else self.chats)
        found: dict[str, object] = {"neighbourhood": self.neighbourhood}
        if self.chats is not None:
            found["chats"] = self.chats
        return json.dumps(found, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Audience:
        """What :meth:`to_json` wrote; an announcement from before audiences has no chats left."""
        found = json.loads(text or "[]")
        if isinstance(found, list):
            return cls.of(found)
        area = found.get("neighbourhood")
        return cls.of(found["chats"], area) if "chats" in found else cls(neighbourhood=area)
