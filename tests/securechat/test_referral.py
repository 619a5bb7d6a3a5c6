"""Does a referral in a chat app open our own door, and say whether somebody is there?"""

from __future__ import annotations

from pathlib import Path

import httpx
from sqlalchemy import Connection

from tests.app.test_rule_in_the_house import _ask
from tests.living import living_bot
from tests.securechat import making
from tests.securechat.room import _account
from wijkbot.securechat.manifest import read_manifest
from wijkbot.storage import secure_manifests, staff_sessions
from wijkbot.storage.secure_manifests import Kept

CHANNELS = {"wijk": {"adapter": "sandbox"}}
BUILTIN = {"secure_chat": {"kind": "builtin"}}
ASKS = "ik heb hulp nodig met mijn schulden"


async def test_a_referral_says_that_the_chat_is_closed(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=BUILTIN) as living:
        answer = await _ask(living, ASKS, 1)
        assert f"{living.base_url}/c" in answer
        assert "nu dicht" in answer
        async with httpx.AsyncClient(trust_env=False) as client:
            page = await client.get(f"{living.base_url}/c")
        assert page.status_code == 200


async def test_a_referral_leads_to_who_is_there(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=BUILTIN) as living:
        house = living.bot.house
        now = house.clock.now_ms() // 1000

        def come_in(conn: Connection) -> None:
            team = making.Team()
            told = team.manifest(issued=now, expires=now + making.DAY)
            cert = team.root.cert(team.coordinator, not_after=now + making.DAY)
            root = team.root.sig.public
            secure_manifests.add(conn, Kept(1, read_manifest(told).hash, told, cert, root))
            account = _account(conn, making.member("Ben"), "worker", now)
            staff_sessions.begin(conn, house.clock.token(32), account, now)

        await house.database.write(come_in)
        answer = await _ask(living, ASKS, 1)
        assert f"{living.base_url}/c" in answer
        assert "nu dicht" not in answer
