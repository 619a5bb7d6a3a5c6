"""What is a burst, and when was it answered well? Each question once, in order, nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from wijkbot.app.assemble import ensure_key, ensure_schema
from wijkbot.clock import Clock
from wijkbot.settings import load_settings

MANY = int(os.environ.get("WIJKBOT_BURST", "200"))
"""Messages in a burst of one direct chat."""
SOME = max(20, MANY // 4)
"""Where the burst is not the matter itself."""
AWAY_SECONDS = float(os.environ.get("WIJKBOT_AWAY_SECONDS", "6"))
"""So long the homeserver is stopped."""

QUESTIONS = {
    "wanneer is het spreekuur?": "Zitdag van het onthaal",
    "waar kan ik Nederlands leren?": "We zoeken samen een les",
    "hoe kom ik aan een voedselpakket?": "Voor een voedselpakket",
    "hoe meld ik kapotte straatverlichting?": "Een kapotte lamp, een put",
    "waar kan ik printen?": "In de bibliotheek",
    "waar vind ik een dokter in het weekend?": "Levensgevaar? Bel 112. Voor een dokter",
    "wanneer wordt het vuilnis opgehaald?": "De dag hangt af van je adres",
    "hoe vraag ik een nieuwe identiteitskaart aan?": "Een nieuwe kaart vraag je",
    "waar kan mijn kind huiswerkbegeleiding krijgen?": "Een huiswerkklas of een jeugdhuis",
}
"""Each with how its answer begins: one that is lost, doubled or too early shows."""


def burst(count: int, start: int = 0) -> list[str]:
    """So many questions, from the start-th of the round."""
    asked = list(QUESTIONS)
    return [asked[(start + number) % len(asked)] for number in range(count)]


def expected(questions: list[str]) -> list[str]:
    """How the answers begin."""
    return [QUESTIONS[question] for question in questions]


def begun(answers: list[dict[str, Any]]) -> list[str]:
    """What the answers are, each by how it begins; else its first words."""
    return [
        next((known for known in QUESTIONS.values() if body.startswith(known)), body[:60])
        for body in (str(answer["body"]) for answer in answers)
    ]


def channel(homeserver: LocalSynapse, user: str) -> dict[str, dict[str, Any]]:
    """The settings of a channel for that account."""
    return {"buurt": _options(homeserver, user)}


def _options(homeserver: LocalSynapse, user: str) -> dict[str, Any]:
    return {
        "adapter": "matrix",
        "homeserver": homeserver.url,
        "user": user,
        "password": PASSWORD,
    }


async def answers(resident: Resident, room: str, bot: str) -> list[dict[str, Any]]:
    """What the bot said in that room so far."""
    return [one for one in await resident.messages(room) if one["sender"] == bot]


_SERVE = (
    "import sys; from datetime import datetime; from pathlib import Path;"
    " from tests.announcer import at_moment; from wijkbot.cli import serving;"
    " vars(serving)['Clock'] = at_moment(datetime.fromisoformat(sys.argv[2]));"
    " serving.serve(Path(sys.argv[1]), 'all', 0, ttl_ms=2000)"
)


def write_config(folder: Path, homeserver: LocalSynapse, user: str) -> Path:
    """What a process needs that serves that account."""
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, Clock())
    config = folder / "wijkbot.toml"
    options = "\n".join(f'{key} = "{value}"' for key, value in _options(homeserver, user).items())
    config.write_text(
        f"""
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "http://127.0.0.1:1"
[policy]
group_activation = "invite"
pointer = ""
[secure_chat]
url = "https://veilige-chat.example/"
[channels.buurt]
{options}
""",
        encoding="utf-8",
    )
    ensure_schema(load_settings(config), folder)
    return config


@asynccontextmanager
async def served(config: Path, at: datetime) -> AsyncIterator[asyncio.subprocess.Process]:
    """``wijkbot serve`` from that moment on, to be killed; killed at the end at the latest."""
    log = config.parent / "serve.log"
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", _SERVE, str(config), at.isoformat()),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(120):
            said = (await process.stdout.readline()).decode()
        assert " on port " in said, log.read_text(encoding="utf-8")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
