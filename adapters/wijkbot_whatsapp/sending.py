"""Does a message go as text, with buttons or by template, and did it leave once?"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import requests

from wijkbot.adapter_api import (
    Message,
    Queued,
    Reason,
    Refused,
    SendResult,
    Template,
    Unknown,
    Urgency,
)
from wijkbot_whatsapp.catalogue import Catalogue
from wijkbot_whatsapp.choices import Shape, shape_for
from wijkbot_whatsapp.client import Client, Failed, Unclear, did_not_leave
from wijkbot_whatsapp.outgoing import (
    PAUSE_WITHOUT_SERVICE,
    Post,
    is_open,
    posts_for,
    refusal,
    validity_of,
    without_answers,
)
from wijkbot_whatsapp.stock import filled, variables_for

_CLOCKS_APART = timedelta(seconds=60)
_REMEMBERED = 1000
_NOT_TOLD = Unknown("no answer, and none on asking")


@dataclass
class _Begun:
    """How far a message came that has no certain end: so many pieces went, one may have gone.

    ``tried_since``: the house tried it before, perhaps in a process that is no more.
    """

    tried_since: datetime | None = None
    sent: int = 0
    unsure: Post | None = None
    is_last: bool = True
    since: datetime | None = None


class Sender:
    """Sends for one number. What may have left is looked up before anything is said of it.

    When the house tries the same message (``Message.key``) again, it is looked up once more
    first: it may have been taken after we stopped waiting.
    """

    def __init__(self, client: Client, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._client = client
        self._catalogue = catalogue
        self._now = now
        self._sids: deque[str] = deque(maxlen=_REMEMBERED)
        self._begun: dict[str, _Begun] = {}

    async def send(self, chat: str, message: Message) -> SendResult:
        """Send it as text inside the window, and by its template outside."""
        begun = self._begun.pop(message.key, _Begun(message.unsure_since))
        result = await self._resolve(begun)
        if result is None:
            result = await self._send(chat, message, begun)
        if isinstance(result, Unknown):
            while len(self._begun) >= _REMEMBERED:
                del self._begun[next(iter(self._begun))]
            self._begun[message.key] = begun
        return result

    async def _resolve(self, begun: _Begun) -> SendResult | None:
        """What became of the last try; None when there is something left to send."""
        if begun.unsure is None or begun.since is None:
            return None
        found = await self._look_up(begun.unsure, begun.since)
        if found == _NOT_TOLD:
            return found
        begun.unsure = None
        if not isinstance(found, Queued):
            return None
        begun.sent += 1
        return found if begun.is_last else None

    async def _send(self, chat: str, message: Message, begun: _Begun) -> SendResult:
        now = self._now()
        if not is_open(message, now):
            return await self._by_template(chat, message, now, begun)
        posts = posts_for(chat, message, now)
        if isinstance(posts, Refused):
            return posts
        if not begun.sent and (shaped := await self._shaped(posts[0], message)) is not None:
            post, shape = shaped
            result = await self._post(post, begun)
            if not (isinstance(result, Refused) and result.reason is Reason.CONTENT):
                return result
            # it surely did not leave; numbered lines always can
            self._catalogue.forget(shape)
        result = Unknown()
        for post in posts[begun.sent :]:
            result = await self._post(post, begun, is_last=post is posts[-1])
            if not isinstance(result, Queued):
                return Unknown("sent in part") if begun.sent else result
            begun.sent += 1
        return result

    async def _shaped(self, plain: Post, message: Message) -> tuple[Post, Shape] | None:
        """The same message with buttons or a list, where it fits them."""
        if message.urgency is Urgency.CRISIS:
            return None  # asking for a shape may take a while, and nothing holds this one up
        text, answers = without_answers(message)
        shape = shape_for(text, answers)
        sid = await self._catalogue.shape(shape) if shape else ""
        if shape is None or not sid:
            return None
        values = shape.values(text, answers, message.language)
        return replace(plain, body=values["1"], content=sid, variables=_as_json(values)), shape

    async def _by_template(
        self, chat: str, message: Message, now: datetime, begun: _Begun
    ) -> SendResult:
        validity = validity_of(message, now)
        if validity is None:
            return Refused(Reason.EXPIRED, permanent=True, detail="expires_at")
        if message.template is None:
            return Refused(Reason.NEEDS_TEMPLATE, permanent=True, detail="24 hours")
        try:
            found = await self._catalogue.template(message.template)
        except Failed as error:
            verdict = refusal(error.status, error.code)
            return verdict if isinstance(verdict, Refused) else _not_now("templates")
        except Unclear as error:
            return _not_now(f"templates: {type(error).__name__}")
        values = variables_for(found, message.template) if found else None
        if found is None or values is None:
            return _without(message.template, is_there=found is not None)
        post = Post(
            to=chat,
            body=filled(found.body, values),
            validity=validity,
            content=found.sid,
            variables=_as_json(values),
            is_template=True,
        )
        return await self._post(post, begun)

    async def _post(self, post: Post, begun: _Begun, *, is_last: bool = True) -> SendResult:
        if begun.tried_since is not None:
            there = await self._look_up(post, begun.tried_since - _CLOCKS_APART)
            if isinstance(there, Queued) or there == _NOT_TOLD:
                return there
        since = self._now() - _CLOCKS_APART
        try:
            sid = await self._client.create(post)
        except Failed as error:
            verdict = refusal(error.status, error.code)
            if isinstance(verdict, Refused):
                return verdict
        except requests.RequestException as error:
            if did_not_leave(error):
                return _not_now(type(error).__name__)
        except Unclear:
            pass  # no answer in time, or one that is not Twilio's: it may have been sent
        else:
            self._sids.append(sid)
            return Queued(sid, by_template=post.is_template)
        begun.unsure, begun.since, begun.is_last = post, since, is_last
        result = await self._look_up(post, since)
        if isinstance(result, Queued):
            begun.unsure = None
        return result

    async def _look_up(self, post: Post, since: datetime) -> SendResult:
        """Is a message with this text there that we did not know of? Then it is this one."""
        try:
            found = await self._client.find(post, since)
        except Unclear:
            return _NOT_TOLD
        for sid in found:
            if sid not in self._sids:
                self._sids.append(sid)
                return Queued(sid, by_template=post.is_template)
        return Unknown("no answer")


def _without(template: Template, *, is_there: bool) -> Refused:
    why = "has other places" if is_there else "is not approved"
    detail = f"template {template.name} ({template.language}) {why}"
    return Refused(Reason.NEEDS_TEMPLATE, permanent=True, detail=detail)


def _not_now(detail: str) -> Refused:
    return Refused(Reason.UNAVAILABLE, False, PAUSE_WITHOUT_SERVICE, detail)


def _as_json(values: dict[str, str]) -> str:
    return json.dumps(values, ensure_ascii=False)
