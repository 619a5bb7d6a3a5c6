"""Do the headers of an answer say what they must, to a browser and not only to the eye?

Values are taken apart as a browser does: order, case and spaces do not matter, a header that
stands there twice or a word that no browser knows does. docs/secure-chat-hosting.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import httpx

from wijkbot.web.secure.headers import SECURE_HEADERS

NONE, SELF = frozenset({"'none'"}), frozenset({"'self'"})
NEVER = (
    "set-cookie", "nel", "report-to", "reporting-endpoints", "refresh", "link", "sourcemap",
    "x-sourcemap", "content-security-policy-report-only",
)  # fmt: skip
"""What would leave a trace, tell somebody else, or load something."""
CHATTY = ("server", "x-powered-by")
_YEAR = 31_536_000
_EXACT = {
    "default-src": NONE,
    "form-action": NONE,
    "base-uri": NONE,
    "frame-ancestors": NONE,
    "trusted-types": NONE,
    "require-trusted-types-for": frozenset({"'script'"}),
}
_AT_MOST = {
    "script-src": SELF,
    "style-src": SELF,
    "img-src": SELF | {"blob:"},
    "font-src": SELF,
    "worker-src": SELF,
}
_AGE = re.compile(r'max-age="?([0-9]{1,12})"?')
_FEATURE = re.compile(r"([a-z-]+)=\(\s*(self)?\s*\)")


def wrong_headers(
    headers: httpx.Headers,
    connect: Iterable[str] = (),
    wanted: Mapping[str, str] = SECURE_HEADERS,
) -> list[str]:
    """Each header that is missing or not valid, as one line; ``connect`` may be asked as well."""
    wrong = []
    for name in wanted:
        values = headers.get_list(name)
        if not values:
            wrong.append(f"{name} is missing")
        elif len(values) > 1:
            wrong.append(f"{name} stands there {len(values)} times")
        elif name == "Content-Security-Policy":
            wrong += [f"{name}: {problem}" for problem in wrong_policy(values[0], connect)]
        elif name == "Permissions-Policy":
            if not _switches_off(values[0], wanted[name]):
                wrong.append(_not_valid(name, values[0]))
        elif not _RULES[name](values[0].strip()):
            wrong.append(_not_valid(name, values[0]))
    return wrong + [f"{name} must not be there" for name in NEVER if name in headers]


def _not_valid(name: str, value: str) -> str:
    return f"{name} is not valid: {value[:80]!r}"


def wrong_policy(value: str, connect: Iterable[str] = ()) -> list[str]:
    """What a Content-Security-Policy allows that it must not, or lacks."""
    rules, wrong = _taken_apart(value)
    for name, sources in _EXACT.items():
        if rules.get(name) != sources:
            wrong.append(f"{name} is not {' '.join(sources)}")
    limits = _AT_MOST | {"connect-src": SELF | set(connect)}
    for name, most in limits.items():
        sources = rules.get(name, NONE)  # default-src is 'none'
        if sources != NONE and not sources <= most:
            wrong.append(f"{name} allows {' '.join(sorted(sources - most))}")
    others = rules.keys() - _EXACT.keys() - limits.keys()
    wrong += [f"{name} allows more" for name in sorted(others) if rules[name] != NONE]
    if not rules.get("connect-src", NONE) >= set(connect):
        wrong.append(f"connect-src does not name {' '.join(connect)}: no chat can begin")
    return wrong


def _taken_apart(value: str) -> tuple[dict[str, frozenset[str]], list[str]]:
    """Each directive with its sources; of two with one name a browser takes the first."""
    rules: dict[str, frozenset[str]] = {}
    wrong = ["it is two policies"] if "," in value else []
    for part in value.split(";"):
        name, *sources = part.lower().split() or [""]
        if name in rules:
            wrong.append(f"{name} stands there twice")
        elif name:
            rules[name] = frozenset(sources) or NONE
    rules.pop("upgrade-insecure-requests", None)
    return rules, wrong


def _is(wanted: str) -> Callable[[str], bool]:
    return lambda value: value.lower() == wanted


def _keeps_https(value: str) -> bool:
    parts = [part.strip().lower() for part in value.split(";")]
    ages = [found[1] for part in parts if (found := _AGE.fullmatch(part))]
    is_long = len(ages) == 1 and int(ages[0]) >= _YEAR
    return is_long and "includesubdomains" in parts


def _blocks_scripts(value: str) -> bool:
    found = re.fullmatch(r"blocked-destinations=\(([a-z ]*)\)(, *sources=\(inline\))?", value)
    return found is not None and "script" in found[1].split()


def _features(value: str) -> dict[str, str] | None:
    """Each feature with who may use it, "" or "self"; None when it is no such list."""
    found = [_FEATURE.fullmatch(part.strip()) for part in value.split(",")]
    return None if None in found else {one[1]: one[2] or "" for one in found if one}


def _switches_off(value: str, wanted: str) -> bool:
    """At least what is wanted is switched off, and on only where it is wanted for the page."""
    off, given = _features(wanted) or {}, _features(value)
    if given is None or not off.keys() <= given.keys():
        return False
    return all(who in {"", off.get(name, "")} for name, who in given.items())


def _names(*wanted: str) -> Callable[[str], bool]:
    return lambda value: set(wanted) <= {part.strip().lower() for part in value.split(",")}


_RULES: dict[str, Callable[[str], bool]] = {
    "Integrity-Policy": _blocks_scripts,
    "Strict-Transport-Security": _keeps_https,
    "Referrer-Policy": _is("no-referrer"),
    "X-Content-Type-Options": _is("nosniff"),
    "X-Frame-Options": _is("deny"),
    # structured values: a browser ignores them in another case
    "Cross-Origin-Opener-Policy": lambda value: value == "same-origin",
    "Cross-Origin-Embedder-Policy": lambda value: value == "require-corp",
    "Cross-Origin-Resource-Policy": _is("same-origin"),
    "Origin-Agent-Cluster": lambda value: value == "?1",
    "Cache-Control": _names("no-store"),
    "X-Robots-Tag": _names("noindex", "nofollow", "noarchive"),
}
