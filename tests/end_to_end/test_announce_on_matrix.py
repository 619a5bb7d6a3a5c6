"""From the command to an encrypted room: photo and calendar file, pinned, edited, taken away."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.synapse import LocalSynapse
from tests.end_to_end.test_matrix import NewResident, _account, _channel
from tests.living import LivingBot, living_bot
from wijkbot.adapter_api import Photo
from wijkbot.announcements.extras import Extras
from wijkbot.announcements.photo import photo_of
from wijkbot.app import announce_change
from wijkbot.app.announce import announce, plan
from wijkbot.storage import chats
from wijkbot.storage.changes import Outcome
from wijkbot.storage.outbox import Status


def _photo() -> Photo:
    written = io.BytesIO()
    Image.new("RGB", (320, 240), (20, 110, 90)).save(written, "PNG")
    return photo_of(written.getvalue(), "Een groene deur")


async def _outcome(living: LivingBot, *numbers: int) -> Outcome:
    """What became of it in the one room, once it is over."""
    opened = {Status.WAITING, Status.SENDING}
    for _ in range(400):
        (found,) = await announce_change.outcomes(living.bot.house, numbers)
        if found.status not in opened and found.pin not in opened:
            return found
        await asyncio.sleep(0.05)
    pytest.fail("it did not come to an end")


async def test_photo_is_pinned_edited_and_taken_away_in_an_encrypted_room(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    anna = await new_resident("anna")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        room = await anna.create_room("Onze straat", user, encrypted=True)
        await anna.wait_message(room, user, "computer")
        await anna.do("power", room=room, user=user, level=50)
        groups = await house.database.read(chats.groups)
        made = await plan(house, adapters, "Z4", groups)
        extras = Extras(has_calendar=True, is_pinned=True)
        found = await announce(house, made, "press", "worker", extras, _photo())
        photo = await anna.wait_message(room, user, "maandag 23 november")
        assert (photo["msgtype"], photo["encrypted"]) == ("m.image", True)
        await anna.wait_message(room, user, "spreekuur-2026-11-23.ics")
        told = await _outcome(living, *found.ids)
        assert (Status.SENT, Status.SENT) == (told.status, told.pin)
        token = homeserver.login(anna.user_id, PASSWORD)
        pinned = f"/rooms/{quote(room)}/state/m.room.pinned_events"
        assert [photo["event_id"]] == homeserver.call("GET", pinned, token)["pinned"]

        family = await announce_change.found(house, found.ids[0])
        new = await announce_change.plan_edit(house, adapters, family, "Z1")
        changed = await announce_change.edit(house, family, new, "edit", "worker")
        assert Status.SENT is (await _outcome(living, *changed.ids)).status
        seen = await anna.wait_message(room, user, new.previews[0].text)
        assert (seen["event_id"], seen["msgtype"]) == (photo["event_id"], "m.image")
        await anna.wait_message(room, user, "spreekuur-2026-11-24.ics")

        gone = await announce_change.withdraw(house, family, "delete", "worker")
        assert Status.SENT is (await _outcome(living, *gone.ids)).status
        path = f"/rooms/{quote(room)}/event/{quote(photo['event_id'])}"
        assert "redacted_because" in homeserver.call("GET", path, token)["unsigned"]
