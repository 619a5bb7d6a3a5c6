"""Over which addresses does somebody of the team come in, and keep their own account?"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import Response

from wijkbot.app.staff_acceptance import SALT_BYTES, read_login_name
from wijkbot.app.staff_door import Door, Inside, NewPassword
from wijkbot.app.staff_proof import LOGIN_BYTES, totp_uri
from wijkbot.securechat.bundle import Sealed, read_bundle
from wijkbot.securechat.encoding import Refused, b64, text_of, unb64
from wijkbot.storage import staff as stored
from wijkbot.storage import staff_passkeys
from wijkbot.web.pages import bot_of
from wijkbot.web.secure.answers import json_of
from wijkbot.web.secure.card_api import add_card_api
from wijkbot.web.secure.gate import Gate
from wijkbot.web.secure.headers import CLEAR
from wijkbot.web.secure.invite_api import add_invite_api
from wijkbot.web.secure.sessions import (
    Staff,
    cookie_name,
    csrf_of,
    current_staff,
)
from wijkbot.web.secure.staff_answers import (
    CODE_BYTES,
    FACTORS,
    come_in,
    done,
    door_of,
    inside,
    proof_of,
    reply,
    serve,
    visitor_of,
)
from wijkbot.web.secure.team_api import add_team_api
from wijkbot.web.secure.texts_api import add_texts_api


def add_staff_api(app: FastAPI) -> None:
    """Serve ``/api/w`` for accounts and the team, and put the gate before all of it."""
    app.state.staff_door = Door(app.state.bot.house)
    serve(
        app,
        [
            ("POST", "salt", _salt),
            ("POST", "login", _login),
            ("POST", "passkey/options", _passkey_options),
            ("POST", "passkey/login", _login),
            ("POST", "logout", _logout),
            ("GET", "me", _me),
            ("POST", "password", _password),
            ("POST", "totp", _totp),
            ("POST", "passkeys/options", _new_passkey_options),
            ("POST", "passkeys", _add_passkey),
            ("DELETE", "passkeys/{id}", _remove_passkey),
        ],
    )
    add_invite_api(app)
    add_team_api(app)
    add_texts_api(app)
    add_card_api(app)
    app.add_middleware(Gate)


async def _salt(request: Request) -> Response:
    row = await json_of(request, "name")
    salt, kdf = await door_of(request).salt(read_login_name(row["name"]), visitor_of(request))
    return reply({"salt": b64(salt), "kdf": kdf})


async def _login(request: Request) -> Response:
    row = await json_of(request, "name login", FACTORS)
    now = await door_of(request).come_in(
        read_login_name(row["name"]), proof_of(row), visitor_of(request)
    )
    return await come_in(request, now)


async def _passkey_options(request: Request) -> Response:
    row = await json_of(request, "name login")
    login = unb64(row["login"], LOGIN_BYTES)
    who = visitor_of(request)
    return reply(await door_of(request).passkey_options(read_login_name(row["name"]), login, who))


async def _logout(request: Request) -> Response:
    staff = await current_staff(request)
    await door_of(request).leave(_inside(staff))
    response = done()
    response.headers.update(CLEAR)
    response.delete_cookie(cookie_name(request), path="/")
    return response


async def _me(request: Request) -> Response:
    staff, house = await current_staff(request), bot_of(request).house
    account = await house.database.read(lambda c: stored.by_id(c, house.sealer, staff.account))
    keys = await house.database.read(lambda c: staff_passkeys.of_account(c, staff.account))
    if account is None:
        raise Refused("session", "the session is over")
    return reply(
        {
            "account": account.id,
            "name": account.name,
            "roles": stored.as_roles(account.roles).split(","),
            "permissions": sorted(staff.permissions),
            "member": b64(account.keys.member),
            "kem": b64(account.keys.kem),
            "sig": b64(account.keys.sig),
            "bundle": Sealed.of(account.keys.bundle).as_json(),
            "salt": b64(account.keys.salt),
            "kdf": account.keys.kdf,
            "csrf": csrf_of(staff.cookie),
            "has_totp": True,
            "passkeys": [b64(one.id) for one in keys],
        }
    )


async def _password(request: Request) -> Response:
    row = await json_of(request, "login new_login new_salt bundle", FACTORS)
    new = NewPassword(
        login=unb64(row["new_login"], LOGIN_BYTES),
        salt=unb64(row["new_salt"], SALT_BYTES),
        bundle=read_bundle(row["bundle"]).kept,
    )
    staff, door = await current_staff(request), door_of(request)
    account, now = await door.again(_inside(staff), proof_of(row), visitor_of(request))
    await door.change_password(account, now, new)
    return inside(request, now)


async def _totp(request: Request) -> Response:
    """Offer another authenticator app; with ``new_code``, soon after, take it."""
    staff, door = await current_staff(request), door_of(request)
    row = await json_of(request, "", f"login {FACTORS} new_code")
    if row.keys() == {"new_code"}:
        code = text_of(row["new_code"], CODE_BYTES)
        await door.take_totp(_inside(staff), staff.step_up_at, code)
        return done()
    account, now = await door.again(_inside(staff), proof_of(row), visitor_of(request))
    secret = await door.offer_totp(account)
    uri = totp_uri(secret, account.name, door.house.settings.organisation.name)
    return inside(request, now, totp_secret=secret, totp_uri=uri)


async def _new_passkey_options(request: Request) -> Response:
    staff, door = await current_staff(request), door_of(request)
    row = await json_of(request, "login", FACTORS)
    account, now = await door.again(_inside(staff), proof_of(row), visitor_of(request))
    options = await door.prover.passkeys.new_options(account)
    return inside(request, now, options=options)


async def _add_passkey(request: Request) -> Response:
    staff = await current_staff(request)
    row = await json_of(request, "passkey")
    answer = row["passkey"]
    if not isinstance(answer, dict):
        raise Refused("shape", "passkey is what the browser gave, as JSON")
    await door_of(request).add_passkey(_inside(staff), staff.step_up_at, answer)
    return done()


async def _remove_passkey(request: Request) -> Response:
    staff, door = await current_staff(request), door_of(request)
    row = await json_of(request, "login", FACTORS)
    _, now = await door.again(_inside(staff), proof_of(row), visitor_of(request))
    await door.remove_passkey(now, unb64(request.path_params["id"]))
    return inside(request, now)


def _inside(staff: Staff) -> Inside:
    return Inside(staff.account, staff.cookie)
