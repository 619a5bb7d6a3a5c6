"""Is every way to slip something into the page or its headers seen, one by one?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.securechat.meddling import Outside, outside
from wijkbot.web.outside.elements import Unreadable, read_page, vocabulary
from wijkbot.web.outside.expected import Expected, expected
from wijkbot.web.outside.header_rules import NEVER, wrong_headers, wrong_policy
from wijkbot.web.outside.host_files import shared_headers
from wijkbot.web.outside.page_rules import checks_of
from wijkbot.web.outside.rooms import RESIDENTS, TEAM
from wijkbot.web.secure.headers import CONSOLE_HEADERS, SECURE_HEADERS

URL = "https://chat.example.org/c"
POLICY = SECURE_HEADERS["Content-Security-Policy"]
BUILT = expected("00" * 32)
SCRIPT, STYLE = BUILT.script, BUILT.styles[0]

SLIPPED = [
    ("</body>", "<script>1</script></body>", "text inside <script>: it is inline"),
    ("</body>", '<script src="/static/c/x.js"></script></body>', "2 scripts where one belongs"),
    ("</body>", '<SCRIPT/src="/x.js"></SCRIPT></body>', "2 scripts where one belongs"),
    ("</body>", "<svg><script>1</script></svg></body>", "an element <svg>"),
    ("</body>", "<style>*{}</style></body>", "an element <style>"),
    ("</body>", '<img src="https://a.example/"></body>', "an element <img>"),
    ("</body>", '<iframe srcdoc="x"></iframe></body>', "an element <iframe>"),
    ("</body>", "<!-- x --></body>", "a comment, or no plain <!doctype html>"),
    ("</body>", "<!--><script src=/x></script>--></body>", "tags that can be read in two ways"),
    ("</body>", "<?x <script>?></body>", "a comment, or no plain <!doctype html>"),
    ("<body>", '<body onload="x()">', "an event handler: onload of <body>"),
    ("<body>", "<body ONCLICK=x()>", "an event handler: onclick of <body>"),
    ("<body>", '<body style="x">', "an attribute style of <body>"),
    ("<main ", '<main ping="/x" ', "an attribute ping of <main>"),
    ("<head>", '<head><base href="https://a.example/">', "an element <base>"),
    ("<head>", '<head><meta http-equiv="refresh" content="0">', "a <meta> with http-equiv"),
    ("<head>", '<head><meta name="monetization">', "a <meta> with name"),
    ("<head>", '<head><link rel="preload" href="/x">', "a link 'preload' to '/x'"),
    ("<head>", '<head><link rel="stylesheet" href="//a.example/x">', "loads from elsewhere"),
    ("<form ", '<form action="https://a.example/" ', "an attribute action of <form>"),
    ("<button ", '<button formaction="/x" ', "an attribute formaction of <button>"),
    ("</body>", '<a href="https://a.example/">x</a></body>', "leads to 'https://a.example/'"),
    ("</body>", '<a href="javascript:x()">x</a></body>', "leads to 'javascript:x()'"),
    ("</body>", '<a href="/static/x">x</a></body>', "a link leads to '/static/x'"),
    ("</body>", '<a href="//a.example/c">x</a></body>', "a link leads to '//a.example/c'"),
    ("</body>", '<a href="https://[x">x</a></body>', "a link leads to 'https://[x'"),
    ("</body>", '<a href="https://a:99999/c">x</a></body>', "a link leads to 'https://a:99999/c'"),
    ("</body>", '<div id="chat"></div></body>', "the page has no data for its script"),
    ("</body>", "\x00</body>", "a control character"),
    (f' integrity="{SCRIPT.integrity}"', "", f"the integrity of {SCRIPT.href} is not that"),
    (STYLE.integrity, SCRIPT.integrity, f"the integrity of {STYLE.href} is not that"),
    (SCRIPT.href, "/static/c/x.js", "loads '/static/c/x.js', which this installation does not"),
    (SCRIPT.href, f"https://a.example{SCRIPT.href}", "<script> loads from elsewhere"),
    ('crossorigin="anonymous" defer', "defer", "lacks crossorigin"),
    ('crossorigin="anonymous" defer', 'type="x" crossorigin="anonymous" defer', "has a type"),
    ('"api": ""', '"api": "https://a.example"', "the chat is at 'https://a.example'"),
    ('"list": "nl"', '"list": "xx"', "codes are drawn from a list that is not there"),
    ('"list": "nl"', '"list": []', "codes are drawn from a list that is not there"),
    ('"lang": "nl"', '"lang": []', "the texts are not those of this installation"),
    ('"lang": "nl"', '"lang": "xx"', "the texts are not those of this installation"),
    ('"lang": "nl"', '"more": 1, "lang": "nl"', "unknown data: more"),
    ('"texts": {', '"texts": {"x": "y", ', "the texts are not those of this installation"),
    (BUILT.words["nl"].integrity, SCRIPT.integrity, "the word lists are not those"),
    ('id="exit" href="https://', 'id="exit" href="http://', "the way out leads to 'http://"),
    ('id="exit" href="https://', 'id="exit" href="https://a.example/', "two ways out"),
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    async with outside(tmp_path_factory.mktemp("bot")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def true(server: Outside) -> tuple[str, Expected]:
    """The page as it is, and what is right."""
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{server.url}/c")).text, expected(server.pin)


def _problems(page: str, right: Expected) -> list[str]:
    read = read_page(page.encode(), vocabulary(RESIDENTS.templates))
    return [problem for check in checks_of(read, URL, right) for problem in check.problems]


@pytest.mark.asyncio(loop_scope="module")
async def test_every_way_into_the_page_is_seen(true: tuple[str, Expected]) -> None:
    page, right = true
    assert [] == _problems(page, right)
    for old, new, told in SLIPPED:
        assert old in page, old
        found = _problems(page.replace(old, new, 1), right)
        assert any(told in one for one in found), (new, found)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_way_out_is_the_one_of_the_settings(
    true: tuple[str, Expected], server: Outside
) -> None:
    right = expected(server.pin, exit_url="https://www.meteo.be/nl")
    (found,) = _problems(true[0], right)
    assert "not to [secure_chat] exit_url" in found


def test_a_page_in_another_encoding_is_not_read() -> None:
    with pytest.raises(Unreadable):
        read_page("<!doctype html><p>é".encode("utf-16"), vocabulary(RESIDENTS.templates))


def test_headers_of_this_server_are_right_and_each_is_missed() -> None:
    assert [] == wrong_headers(httpx.Headers(SECURE_HEADERS))
    for name in SECURE_HEADERS:
        rest = {key: value for key, value in SECURE_HEADERS.items() if key != name}
        assert [f"{name} is missing"] == wrong_headers(httpx.Headers(rest))
        twice = [*SECURE_HEADERS.items(), (name, SECURE_HEADERS[name])]
        assert [f"{name} stands there 2 times"] == wrong_headers(httpx.Headers(twice))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # values that look right, and that browsers ignore
        ("Cross-Origin-Embedder-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "Same-Origin"),
        ("Permissions-Policy", "camera=('none')"),
        ("Permissions-Policy", "camera 'none'"),
        ("Permissions-Policy", CONSOLE_HEADERS["Permissions-Policy"]),
        ("Origin-Agent-Cluster", "1"),
        ("Integrity-Policy", "script"),
        ("Integrity-Policy", "blocked-destinations=(style)"),
        ("Strict-Transport-Security", "max-age=0; includeSubDomains"),
        ("Strict-Transport-Security", "includeSubDomains"),
        ("Strict-Transport-Security", f"max-age={'9' * 5000}; includeSubDomains"),
        ("Strict-Transport-Security", "max-age=63072000"),
        ("Referrer-Policy", "no-referer"),
        ("X-Content-Type-Options", "no-sniff"),
        ("X-Frame-Options", "ALLOW-FROM https://a.example"),
        ("Cache-Control", "max-age=60"),
        ("X-Robots-Tag", "none"),
    ],
)
def test_a_header_that_does_nothing_is_seen(name: str, value: str) -> None:
    (found,) = wrong_headers(httpx.Headers({**SECURE_HEADERS, name: value}))
    assert found.startswith(f"{name} is not valid")


def test_only_the_team_may_ask_for_a_passkey() -> None:
    team = httpx.Headers(CONSOLE_HEADERS)
    assert [] == wrong_headers(team, wanted=TEAM.headers)
    assert [] == wrong_headers(httpx.Headers(SECURE_HEADERS), wanted=TEAM.headers), "or less"
    assert 1 == len(wrong_headers(team, wanted=RESIDENTS.headers))


@pytest.mark.parametrize("name", NEVER)
def test_what_leaves_a_trace_or_loads_something_is_seen(name: str) -> None:
    found = wrong_headers(httpx.Headers({**SECURE_HEADERS, name: "x"}))
    assert [f"{name} must not be there"] == found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("script-src 'self'", "script-src 'self' 'unsafe-inline'", "allows 'unsafe-inline'"),
        ("script-src 'self'", "script-src *", "script-src allows *"),
        ("script-src 'self'", "script-src", ""),
        ("default-src 'none'", "default-src 'self'", "default-src is not 'none'"),
        ("default-src 'none'; ", "", "default-src is not 'none'"),
        ("connect-src 'self'", "connect-src 'self' https://a.example", "allows https://a.example"),
        ("img-src 'self' blob:", "img-src *", "img-src allows *"),
        ("trusted-types 'none'", "trusted-types *", "trusted-types is not 'none'"),
        ("form-action 'none'; ", "", "form-action is not 'none'"),
        ("frame-ancestors 'none'", "frame-ancestors *", "frame-ancestors is not 'none'"),
        ("base-uri 'none'", "base-uri 'none'; script-src-elem *", "script-src-elem allows more"),
        ("base-uri 'none'", "base-uri 'none'; report-uri /x", "report-uri allows more"),
        ("default-src 'none'", "default-src 'none'; base-uri 'self'", "base-uri is not 'none'"),
        ("default-src 'none'", "default-src 'none', default-src *", "it is two policies"),
    ],
)
def test_a_policy_is_taken_apart(old: str, new: str, told: str) -> None:
    assert old in POLICY
    found = wrong_policy(POLICY.replace(old, new, 1))
    assert [] == found if not told else any(told in one for one in found), found


def test_a_policy_may_be_written_in_another_way() -> None:
    parts = [part.strip().replace(" ", "   ").upper() for part in POLICY.split(";")]
    assert [] == wrong_policy(";".join(reversed(parts)) + ";; upgrade-insecure-requests ;")


def test_only_the_named_server_may_be_asked_as_well() -> None:
    api = "https://bot.example.org"
    wider = shared_headers(api)["Content-Security-Policy"]
    assert [] == wrong_policy(wider, [api])
    assert wrong_policy(wider) == [f"connect-src allows {api}"]
    assert wrong_policy(POLICY, [api]) == [f"connect-src does not name {api}: no chat can begin"]
