"""Over which addresses does the team see itself, and how does it change?"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from wijkbot.app import pin, staff_hours, staff_team
from wijkbot.app.staff_team import Team
from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import Refused, b64
from wijkbot.securechat.manifest import read_cert, read_manifest
from wijkbot.storage import staff as stored
from wijkbot.storage import staff_audit, staff_sessions
from wijkbot.storage.staff import Account
from wijkbot.web.pages import bot_of
from wijkbot.web.secure.answers import json_of, number_in
from wijkbot.web.secure.sessions import Staff, current_staff
from wijkbot.web.secure.staff_answers import account_in, by, done, reply, roles_of, serve

Json = dict[str, object]


def add_team_api(app: FastAPI) -> None:
    """Serve them."""
    serve(
        app,
        [
            ("GET", "team", _team),
            ("POST", "manifest", _manifest),
            ("POST", "certs", _cert),
            ("POST", "accounts/{id}/revoke", _revoke),
            ("POST", "accounts/{id}/roles", _roles),
            ("POST", "presence", _presence),
            ("GET", "audit", _audit),
            ("GET", "hours", _hours),
            ("PUT", "hours", _set_hours),
        ],
    )


async def _team(request: Request) -> Response:
    staff, bot = await current_staff(request), bot_of(request)
    team = await staff_team.team(bot.house)
    body: Json = {
        "root_sig": b64(team.root.root_sig) if team.root else None,
        "pin": pin.read_pin(bot.folder),
        "manifest": team.listed.manifest if team.listed else None,
        "cert": team.listed.cert if team.listed else None,
        "accounts": [_account(one, team) for one in team.accounts],
        "invites": [
            {
                "invite": one.id,
                "name": one.name,
                "roles": list(one.roles),
                "account": one.account_id,
                "expires": one.expires_at,
            }
            for one in team.invites
        ],
    }
    return reply(body | _sealed_root(staff, team))


def _account(account: Account, team: Team) -> Json:
    return {
        "account": account.id,
        "name": account.name,
        "roles": stored.as_roles(account.roles).split(","),
        "member": b64(account.keys.member),
        "kem": b64(account.keys.kem),
        "sig": b64(account.keys.sig),
        "state": "active" if account.is_active else "revoked",
        "present": account.id in team.here,
        "available": team.here.get(account.id, False),
    }


def _sealed_root(staff: Staff, team: Team) -> Json:
    if team.root is None or not staff.may("root"):
        return {}
    shown = Sealed.of(team.root.sealed).as_json()
    return {"sealed_root": shown, "recovery_kem": b64(team.root.recovery_kem)}


async def _manifest(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    row = await json_of(request, "manifest", "cert")
    manifest = read_manifest(row["manifest"])
    cert = read_cert(row["cert"]) if "cert" in row else None
    await staff_team.add_manifest(house, staff.account, staff.member, manifest, cert)
    _ring(request, [])
    return done()


async def _cert(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    row = await json_of(request, "cert")
    await staff_team.add_cert(house, staff.account, read_cert(row["cert"]))
    return done()


async def _revoke(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    _ring(request, await staff_team.revoke(house, by(staff), account_in(request)))
    return done()


async def _roles(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    row = await json_of(request, "roles")
    roles = roles_of(row["roles"])
    _ring(request, await staff_team.set_roles(house, by(staff), account_in(request), roles))
    return done()


def _ring(request: Request, given_back: list[bytes]) -> None:
    """Tell whoever waits that these conversations are nobody's now."""
    room = bot_of(request).secure
    if room is not None:
        for conv in given_back:
            room.wakes.ring(conv)
        room.wakes.ring_team()


async def _presence(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    row = await json_of(request, "available")
    wanted = row["available"]
    if not isinstance(wanted, bool):
        raise Refused("shape", "available is true or false")
    await house.database.write(
        lambda c: staff_sessions.set_available(c, staff.cookie, is_available=wanted)
    )
    if (room := bot_of(request).secure) is not None:
        room.known.forget_around()
    return done()


async def _audit(request: Request) -> Response:
    await current_staff(request)
    before = number_in(request, "before")
    lines = await bot_of(request).house.database.read(lambda c: staff_audit.page(c, before))
    return reply(
        {
            "lines": [
                {
                    "id": one.id,
                    "account": one.account,
                    "action": one.action,
                    "about": one.about,
                    "conv": b64(one.conv) if one.conv else None,
                    "item": one.item,
                    "at": one.minute * 60,
                }
                for one in lines
            ]
        }
    )


async def _hours(request: Request) -> Response:
    await current_staff(request)
    house = bot_of(request).house
    spans = await house.database.read(lambda c: staff_hours.hours(c, house))
    return reply({"hours": staff_hours.as_json(spans)})


async def _set_hours(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    row = await json_of(request, "hours")
    await staff_hours.set_hours(house, staff.account, row["hours"])
    return done()
