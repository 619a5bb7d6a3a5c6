"""Over which addresses is somebody invited, and how do they join?

The secret part of a link stands behind ``#``: a browser sends it in a body, never in an address.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from wijkbot.app import staff_invite
from wijkbot.app.staff_acceptance import read_acceptance
from wijkbot.app.staff_proof import totp_uri
from wijkbot.securechat.encoding import Refused, b64, number, text_of
from wijkbot.securechat.manifest import NAME_LIMIT
from wijkbot.web.pages import bot_of
from wijkbot.web.secure.answers import json_of
from wijkbot.web.secure.sessions import current_staff
from wijkbot.web.secure.staff_answers import (
    by,
    come_in,
    door_of,
    reply,
    roles_of,
    serve,
    visitor_of,
)

_ACCEPT = "token name login_name salt kdf login code member kem sig bundle"
_TOKEN_BYTES = 100


def add_invite_api(app: FastAPI) -> None:
    """Serve them."""
    serve(
        app,
        [
            ("POST", "invite/look", _look),
            ("POST", "invite/accept", _accept),
            ("POST", "invites", _invite),
        ],
    )


async def _look(request: Request) -> Response:
    row = await json_of(request, "token")
    door_of(request).limits.glance(visitor_of(request))
    house = bot_of(request).house
    seen = await staff_invite.look(house, text_of(row["token"], _TOKEN_BYTES))
    secret, name = seen.invite.totp_secret, seen.invite.name
    organisation = house.settings.organisation.name
    return reply(
        {
            "organisation": organisation,
            "org": b64(seen.org),
            "name": name,
            "roles": list(seen.invite.roles),
            "makes_root": seen.makes_root,
            "totp_secret": secret,
            "totp_uri": totp_uri(secret, name, organisation),
        }
    )


async def _accept(request: Request) -> Response:
    row = await json_of(request, _ACCEPT, "root")
    door = door_of(request)
    door.limits.glance(visitor_of(request))
    now = await staff_invite.accept(door, bot_of(request).folder, read_acceptance(row))
    return await come_in(request, now, 201)


async def _invite(request: Request) -> Response:
    """Of somebody new, or with ``account`` of somebody who lost their password."""
    staff, house = await current_staff(request), bot_of(request).house
    row = await json_of(request, "", "name roles account")
    if row.keys() == {"account"}:
        account = number(row["account"], 1)
        link = await staff_invite.invite_again(house, by(staff), account)
    elif row.keys() == {"name", "roles"}:
        name = text_of(row["name"], NAME_LIMIT)
        link = await staff_invite.invite(house, by(staff), name, roles_of(row["roles"]))
    else:
        raise Refused("shape", "expected: name and roles, or account")
    return reply({"link": link})
