"""Does a message arrive once, can it be changed, and are refusals told apart?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.adapters.matrix.conftest import NOW, PASSWORD, Bot
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import Choice, Message, Reason, Refused, SendResult, Sent


async def test_message_is_changed_pinned_and_withdrawn(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=True)
    await bot.port.joined(room)
    sent = await running(bot).send(room, Message("row-1", "Om 14 uur."))
    assert isinstance(sent, Sent)
    await anna.wait_message(room, bot.user_id, "14 uur")
    changed = await running(bot).edit(room, sent.message_id, Message("row-1", "Om 15 uur."))
    assert isinstance(changed, Sent)
    await anna.wait_message(room, bot.user_id, "15 uur")

    pinned = await running(bot).pin(room, sent.message_id)
    assert isinstance(pinned, Refused)
    assert pinned.reason is Reason.BLOCKED
    await anna.do("power", room=room, user=bot.user_id, level=50)
    assert isinstance(await running(bot).pin(room, sent.message_id), Sent)

    assert isinstance(await running(bot).withdraw(room, sent.message_id), Sent)


async def test_expired_message_is_not_shown(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    late = Message("row-1", "Te laat.", expires_at=NOW - timedelta(seconds=1))
    refused = await running(bot).send(room, late)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.EXPIRED


async def test_point_11_default_rate_limit_is_reported_with_a_waiting_time(tmp_path: Path) -> None:
    """Thirty messages at once against Synapse as shipped: told to wait, never blocked."""
    synapse = LocalSynapse(relaxed=False)
    try:
        synapse.start()
        results = await _flood(synapse, tmp_path)
    finally:
        synapse.remove()
    refused = [one for one in results if isinstance(one, Refused)]
    assert len(results) - len(refused) >= 5
    assert {(one.reason, one.permanent, one.whole_account) for one in refused} == {
        (Reason.RATE, False, True)
    }
    assert all(one.retry_after > 0 for one in refused)


async def _flood(synapse: LocalSynapse, home: Path) -> list[SendResult]:
    bot = Bot(synapse.register("wijkbot", PASSWORD), synapse.url, home)
    try:
        await bot.start()
        token = synapse.login(synapse.register("anna", PASSWORD), PASSWORD)
        body = {"name": "Onze straat", "invite": [bot.user_id]}
        room = str(synapse.call("POST", "/createRoom", token, body)["room_id"])
        await bot.port.joined(room)
        return [
            await running(bot).send(room, Message(f"row-{number}", "Dag.")) for number in range(30)
        ]
    finally:
        await bot.stop()


async def test_link_choice_is_a_line_with_its_address(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    link = Choice("l", "Praat verder", "https://example.org/c")
    await running(bot).send(room, Message("row-1", "Kom erbij.", (link,)))
    seen = await anna.wait_message(room, bot.user_id)
    assert seen["body"] == "Kom erbij.\nPraat verder: https://example.org/c"
