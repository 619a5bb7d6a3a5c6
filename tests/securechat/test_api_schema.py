"""Can anything that fits the documented API, or just does not, make the server stumble?

Requests are drawn for every address by a program that knows only the shapes, and go to the
command of an organisation in a process of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.securechat.api_schema import TAKES, openapi
from tests.securechat.client.encoding import b64
from tests.securechat.client.http import ResidentHttp
from tests.securechat.office import Office
from tests.securechat.resident_tab import Resident
from tests.securechat.serve import served

EXAMPLES = 6
"""For each address, as many that fit and as many that do not."""
ENDLESS = {"GET /api/w/events"}
LAST = ("POST /api/w/logout", "DELETE /api/c/conversation", "POST /api/w/accounts/{id}/revoke")
"""After these, nobody is in any more."""
_CHECKS: list[Any] = [not_a_server_error, response_schema_conformance]
_SECONDS = 20


def _served(office: Office) -> Iterator[str]:
    for route in office.app.router.routes:
        if isinstance(route, APIRoute) and route.path.startswith(("/api/c/", "/api/w/")):
            yield from (f"{one} {route.path}" for one in (route.methods or set()) - {"HEAD"})


@pytest.mark.storage
async def test_60_every_address_that_is_served_has_a_line_in_the_schema(office: Office) -> None:
    assert set(_served(office)) == set(TAKES)


@pytest.mark.timeout(300)
async def test_60_nothing_that_is_drawn_from_the_schema_makes_the_server_stumble(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, "") as crew:
        ben = [await crew.join(name, "worker") for name in ("Anna", "Ben")][1]
        async with ResidentHttp(crew.living.base_url) as http:
            resident = Resident(http, crew)
            await resident.begin("Hallo")
            conv = resident.talk.conv
            (waits,) = (await ben.queue())["waiting"]
            await ben.act(conv, "claim", version=waits["version"])
        anna = crew.people[0].http
        asked = await asyncio.to_thread(
            _ask_everything,
            crew.living.base_url,
            b64(conv),
            {"/api/c": http.headers, "/api/w": anna.headers},
            {one.name: str(one.value) for one in anna.client.cookies.jar},
        )
    bodies = {address for address, takes in TAKES.items() if takes}
    assert all(many >= (EXAMPLES if one in bodies else 1) for one, many in asked.items()), asked
    log = (tmp_path / "serve.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "ERROR" not in log


def _ask_everything(
    base_url: str, conv: str, headers: dict[str, dict[str, str]], cookies: dict[str, str]
) -> dict[str, int]:
    schema = schemathesis.openapi.from_dict(openapi(conv))
    numbers = iter(range(1, 2**16))

    def ask(case: Case[Any], where: str) -> None:
        number = next(numbers)
        visitor = {"X-Forwarded-For": f"10.9.{number >> 8}.{number & 255}"}
        answer = case.call(
            base_url=base_url,
            headers={**headers[where], **visitor},
            cookies=cookies if where == "/api/w" else {},
            timeout=_SECONDS,
        )
        case.validate_response(answer, checks=_CHECKS)

    asked = dict.fromkeys(set(TAKES) - ENDLESS, 0)
    for address in sorted(asked, key=lambda one: (one in LAST, one)):
        method, path = address.split()
        asked[address] = _ask_much(schema, method, path, ask)
    return asked


def _ask_much(
    schema: BaseSchema, method: str, path: str, ask: Callable[[Case[Any], str], None]
) -> int:
    """Draw for one address, what fits and what does not; returns how many were asked."""
    fits, fits_not = (
        schema[path][method].as_strategy(generation_mode=mode)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )
    many = 0

    @settings(
        max_examples=2 * EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(fits, fits_not))
    def draw(case: Case[Any]) -> None:
        nonlocal many
        ask(case, path[:6])
        many += 1

    draw()
    return many
