"""Which short words do the storage tests share? Builders of events, items and messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, select

from wijkbot.engine.words import Purpose
from wijkbot.storage import chats, consents, conversations, inbox, items, lanes, outbox
from wijkbot.storage.consents import Agreed
from wijkbot.storage.conversations import Claimed, Progress
from wijkbot.storage.database import Database
from wijkbot.storage.inbox import Accepted, Arrival
from wijkbot.storage.items import ItemDraft
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Draft, Lane
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import conversation

T = TypeVar("T")


def arrival(
    external_id: str,
    *,
    chat: str = "group-1",
    member: str = "anna",
    payload: bytes = b"hello",
    is_private: bool = False,
    channel: str = "street",
) -> Arrival:
    return Arrival(
        channel=channel,
        external_id=external_id,
        chat=chat,
        is_private=is_private,
        member=member,
        payload=payload,
        received_at=House.START,
        neighbourhood="zonnewijk",
    )


class House:
    """A database, its sealer, and the verbs of the app in their shortest form."""

    START = 1_795_000_000_000

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.database = database
        self.sealer = sealer
        self.now = self.START

    async def write(self, fn: Callable[[Connection], T]) -> T:
        return await self.database.write(fn)

    async def accept(self, *arrivals: Arrival) -> list[Accepted]:
        return await self.write(lambda conn: inbox.accept(conn, self.sealer, arrivals, self.now))

    async def claim(self) -> list[Claimed]:
        return await self.write(lambda conn: conversations.claim(conn, self.sealer, self.now))

    async def finish(
        self,
        claimed: Claimed,
        *,
        done: int | None = None,
        state: bytes | None = None,
        timer_at: int | None = None,
    ) -> None:
        last = claimed.messages[-1].seq if claimed.messages else claimed.done_seq
        progress = Progress(last if done is None else done, state, timer_at)
        await self.write(
            lambda conn: conversations.finish(conn, self.sealer, claimed, self.now, progress)
        )

    async def publish(self, body: str = "{}") -> None:
        draft = ItemDraft("", "T08", "text", body)
        await self.write(lambda conn: items.publish(conn, [draft], self.now))

    async def chat(self, address: str = "group-1", *, is_private: bool = False) -> int:
        """The id of a chat that somebody wrote in (that event is handled)."""
        await self.accept(arrival(f"hello-{address}", chat=address, is_private=is_private))
        for claimed in await self.claim():
            await self.finish(claimed)
        found = await self.database.read(
            lambda conn: chats.find(conn, self.sealer, "street", address)
        )
        assert found is not None
        return found.id

    async def agrees(
        self, chat_id: int, purpose: Purpose = Purpose.ANNOUNCEMENT, area: str = "zonnewijk"
    ) -> str:
        """Whoever wrote in this private chat says yes; gives their pseudonym."""
        row = select(conversation.c.member_hmac).where(conversation.c.chat_id == chat_id)

        def write(conn: Connection) -> str:
            member = str(conn.execute(row).scalar_one())
            agreed = Agreed(
                member, purpose.value, area, "street", chat_id, "aanmeld", 3, "nl", "question"
            )
            consents.give(conn, agreed, self.now)
            return member

        return await self.write(write)

    async def say(
        self,
        chat_id: int,
        key: str,
        *,
        lane: Lane = Lane.REPLY,
        values: bytes = b"values",
        expires_at: int | None = None,
    ) -> bool:
        draft = Draft(
            chat_id=chat_id,
            lane=lane,
            key=key,
            purpose=Purpose.INFO,
            item_id="T08",
            item_version=1,
            language="nl",
            values=values,
            expires_at=expires_at,
        )
        return await self.write(lambda conn: outbox.append(conn, self.sealer, draft, self.now))

    async def outgoing(self, *, limit: int = 20) -> list[Outgoing]:
        return await self.write(
            lambda conn: lanes.claim(conn, self.sealer, "street", self.now, limit=limit)
        )

    async def settle(
        self, out: Outgoing, status: outbox.Status = outbox.Status.SENT, message_id: str = "m1"
    ) -> None:
        await self.write(
            lambda conn: lanes.settle(conn, out, status, self.now, message_id=message_id)
        )
