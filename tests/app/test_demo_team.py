"""Has the demo a team that stays as it is, and does nobody else get one?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.living import living_bot
from wijkbot.app.assemble import ensure_key, ensure_schema, open_house
from wijkbot.app.demo import demo_settings
from wijkbot.app.demo_team import PASSWORD, Shown, make_demo_team, shown
from wijkbot.app.house import House
from wijkbot.app.pin import read_pin
from wijkbot.app.staff_proof import step_of
from wijkbot.app.staff_team import team
from wijkbot.clock import Clock
from wijkbot.recovery.root import open_root
from wijkbot.recovery.words import published_lists
from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import IV_LENGTH
from wijkbot.securechat.manifest import DAY, accept, read_cert, read_manifest
from wijkbot.securechat.points import sha256
from wijkbot.settings import Settings, settings_from
from wijkbot.storage import staff
from wijkbot.storage.staff_sessions import presence

PORT = 8080


@asynccontextmanager
async def _house(folder: Path, settings: Settings | None = None) -> AsyncIterator[House]:
    settings = settings or demo_settings(PORT)
    clock = Clock()
    ensure_key(folder, clock)
    ensure_schema(settings, folder)
    house = await open_house(settings, folder, clock)
    try:
        yield house
    finally:
        await house.database.close()


async def test_team_is_complete_and_nobody_of_it_is_here(tmp_path: Path) -> None:
    async with _house(tmp_path) as house:
        words = await make_demo_team(house, tmp_path)
        found, now = await team(house), house.clock.now_ms() // 1000
        assert found.root is not None
        assert found.listed is not None
        listed = read_manifest(found.listed.manifest)
        accept(listed, read_cert(found.listed.cert), found.root.root_sig, now)
        assert ["coordinator", "worker"] == sorted(one.role for one in listed.members)
        assert sha256(found.root.root_sig).hex() == read_pin(tmp_path)
        assert "closed" == await house.database.read(lambda c: presence(c, now))

        sealed = Sealed(found.root.sealed[:IV_LENGTH], found.root.sealed[IV_LENGTH:])
        indices = published_lists()["nl"].find(" ".join(words))
        public = (found.root.recovery_kem, found.root.root_sig)
        assert open_root(sealed, found.root.org, public, indices).pin.hex() == read_pin(tmp_path)


async def test_root_and_accounts_stay_with_the_folder(tmp_path: Path) -> None:
    async with _house(tmp_path) as house:
        await make_demo_team(house, tmp_path)
        before = await team(house)
    async with _house(tmp_path) as house:
        assert () == await make_demo_team(house, tmp_path)
        after = await team(house)
    assert (before.root, before.listed) == (after.root, after.listed)
    assert [one.keys for one in before.accounts] == [one.keys for one in after.accounts]


async def test_code_that_is_shown_was_not_used_yet(tmp_path: Path) -> None:
    async with _house(tmp_path) as house:
        await make_demo_team(house, tmp_path)
        for one in await shown(house):
            await _use(house, one)


async def _use(house: House, one: Shown) -> None:
    account = await house.database.read(lambda c: staff.by_login(c, house.sealer, one.login))
    step = step_of(one.secret, one.code, house.clock.now_ms() // 1000)
    assert account is not None
    assert step is not None
    assert await house.database.write(lambda c: staff.use_step(c, account.id, step))


async def test_list_that_is_nearly_over_is_signed_again(tmp_path: Path) -> None:
    async with _house(tmp_path) as house:
        await make_demo_team(house, tmp_path)
        house.clock.shift(70 * DAY)
        await make_demo_team(house, tmp_path)
        listed = (await team(house)).listed
        assert listed is not None
        left = read_manifest(listed.manifest).expires - house.clock.now_ms() // 1000
        assert left > 80 * DAY


async def test_bot_with_a_real_channel_gets_no_team(tmp_path: Path) -> None:
    settings = settings_from(
        {
            "organisation": {
                "name": "Wijkhuis",
                "country": "BE",
                "public_url": "http://x.example",
            },
            "secure_chat": {"kind": "builtin"},
            "channels": {"buurt": {"adapter": "telegram"}},
        }
    )
    async with _house(tmp_path, settings) as house:
        with pytest.raises(ValueError, match="pretend channels"):
            await make_demo_team(house, tmp_path)
        assert [] == (await team(house)).accounts
        assert read_pin(tmp_path) is None


async def test_sandbox_that_is_no_demo_shows_no_team(tmp_path: Path) -> None:
    builtin = {"secure_chat": {"kind": "builtin"}}
    async with living_bot(
        tmp_path, {"zonnewijk": {"adapter": "sandbox"}}, extra=builtin
    ) as living:
        await make_demo_team(living.bot.house, tmp_path)
        async with httpx.AsyncClient() as client:
            page = (await client.get(f"{living.base_url}/?lang=nl")).text
    assert "Proefwijken" in page
    assert PASSWORD not in page
    assert 'id="team"' not in page
