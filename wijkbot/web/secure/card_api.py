"""Over which addresses does a worker send an info card to somebody who gave them a code?

This is no part of a secure conversation: nothing of one is read here, and nobody learns whose
the code is.
"""

from __future__ import annotations

import re

from fastapi import FastAPI, Request
from starlette.responses import Response

from wijkbot.app import info_card
from wijkbot.app.info_card import NoCardError, Order
from wijkbot.app.staff_card_limits import CardLimits
from wijkbot.engine.values import CODE_DIGITS
from wijkbot.securechat.encoding import ID_LENGTH, Refused, b64, text_of, unb64
from wijkbot.web.pages import bot_of
from wijkbot.web.secure.answers import json_of
from wijkbot.web.secure.sessions import Staff, current_staff
from wijkbot.web.secure.staff_answers import reply, serve

_CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
_WORD_BYTES = 100


def add_card_api(app: FastAPI) -> None:
    """Serve ``/api/w/cards``."""
    app.state.card_limits = CardLimits(app.state.bot.house.clock)
    serve(app, [("GET", "cards", _cards), ("POST", "cards", _send)])


async def _cards(request: Request) -> Response:
    """The cards of one neighbourhood, as they read now."""
    await current_staff(request)
    bot = bot_of(request)
    areas = bot.house.settings.areas()
    area = request.query_params.get("area", next(iter(areas)))
    if area not in areas:
        raise Refused("shape", "area is one of our neighbourhoods")
    return reply(
        {
            "areas": [{"id": name, "name": one.name} for name, one in areas.items()],
            "area": area,
            "languages": bot.house.settings.languages_of(area),
            "cards": [
                {"id": one.id, "titles": one.titles, "texts": one.texts}
                for one in info_card.cards(bot.house, bot.adapters, area)
            ],
        }
    )


async def _send(request: Request) -> Response:
    """Send one; a wrong code costs a turn, a right one does not."""
    staff, bot = await current_staff(request), bot_of(request)
    order = await _order(request, staff)
    limits: CardLimits = request.app.state.card_limits
    limits.attempt(staff.account)
    if not _CODE.fullmatch(order.code):
        raise Refused("card", "a code is six digits")
    try:
        rule = await info_card.send(bot.house, order)
    except NoCardError as no_card:
        if no_card.code != "card":
            limits.right(staff.account)
        raise Refused(no_card.code, no_card.detail) from None
    limits.right(staff.account)
    if rule:
        raise Refused("refused", rule)
    bot.wakes.queued.set()
    return reply({"sent": True})


async def _order(request: Request, staff: Staff) -> Order:
    row = await json_of(request, "id code item", "language area")
    area = row.get("area")
    if not isinstance(area, str | None):
        raise Refused("shape", "area is the name of a neighbourhood")
    return Order(
        account=staff.account,
        id=b64(unb64(row["id"], ID_LENGTH)),
        code="".join(text_of(row["code"], _WORD_BYTES).split()),
        item=text_of(row["item"], _WORD_BYTES),
        language=text_of(row["language"], _WORD_BYTES) if "language" in row else "",
        area=area,
    )
