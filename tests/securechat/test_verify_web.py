"""Does `wijkbot verify-web` see it when a server gives residents something else?"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from typer.testing import CliRunner

from tests.securechat.client.encoding import b64
from tests.securechat.client.member import make_worker
from tests.securechat.meddling import Outside, outside, rewritten
from wijkbot.cli.main import app
from wijkbot.web.outside import fetching
from wijkbot.web.outside.rooms import TEAM
from wijkbot.web.secure.built import built_files

END = b"</body>"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with outside(tmp_path_factory.mktemp("bot")) as made:
        yield made


@pytest.fixture
def seen(server: Outside) -> Outside:
    """The same server for all tests; each asks for itself."""
    return Outside(server.crew, server.url, hand=server.hand)


async def test_the_right_page_passes_in_every_language(seen: Outside) -> None:
    assert [] == await seen.problems()
    pages = [url for url in seen.asked if "/c?lang=" in url]
    assert 9 == len(pages)


async def test_57_verify_web_sees_a_changed_byte(seen: Outside) -> None:
    built = built_files("c")
    files = [built["c"]["script"], built["c"]["styles"][0]["href"], built["c"]["icon"]]
    files += [one["href"] for one in built["words"].values()]
    assert len(files) >= 6
    found = await seen.problems(rewritten("/static/c/", b"e", b"f"))
    assert [f"{path} content" for path in files] == [one.partition(":")[0] for one in found]
    assert all(": changed: " in one for one in found)


async def test_something_in_one_page_of_one_language_is_seen(seen: Outside) -> None:
    """An inline script, and only for who reads Arabic."""
    there = rewritten("/c", END, b"<script>fetch('/x')</script></body>")

    def meddle(request: Request, answer: Response) -> Response:
        return there(request, answer) if request.query_params.get("lang") == "ar" else answer

    found = await seen.problems(meddle)
    assert "/c?lang=ar elements: text inside <script>: it is inline" in found
    assert "/c?lang=ar loads: 2 scripts where one belongs" in found
    assert all(one.startswith("/c?lang=ar ") for one in found)


async def test_a_language_that_is_kept_from_the_eye_is_missed(seen: Outside) -> None:
    one = rewritten("/c", b'href="/c?lang=uk"', b'href="/c?lang=nl"')
    assert ["languages: no page in uk"] == await seen.problems(one)


async def test_a_missing_header_is_seen_on_page_file_and_answer(seen: Outside) -> None:
    def meddle(request: Request, answer: Response) -> Response:
        del answer.headers["integrity-policy"]
        return answer

    found = await seen.problems(meddle)
    for what in ("/c headers", built_files("c")["c"]["script"], "/api/c/config headers"):
        assert any(one.startswith(what) for one in found), what
    assert all(one.endswith("Integrity-Policy is missing") for one in found)


async def test_another_pin_is_seen_whoever_lies(seen: Outside) -> None:
    """A page with another pin; and the whole server when the paper says another one."""
    other = b64(make_worker("x").sig.public[:32]).encode()
    true = b64(bytes.fromhex(seen.pin)).encode()
    found = await seen.problems(rewritten("/c", true, other))
    assert 10 == len([one for one in found if "the pin is another one" in one]), found
    assert 10 == len(found)
    found = await seen.problems(pin="ab" * 32)
    assert "/api/c/config team: the root is not the one of the pin" in found
    assert any("the pin is another one" in one for one in found)


async def test_a_team_of_somebody_else_is_seen(seen: Outside) -> None:
    """The database is another one, the page is right."""
    name = rewritten("/api/c/config", b'"name":"Anna"', b'"name":"Mallory"')
    (found,) = await seen.problems(name)
    assert found.startswith("/api/c/config team: no page would accept this team")


async def test_without_a_team_it_is_a_note_and_no_alarm(seen: Outside) -> None:
    def meddle(request: Request, answer: Response) -> Response:
        if request.url.path == "/api/c/config":
            answer.status_code = 503
        return answer

    assert [] == await seen.problems(meddle)


async def test_a_redirect_to_another_server_ends_the_matter(seen: Outside) -> None:
    def away(request: Request, answer: Response) -> Response:
        return (
            RedirectResponse("https://elsewhere.example/c") if request.url.path == "/c" else answer
        )

    (found,) = await seen.problems(away)
    assert "leads to another server: https://elsewhere.example/c" in found
    assert not any("elsewhere" in url for url in seen.asked)


async def test_a_redirect_of_the_script_is_not_followed(seen: Outside) -> None:
    script = built_files("c")["c"]["script"]

    def away(request: Request, answer: Response) -> Response:
        return RedirectResponse("/static/front.css") if request.url.path == script else answer

    assert [f"{script}: the answer is 307 to {seen.url}/static/front.css"] == await seen.problems(
        away
    )


async def test_the_page_of_the_team_is_looked_at_too(seen: Outside) -> None:
    assert [] == await seen.problems(room=TEAM)
    assert any(url.endswith("/werk/uitnodiging") for url in seen.asked)
    script = built_files("werk")["werk"]["script"]
    (found,) = await seen.problems(rewritten(script, b"e", b"f"), room=TEAM)
    assert found.startswith(f"{script} content: changed")
    there = rewritten("/werk/uitnodiging", END, b"<script>1</script></body>")
    found = (await seen.problems(there, room=TEAM))[0]
    assert "/werk/uitnodiging elements: text inside <script>: it is inline" == found


async def test_pages_of_others_may_not_ask(seen: Outside) -> None:
    def meddle(request: Request, answer: Response) -> Response:
        answer.headers["access-control-allow-origin"] = "*"
        return answer

    assert ["/api/c sharing: pages of others may ask: *"] == await seen.problems(meddle)


async def test_a_page_without_end_is_not_read_to_the_end(seen: Outside) -> None:
    def endless(request: Request, answer: Response) -> Response:
        return Response(b"x" * 400_000) if request.url.path == "/c" else answer

    found = await seen.problems(endless)
    assert "/c: it is larger than 262144 bytes" in found


async def test_a_server_that_never_answers_is_not_waited_for(
    seen: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.3)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        seen.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = await seen.problems()
    assert any("no whole answer within" in one for one in found)


async def _command(*arguments: str, folder: Path) -> tuple[int, list[str], str]:
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wijkbot", "verify-web", *arguments),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await done.communicate()
    return done.returncode or 0, out.decode().splitlines(), err.decode()


async def test_the_command_says_each_check_and_ends_with_one_word(tmp_path: Path) -> None:
    async with outside(tmp_path / "bot", at=None) as seen:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        code, lines, _ = await _command(f"{seen.url}/c", "--pin", seen.pin, folder=elsewhere)
        assert 0 == code, lines
        assert len(lines) > 60 and all(line.startswith("ok ") for line in lines[:-1])
        assert lines[-1].startswith(f"Right: {len(lines) - 1} checks; {seen.url}/c is the page of")
        # beside the pin file no option is needed; nor is the path
        assert 0 == (await _command(seen.url, "--quiet", folder=tmp_path / "bot"))[0]
        seen.hand.does = rewritten("/static/c/page-", b"wb1/", b"wb2/")
        code, lines, _ = await _command(seen.url, "--quiet", folder=tmp_path / "bot")
        assert 1 == code
        assert 3 == len(lines)
        assert "content: changed" in lines[0]
        assert lines[1].startswith("ALARM: 1 of ")


async def test_the_command_asks_for_https_and_for_a_pin(tmp_path: Path) -> None:
    nothing = tmp_path / "wijkbot.toml"
    pin = ("--pin", "ab" * 32)
    for arguments, remedy in (
        (("http://chat.example.org/c", *pin), "give the page's address, as https://"),
        (("https://user@chat.example.org/c", *pin), "give the page's address"),
        (("https://chat.example.org/c",), "give the 64 digits of organisation-root.pin"),
        (("https://chat.example.org/c", "--pin", "abc"), "give the 64 digits"),
        (("https://chat.example.org/c", *pin, "--api", "http://bot.example"), "--api"),
    ):
        done = CliRunner().invoke(app, ["verify-web", *arguments, "-c", str(nothing)])
        assert remedy in str(done.exception), done.output
