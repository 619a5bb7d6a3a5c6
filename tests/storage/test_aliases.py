"""Does one person with two addresses stay one, whichever was known first?"""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.storage.house import House, arrival
from wijkbot.storage import aliases, chats, erase, opt_outs, outbox
from wijkbot.storage.chats import Chat, Newcomer
from wijkbot.storage.inbox import Accepted
from wijkbot.storage.receipt_tables import chat_alias
from wijkbot.storage.tables import chat, conversation

pytestmark = pytest.mark.storage

NUMBER, NAME = "whatsapp:+32470000001", "whatsapp:BE.1502576394655843"


async def wrote(house: House, event: str, address: str) -> Accepted:
    (place,) = await house.accept(arrival(event, chat=address, member=address, is_private=True))
    return place


async def link(house: House, canonical: str = NAME, alias: str = NUMBER) -> str:
    new = Newcomer("street", canonical, is_private=True)
    return await house.write(lambda c: aliases.link(c, house.sealer, new, alias, house.now))


async def at(house: House, address: str) -> Chat | None:
    return await house.database.read(lambda c: chats.find(c, house.sealer, "street", address))


async def resolved(house: House, *addresses: str) -> dict[str, str]:
    return await house.database.read(
        lambda c: aliases.resolve(c, house.sealer, "street", addresses)
    )


async def count(house: House, table: object) -> int:
    return len(await house.database.read(lambda c: c.execute(select(table)).all()))  # type: ignore[call-overload]


async def test_a_number_leads_to_the_name_that_came_with_it(house: House) -> None:
    assert await link(house) == ""
    assert await resolved(house, NUMBER, "whatsapp:+32470000002") == {NUMBER: NAME}
    pairs = {NUMBER: NAME}
    assert (
        await house.database.read(lambda c: aliases.unknown(c, house.sealer, "street", pairs))
        == {}
    )
    assert await count(house, chat) == 1


async def test_who_was_known_by_number_keeps_their_chat_and_dialog(house: House) -> None:
    first = await wrote(house, "e1", NUMBER)
    before = await at(house, NUMBER)
    assert await link(house) == house.sealer.member("street", NUMBER)
    after = await at(house, NAME)
    assert before is not None
    assert after is not None
    assert (after.id, await at(house, NUMBER)) == (before.id, None)
    assert (await wrote(house, "e2", NAME)).conversation_id == first.conversation_id
    opened = await house.database.read(lambda c: chats.address(c, house.sealer, after))
    assert opened == NAME, "what is sent goes to the canonical address"


async def test_two_persons_become_one_whose_last_dialog_goes_on(house: House) -> None:
    await house.publish()
    await wrote(house, "e1", NUMBER)
    house.now += 1000
    last = await wrote(house, "e2", NAME)
    there = await at(house, NAME)
    assert there is not None
    await house.say(there.id, "k1")
    await link(house)
    assert await count(house, chat) == 1
    again = await wrote(house, "e3", NAME)
    assert again.conversation_id == last.conversation_id
    members = await house.database.read(
        lambda c: set(c.execute(select(conversation.c.member_hmac)).scalars())
    )
    assert members == {house.sealer.member("street", NAME)}
    house.now += 10_000
    assert [(out.key, out.address) for out in await house.outgoing()] == [("k1", NAME)]


async def test_an_opt_out_of_either_holds_for_the_one(house: House) -> None:
    await wrote(house, "e1", NUMBER)
    await wrote(house, "e2", NAME)
    old, new = (house.sealer.member("street", one) for one in (NUMBER, NAME))
    for member, purpose in ((old, "announcement"), (new, "odd_job"), (old, "odd_job")):
        await house.write(
            lambda c, m=member, p=purpose: opt_outs.add(c, m, p, "chat", house.now)  # type: ignore[misc]
        )
    await link(house)
    stopped = await house.database.read(lambda c: opt_outs.of(c, new))
    assert stopped == ["announcement", "odd_job"]
    assert await house.database.read(lambda c: opt_outs.of(c, old)) == []


async def test_a_number_that_somebody_else_has_now_joins_nobody(house: House) -> None:
    await link(house)
    other = "whatsapp:BE.99"
    await wrote(house, "e1", other)
    assert await link(house, other) == ""
    assert await resolved(house, NUMBER) == {NUMBER: other}
    assert await count(house, chat) == 2


async def test_who_erases_everything_is_led_to_by_no_number(house: House) -> None:
    await wrote(house, "e1", NAME)
    await link(house)
    member = house.sealer.member("street", NAME)
    await house.write(lambda c: erase.erase_member(c, member, house.now))
    assert await count(house, chat_alias) == 0
    assert await resolved(house, NUMBER) == {}


async def test_linking_twice_changes_nothing(house: House) -> None:
    await wrote(house, "e1", NUMBER)
    for _ in range(2):
        await link(house)
    assert (await count(house, chat_alias), await count(house, chat)) == (1, 1)


async def test_a_chat_that_refused_us_stays_refused_by_its_other_address(house: House) -> None:
    await house.publish()
    await wrote(house, "e1", NUMBER)
    was = await at(house, NUMBER)
    assert was is not None
    await house.write(lambda c: outbox.suspend(c, was.id, "blocked", house.now))
    await wrote(house, "e2", NAME)
    await link(house)
    now = await at(house, NAME)
    assert now is not None
    assert not await house.say(now.id, "k1")
