"""What do the Content API and the media of the local Twilio answer?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import md5
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.adapters.whatsapp.twilio_content import QUICK, TEXT, Content, Contents
from tests.adapters.whatsapp.twilio_receipts import Followers
from tests.adapters.whatsapp.twilio_shape import checked_json
from tests.adapters.whatsapp.twilio_world import TwilioError, new_sid

_CONTENT_HOST = "https://content.twilio.com"
_MESSAGE_OF_MEDIA = "MM" + "0" * 32


class ContentApi(Followers, ABC):
    """Content with its approvals, and files that residents sent.

    ``media_host``: where media really are, when not here. ``shown_at_media``: the authorization
    that came with each request for the file itself; "" is none. ``media_deleted``: the names.
    """

    def __init__(
        self, account_sid: str, auth_token: str, sender: str, now: Callable[[], datetime]
    ) -> None:
        super().__init__(account_sid, auth_token, sender, now)
        self.contents = Contents()
        self.media: dict[str, bytes] = {}
        self._media_types: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self.media_host = ""
        self.shown_at_media: list[str] = []
        self.media_deleted: list[str] = []

    def add_template(
        self,
        name: str,
        language: str,
        body: str,
        *,
        buttons: tuple[str, ...] = (),
        examples: tuple[str, ...] = (),
        category: str = "UTILITY",
        status: str = "approved",
    ) -> Content:
        """As a human made it in Twilio's console; ``status`` "" was never submitted."""
        actions = [{"type": "QUICK_REPLY", "title": each, "id": each} for each in buttons]
        types = {QUICK: {"body": body, "actions": actions}} if buttons else {TEXT: {"body": body}}
        values = {str(number): each for number, each in enumerate(examples, start=1)}
        made = self.contents.add(name, language, types, values, self.now())
        if status:
            self.contents.ask(made.sid, name, category)
            if made.approval == "rejected" and status == "approved":
                raise AssertionError(f"WhatsApp would reject {name} {language}: {made.reason}")
            made.approval = status
        return made

    async def resident_sends(
        self, address: str, name: str, kind: str, *, text: str = "", **fields: str
    ) -> httpx.Response:
        """A resident sends a file of this type, perhaps with words below it."""
        sid = new_sid("MM")
        shown = {
            "MessageSid": sid,
            "NumMedia": "1",
            "MediaUrl0": self.medium(name, b"bytes of a file", kind, message=sid),
            "MediaContentType0": kind,
            "MessageType": kind.partition("/")[0],
        }
        return await self.resident_says(address, text, **(shown | fields))

    def medium(
        self,
        name: str,
        content: bytes,
        kind: str = "image/jpeg",
        *,
        message: str = _MESSAGE_OF_MEDIA,
    ) -> str:
        """Put a file up, and give the address that a webhook would carry."""
        self.media[name], self._media_types[name] = content, kind
        self._parents[name] = message
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{message}/Media"
        return f"{self.base_url}{path}/{_sid_of(name)}"

    def medium_name(self, sid: str) -> str:
        """The name of a file by its sid; raises when it is not there, or not any more."""
        for name in self.media:
            if _sid_of(name) == sid:
                return name
        raise TwilioError(404, 20404, "The requested resource was not found")

    def answer_media(self, name: str, values: Mapping[str, str]) -> Response:
        """List, show and delete what came with a message."""
        if name == "ListMedia":
            parent = values["MessageSid"]
            found = [self._medium_json(n) for n in self.media if self._parents[n] == parent]
            page = {"page": 0, "page_size": 50, "next_page_uri": None}
            return JSONResponse({"media_list": found, **page})
        medium = self.medium_name(values["Sid"])
        if self._parents[medium] != values["MessageSid"]:
            raise TwilioError(404, 20404, "The requested resource was not found")
        if name == "FetchMedia":
            return JSONResponse(self._medium_json(medium))
        self.media.pop(medium)
        self.media_deleted.append(medium)
        return Response(status_code=204)

    async def cdn(self, request: Request) -> Response:
        """The file itself, for whoever knows the address."""
        self.shown_at_media.append(request.headers.get("authorization", ""))
        name = request.path_params["name"]
        if name not in self.media:
            return Response(status_code=404)
        return Response(self.media[name], media_type=self._media_types[name])

    def answer_content(
        self, name: str, values: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> Response:
        """The Content API."""
        match name:
            case "CreateContent":
                return self._make(checked_json(name, body))
            case "FetchContent":
                return JSONResponse(self.contents.of(values["Sid"]).as_json(self.account_sid))
            case "DeleteContent":
                del self.contents.all[self.contents.of(values["Sid"]).sid]
                return Response(status_code=204)
            case "CreateApprovalCreate":
                asked = checked_json(name, body)
                content = self.contents.ask(
                    values["ContentSid"], asked["name"], asked["category"].upper()
                )
                return JSONResponse(content.request(), 201)
            case "FetchApprovalFetch":
                content = self.contents.of(values["Sid"])
                own = {"sid": content.sid, "account_sid": self.account_sid}
                return JSONResponse({**own, "whatsapp": content.request()})
            case "ListContent" | "ListContentAndApprovals":
                return JSONResponse(self._page(name, query))
        raise TwilioError(404, 20404, "The requested resource was not found")

    def _make(self, asked: dict[str, Any]) -> Response:
        made = self.contents.add(
            asked.get("friendly_name", ""),
            asked["language"],
            asked["types"],
            asked.get("variables", {}),
            self.now(),
        )
        return JSONResponse(made.as_json(self.account_sid), 201)

    def _page(self, name: str, query: Mapping[str, str]) -> dict[str, Any]:
        has_approvals = name == "ListContentAndApprovals"
        found = [
            each.as_json(self.account_sid)
            | ({"approval_requests": each.request()} if has_approvals else {})
            for each in self.contents.all.values()
        ]
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        path = f"{_CONTENT_HOST}/v1/{name.removeprefix('List')}?PageSize={size}"
        has_more = (page + 1) * size < len(found)
        meta = {
            "page": page,
            "page_size": size,
            "first_page_url": f"{path}&Page=0",
            "previous_page_url": f"{path}&Page={page - 1}" if page else None,
            "url": f"{path}&Page={page}",
            "next_page_url": f"{path}&Page={page + 1}&PageToken=more" if has_more else None,
            "key": "contents",
        }
        return {"meta": meta, "contents": found[page * size : (page + 1) * size]}

    @property
    @abstractmethod
    def base_url(self) -> str:
        """Where this is served."""

    def _medium_json(self, name: str) -> dict[str, Any]:
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self._parents[name]}"
        return {
            "sid": _sid_of(name),
            "parent_sid": self._parents[name],
            "account_sid": self.account_sid,
            "content_type": self._media_types[name],
            "uri": f"{path}/Media/{_sid_of(name)}.json",
        }


def _sid_of(name: str) -> str:
    return f"ME{md5(name.encode(), usedforsecurity=False).hexdigest()}"
