"""How does a passkey of the team answer, and how is one added? Each challenge counts once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.storage import staff_passkeys
from wijkbot.storage.staff import Account
from wijkbot.storage.staff_passkeys import Passkey

Answer = Mapping[str, object]
"""What ``navigator.credentials`` gave, as JSON."""

COME_IN = "come in"
ADD = "add"
T = TypeVar("T")


class Passkeys:
    """Makes challenges and checks their answers, for the site of ``public_url``."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def options(self, account: Account) -> Answer | None:
        """What a passkey of this account has to answer to come in; None when it has none."""
        import webauthn
        from webauthn.helpers.structs import (
            PublicKeyCredentialDescriptor,
            UserVerificationRequirement,
        )

        challenge, now = self._house.clock.random_bytes(32), self._now()

        def act(conn: Connection) -> list[Passkey]:
            staff_passkeys.challenge(conn, challenge, account.id, COME_IN, now)
            return staff_passkeys.of_account(conn, account.id)

        keys = await self._house.database.write(act)
        if not keys:
            return None
        options = webauthn.generate_authentication_options(
            rp_id=self._site(),
            challenge=challenge,
            allow_credentials=[PublicKeyCredentialDescriptor(id=key.id) for key in keys],
            user_verification=UserVerificationRequirement.PREFERRED,
        )
        return _as_json(webauthn.options_to_json(options))

    async def new_options(self, account: Account) -> Answer:
        """What a new passkey of this account has to sign."""
        import webauthn
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor

        challenge, now = self._house.clock.random_bytes(32), self._now()

        def act(conn: Connection) -> list[Passkey]:
            staff_passkeys.challenge(conn, challenge, account.id, ADD, now)
            return staff_passkeys.of_account(conn, account.id)

        keys = await self._house.database.write(act)
        options = webauthn.generate_registration_options(
            rp_id=self._site(),
            rp_name=self._house.settings.organisation.name,
            user_name=account.name,
            user_id=account.keys.member,
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=key.id) for key in keys],
        )
        return _as_json(webauthn.options_to_json(options))

    async def add_passkey(self, account_id: int, answer: Answer) -> bool:
        """Keep a new passkey; False when its answer does not fit."""
        from webauthn import verify_registration_response

        challenge = await self._taken(account_id, answer, ADD)
        if challenge is None:
            return False
        seen = _verified(
            lambda: verify_registration_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self._site(),
                expected_origin=self._origin(),
            )
        )
        if seen is None:
            return False
        new = Passkey(seen.credential_id, seen.credential_public_key, seen.sign_count)
        now = self._now()
        return await self._house.database.write(
            lambda c: staff_passkeys.add(c, account_id, new, now)
        )

    async def answers(self, account_id: int, answer: Answer) -> bool:
        """Does a passkey of this account answer our challenge? Then it is used up."""
        from webauthn import base64url_to_bytes, verify_authentication_response

        challenge = await self._taken(account_id, answer, COME_IN)
        shown = _verified(lambda: base64url_to_bytes(str(answer.get("id"))))
        keys = await self._house.database.read(lambda c: staff_passkeys.of_account(c, account_id))
        key = next((one for one in keys if one.id == shown), None)
        if challenge is None or key is None:
            return False
        seen = _verified(
            lambda: verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self._site(),
                expected_origin=self._origin(),
                credential_public_key=key.public_key,
                credential_current_sign_count=key.sign_count,
            )
        )
        if seen is None:
            return False
        await self._house.database.write(
            lambda c: staff_passkeys.count_use(c, key.id, seen.new_sign_count)
        )
        return True

    async def _taken(self, account_id: int, answer: Answer, purpose: str) -> bytes | None:
        """The challenge that was answered, used up; None when it is not one of ours."""
        challenge, now = _verified(lambda: _challenge_in(answer)), self._now()
        if challenge is None:
            return None
        taken = await self._house.database.write(
            lambda c: staff_passkeys.take(c, challenge, account_id, purpose, now)
        )
        return challenge if taken else None

    def _now(self) -> int:
        return self._house.clock.now_ms() // 1000

    def _site(self) -> str:
        return urlsplit(self._house.settings.organisation.public_url).hostname or ""

    def _origin(self) -> str:
        parts = urlsplit(self._house.settings.organisation.public_url)
        return f"{parts.scheme}://{parts.netloc}"


def _challenge_in(answer: Answer) -> bytes:
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json

    response = answer["response"]
    if not isinstance(response, dict):
        raise ValueError("no response")
    return parse_client_data_json(base64url_to_bytes(str(response["clientDataJSON"]))).challenge


def _verified(check: Callable[[], T]) -> T | None:
    """What a check gives; None for an answer that does not fit or is none at all."""
    from cbor2 import CBORError
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return check()
    except (WebAuthnException, CBORError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _as_json(text: str) -> Answer:
    read: Answer = json.loads(text)
    return read
