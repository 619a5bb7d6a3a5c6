"""Does the main job run for an independent Matrix client on a real homeserver?"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.living import free_port, living_bot

_numbers = itertools.count(1)
NewResident = Callable[[str], Awaitable[Resident]]


def _channel(homeserver: LocalSynapse, user: str) -> dict[str, dict[str, Any]]:
    return {
        "buurt": {
            "adapter": "matrix",
            "homeserver": homeserver.url,
            "user": user,
            "password": PASSWORD,
        }
    }


def _account(homeserver: LocalSynapse) -> str:
    return homeserver.register(f"buurtbot{next(_numbers)}", PASSWORD)


def _name(user: str) -> str:
    return user[1:].partition(":")[0]


async def _said(resident: Resident, room: str, bot: str) -> list[dict[str, Any]]:
    return [m for m in await resident.messages(room) if m["sender"] == bot]


@asynccontextmanager
async def _group(
    homeserver: LocalSynapse, resident: Resident, folder: Path, *, encrypted: bool
) -> AsyncIterator[tuple[str, str]]:
    user = _account(homeserver)
    async with living_bot(folder, _channel(homeserver, user)):
        room = await resident.create_room("Onze straat", user, encrypted=encrypted)
        await resident.wait_message(room, user, "computer")
        yield room, user


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_group_in_one_go(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path, encrypted: bool
) -> None:
    """Joins and says what it is, once; knows the next hour; is silent; refers without a word."""
    anna = await new_resident("anna")
    async with _group(homeserver, anna, tmp_path, encrypted=encrypted) as (room, user):
        name = _name(user)
        (hello,) = await _said(anna, room, user)
        assert "Buurthuis De Brug" in hello["body"]

        await anna.send(room, "wat een mooie dag, wanneer is er spreekuur?")
        await anna.send(room, f"@{name} wanneer is het volgende spreekuur?")
        card = await anna.wait_message(room, user, "maandag 23 november van 9 tot 12 uur")
        assert card["encrypted"] is encrypted
        assert 2 == len(await _said(anna, room, user)), "not addressed must stay unanswered"

        await anna.send(room, f"@{name} ik kan mijn huur niet betalen")
        referral = await anna.wait_message(room, user, "Persoonlijke vragen bespreken we niet")
        assert not {"huur", "betalen"} & set(referral["body"].lower().split())
        assert "m.relates_to" not in referral["content"]
        assert {} == referral["content"]["m.mentions"]


async def test_private_referral_ends_with_the_computer_line(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """T08 in a direct chat; the disclosure is its last line, in the same message."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)):
        room = await anna.create_dm(user)
        await anna.wait_joined(room, user)
        await anna.send(room, "ik kan mijn huur niet betalen")
        told = await anna.wait_message(room, user, "Goed dat je het vraagt")
        assert told["body"].splitlines()[-1].startswith("Ik ben een computer")
        assert 1 == len(await _said(anna, room, user))


async def test_crisis_is_the_very_first_message(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """The card of Belgium, with nothing before it and nothing beside it."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)):
        room = await anna.create_dm(user)
        await anna.send(room, "ik wil niet meer leven")
        await anna.wait_message(room, user, "Dit is ernstig")
        await asyncio.sleep(1)
        (card,) = await _said(anna, room, user)
        assert "1813" in card["body"]
        assert "computer" not in card["body"]


async def test_odd_job_asked_in_the_group_goes_on_in_the_direct_chat(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """A matrix.to link carries no token: who asked and then opens a direct chat goes on there."""
    anna = await new_resident("anna")
    ben = await new_resident("ben")
    async with _group(homeserver, anna, tmp_path, encrypted=False) as (room, user):
        await anna.send(room, f"@{_name(user)} wie kan mijn lamp ophangen?")
        link = await anna.wait_message(room, user, "matrix.to")
        assert user in link["body"]
        direct = await anna.create_dm(user)
        await anna.wait_message(direct, user, "Wil je hulp met een klusje")
        strangers = await ben.create_dm(user)
        await ben.wait_joined(strangers, user)
        await ben.send(strangers, "waar kan ik printen?")
        await ben.wait_message(strangers, user, "bibliotheek")
        assert 1 == len(await _said(ben, strangers, user))


async def test_only_an_admin_of_the_room_silences_and_sends_away(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """Asked of the homeserver when the command comes in; a bot that is sent away is out."""
    anna = await new_resident("anna")
    ben = await new_resident("ben")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        room = await anna.create_room("Onze straat", user, encrypted=False)
        await anna.wait_message(room, user, "computer")
        await anna.do("invite", room=room, user=ben.user_id)
        await ben.do("join", room=room)
        await ben.send(room, f"@{_name(user)} /stil 7d")
        await anna.wait_message(room, user, "alleen een beheerder")
        await anna.send(room, f"@{_name(user)} /stil 7d")
        await anna.wait_message(room, user, "ik ben stil tot")
        await anna.send(room, f"@{_name(user)} ga weg")
        await anna.wait_message(room, user, "Oké, ik ga weg.")
        living.bot.house.clock.shift(120)
        await anna.do("wait_member", room=room, user=user, membership="leave")


@asynccontextmanager
async def _process(config: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot in a process of its own, that can be killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "wijkbot", "serve", "-c", str(config)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient() as client:
            for _ in range(300):
                try:
                    answer = await client.get(f"http://127.0.0.1:{port}/health")
                    if answer.json()["ready"]:
                        break
                except (httpx.HTTPError, ValueError):
                    pass
                await asyncio.sleep(0.1)
            else:
                pytest.fail("the bot did not start")
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_dialog_goes_on_after_a_kill_and_nothing_is_answered_twice(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """kill -9 between two steps, and a message written meanwhile: the dialog just goes on."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    port = free_port()
    folder = tmp_path / "bot"
    _init(folder, homeserver, user, port)
    async with _process(folder / "wijkbot.toml", port):
        room = await anna.create_dm(user)
        await anna.wait_joined(room, user)
        await anna.send(room, "wie kan mijn lamp ophangen?")
        await anna.wait_message(room, user, "18 of ouder")
        await anna.send(room, "ja")
        await anna.wait_message(room, user, "Wat voor klusje")
    await anna.send(room, "Lamp of plank")
    async with _process(folder / "wijkbot.toml", port):
        await anna.wait_message(room, user, "Schrijf in één zin")
        answers = [
            ("een lamp in de keuken", "In welk deel"),
            ("Noord", "Wanneer?"),
            ("1", "Klopt dit?"),
            ("ja", "genoteerd"),
        ]
        for said, expected in answers:
            await anna.send(room, said)
            await anna.wait_message(room, user, expected)
        bodies = [m["body"] for m in await _said(anna, room, user)]
        assert len(bodies) == len(set(bodies)) == 7
    listed = await _jobs(folder / "wijkbot.toml")
    assert "een lamp in de keuken" in listed
    assert 1 == len(listed.strip().splitlines())


def _init(folder: Path, homeserver: LocalSynapse, user: str, port: int) -> None:
    from wijkbot.cli.setting_up import init

    init(folder)
    (folder / "wijkbot.toml").write_text(
        f"""
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "http://127.0.0.1:{port}"
[server]
port = {port}
[policy]
group_activation = "invite"
[channels.buurt]
adapter = "matrix"
homeserver = "{homeserver.url}"
user = "{user}"
password = "{PASSWORD}"
""",
        encoding="utf-8",
    )


async def _jobs(config: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "wijkbot", "jobs", "-c", str(config)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200"},
    )
    printed, _ = await process.communicate()
    return printed.decode()
