"""What does docs/secure-chat-api.md say, in words that a program can try out?

The server publishes no such list; this one is for the tests. Fields mean the same wherever they
stand, so each has one shape here, and an address names the fields that it takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.securechat.client.manifest import ROLES as LISTED_ROLES

Json = dict[str, Any]
_LETTERS = "[A-Za-z0-9_-]"
_TIME = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 40}


def _raw(length: int) -> Json:
    """So many bytes as base64url: the last letter has no bits too many."""
    whole, rest = divmod(length, 3)
    last = {0: "", 1: f"{_LETTERS}[AQgw]", 2: f"{_LETTERS}{{2}}[AEIMQUYcgkosw048]"}[rest]
    return {"type": "string", "pattern": f"^{_LETTERS}{{{whole * 4}}}{last}$"}


def _all(**fields: Json) -> Json:
    return {
        "type": "object",
        "properties": fields,
        "required": sorted(fields),
        "additionalProperties": False,
    }


ID, HASH, KEY, SIGNATURE = _raw(16), _raw(32), _raw(65), _raw(64)
SEALED = _all(iv=_raw(12), ct=_raw(60))
ENVELOPE = _all(e=_TIME, by=ID, n=_TIME, prev=HASH, iv=_raw(12), ct=_raw(272), signature=SIGNATURE)
WRAPSET = _all(
    e=_TIME,
    by=ID,
    commit=HASH,
    manifest_hash=HASH,
    recipients={"type": "array", "items": _all(to=ID, kem=KEY, enc=KEY, ct=_raw(48))},
    signature=SIGNATURE,
)
MEMBER = _all(id=ID, name=_TEXT, role={"enum": sorted(LISTED_ROLES)}, kem=KEY, sig=KEY)
MANIFEST = _all(
    org=ID,
    team=ID,
    version=_TIME,
    issued=_TIME,
    expires=_TIME,
    prev_hash=HASH,
    recovery_kem=KEY,
    members={"type": "array", "items": MEMBER, "maxItems": 3},
    by=ID,
    signature=SIGNATURE,
)
CERT = _all(org=ID, member=ID, sig=KEY, not_after=_TIME, signature=SIGNATURE)
FIELDS: Mapping[str, Json] = {
    "abusive": {"type": "boolean"},
    "account": {"type": "integer", "minimum": 1},
    "area": {"enum": ["", "elders"]},
    "auth": HASH,
    "auth_hash": HASH,
    "available": {"type": "boolean"},
    "bundle": SEALED,
    "cert": CERT,
    "code": {"type": "string", "pattern": "^[0-9]{6}$"},
    "conv": ID,
    "ct": _raw(272),
    "draft": ID,
    "e": _TIME,
    "envelope": ENVELOPE,
    "hours": {
        "type": "array",
        "items": _all(
            **{
                "day": {"enum": ["MO", "TU", "SU"]},
                "from": {"enum": ["09:00", "10:30"]},
                "to": {"enum": ["12:00", "17:00"]},
            }
        ),
    },
    "id": ID,
    "item": {"enum": ["F01", "F08", "T11"]},
    "iv": _raw(12),
    "kdf": {"enum": ["pbkdf2-sha256-600000", "argon2id-64m-3"]},
    "kem": KEY,
    "lang": {"enum": ["nl", "fr", "en"]},
    "language": {"enum": ["nl", "fr", "xx"]},
    "locator": ID,
    "locator_hash": HASH,
    "login": HASH,
    "login_name": _TEXT,
    "manifest": MANIFEST,
    "member": ID,
    "name": _TEXT,
    "new_code": {"type": "string", "pattern": "^[0-9]{6}$"},
    "new_login": HASH,
    "new_salt": ID,
    "passkey": {"type": "object"},
    "pow": _all(challenge={"type": "string"}, nonce=_TIME),
    "roles": {"type": "array", "items": {"enum": ["worker", "trainee", "moderator"]}},
    "root": _all(root_sig=KEY, recovery_kem=KEY, sealed=SEALED, cert=CERT, manifest=MANIFEST),
    "salt": ID,
    "sig": KEY,
    "to": ID,
    "token": HASH,
    "version": _TIME,
    "wrapset": WRAPSET,
    "wrapsets": {"type": "array", "items": WRAPSET, "maxItems": 2},
}
_CODE = "locator_hash auth_hash kdf bundle"
_BEGINNING = f"conv kem sig {_CODE} lang wrapset envelope ?pow"
_ACCEPT = "token name login_name salt kdf login code member kem sig bundle ?root"
_PASSING = "version to wrapsets"
_FACTORS = "?code ?passkey"
_AT = "/api/w/conversations/{conv}"

TAKES: Mapping[str, str] = {
    "GET /api/c/config": "",
    "POST /api/c/conversations": _BEGINNING,
    "POST /api/c/return": "locator auth",
    "GET /api/c/messages": "",
    "POST /api/c/messages": "envelope ?wrapset",
    "GET /api/c/keys": "",
    "PUT /api/c/blobs/{blob}": "BLOB",
    "GET /api/c/blobs/{blob}": "",
    "POST /api/c/code": _CODE,
    "POST /api/c/close": "",
    "DELETE /api/c/conversation": "",
    "POST /api/c/exit": "",
    "POST /api/w/salt": "name",
    "POST /api/w/login": f"name login {_FACTORS}",
    "POST /api/w/passkey/options": "name login",
    "POST /api/w/passkey/login": f"name login {_FACTORS}",
    "POST /api/w/logout": "",
    "GET /api/w/me": "",
    "POST /api/w/password": f"login new_login new_salt bundle {_FACTORS}",
    "POST /api/w/totp": f"?login {_FACTORS} ?new_code",
    "POST /api/w/passkeys/options": f"login {_FACTORS}",
    "POST /api/w/passkeys": "passkey",
    "DELETE /api/w/passkeys/{id}": f"login {_FACTORS}",
    "POST /api/w/invite/look": "token",
    "POST /api/w/invite/accept": _ACCEPT,
    "POST /api/w/invites": "?name ?roles ?account",
    "GET /api/w/team": "",
    "POST /api/w/manifest": "manifest ?cert",
    "POST /api/w/certs": "cert",
    "POST /api/w/accounts/{id}/revoke": "",
    "POST /api/w/accounts/{id}/roles": "roles",
    "POST /api/w/presence": "available",
    "GET /api/w/audit": "",
    "GET /api/w/hours": "",
    "PUT /api/w/hours": "hours",
    "GET /api/w/queue": "",
    "GET /api/w/events": "",
    "GET /api/w/texts": "",
    "GET /api/w/cards": "",
    "POST /api/w/cards": "id code item ?language ?area",
    f"POST {_AT}/claim": "version",
    f"POST {_AT}/release": "version wrapsets",
    f"POST {_AT}/offer": _PASSING,
    f"POST {_AT}/withdraw": "version",
    f"POST {_AT}/accept": "version",
    f"POST {_AT}/decline": "version",
    f"POST {_AT}/close": "version abusive",
    f"POST {_AT}/guests": _PASSING,
    f"DELETE {_AT}/guests/{{id}}": "",
    f"GET {_AT}/keys": "",
    f"GET {_AT}/messages": "",
    f"POST {_AT}/messages": "envelope ?wrapset",
    f"GET {_AT}/blobs/{{id}}": "",
    f"PUT {_AT}/blobs/{{id}}": "BLOB",
    f"GET {_AT}/drafts": "",
    f"PUT {_AT}/drafts": "draft e iv ct",
    f"DELETE {_AT}/drafts": "",
}
"""Every address, and the fields of its body; those with a question mark may be left out."""

QUERIES: Mapping[str, Mapping[str, Json]] = {
    "GET /api/c/messages": {"after": _TIME, "version": _TIME},
    f"GET {_AT}/messages": {"after": _TIME, "version": _TIME},
    "GET /api/w/audit": {"before": _TIME},
    "GET /api/w/texts": {"lang": {"enum": ["nl", "fr", "xx"]}},
    "GET /api/w/cards": {"area": {"enum": ["", "elders"]}},
}
REFUSAL = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
    "required": ["error", "detail"],
}


def openapi(conv: str) -> Json:
    """All addresses as OpenAPI; ``conv`` is a conversation that there is."""
    paths: dict[str, Json] = {}
    for address, takes in TAKES.items():
        method, path = address.split()
        named = [_in_path(name, conv) for name in re.findall(r"{(\w+)}", path)]
        asked = [
            {"name": name, "in": "query", "schema": shape}
            for name, shape in QUERIES.get(address, {}).items()
        ]
        paths.setdefault(path, {})[method.lower()] = {
            "parameters": named + asked,
            "responses": {"2XX": {"description": "done"}, "4XX": _refused()},
            **_body(takes),
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": "secure chat", "version": "1"},
        "paths": paths,
    }


def _in_path(name: str, conv: str) -> Json:
    other = {"type": "string", "pattern": "^([1-9][0-9]{0,3}|[A-Za-z0-9_-]{21}[AQgw])$"}
    known = {"type": "string", "enum": [conv]}
    shape = {"anyOf": [known, other]} if name == "conv" else other
    return {"name": name, "in": "path", "required": True, "schema": shape}


def _refused() -> Json:
    return {
        "description": "refused",
        "content": {"application/json": {"schema": REFUSAL}},
    }


def _body(takes: str) -> Json:
    if not takes:
        return {}
    kind = "application/octet-stream"
    shape: Json = {"type": "string", "format": "binary"}
    if takes != "BLOB":
        kind, shape = "application/json", _fields(takes.split())
    return {"requestBody": {"required": True, "content": {kind: {"schema": shape}}}}


def _fields(names: list[str]) -> Json:
    return {
        "type": "object",
        "properties": {name.strip("?"): FIELDS[name.strip("?")] for name in names},
        "required": [name for name in names if not name.startswith("?")],
        "additionalProperties": False,
    }
