"""Is this somebody of the team? What they derived from a password, and a second factor.

The answer is one yes or no: nobody learns which of the two was wrong, or whether the account
exists. An account that does not exist costs the same work.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from dataclasses import dataclass
from functools import lru_cache

import argon2
import pyotp
from argon2.exceptions import Argon2Error, InvalidHash
from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.staff_passkey import Answer, Passkeys
from wijkbot.storage import staff
from wijkbot.storage.staff import Account

LOGIN_BYTES = 32
TOTP_SECONDS = 30
_DRIFT = 1
"""So many codes before and after the one of now are taken: clocks of telephones differ."""
_AT_ONCE = 2
"""So many slow hashes run at the same time; each takes 19 MiB."""
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody shows: the derived secret, and a code or the answer of a passkey."""

    login: bytes
    code: str = ""
    passkey: Answer | None = None


class Prover:
    """Checks proofs, a few at a time."""

    def __init__(self, house: House) -> None:
        self.passkeys = Passkeys(house)
        self._house = house
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, login: bytes) -> str:
        """What is kept of a derived secret."""
        salt = self._house.clock.random_bytes(16)
        async with self._slots:
            return await asyncio.to_thread(lambda: _HASHER.hash(login, salt=salt))

    async def knows_password(self, account: Account | None, login: bytes) -> bool:
        """Is this the derived secret of that account? None takes as long, and is nobody's."""
        is_real = account is not None and account.is_active
        nobody = _nobody()
        kept = account.keys.login_hash if account and is_real else nobody
        async with self._slots:
            fits = await asyncio.to_thread(_fits, kept, login)
        return fits and is_real

    async def is_proof(self, account: Account | None, proof: Proof) -> bool:
        """Do both parts fit? Then the second one is used up."""
        knows = await self.knows_password(account, proof.login)
        if account is None or not knows:
            return False
        if proof.passkey is not None:
            return await self.passkeys.answers(account.id, proof.passkey)
        return await self.use_code(account.id, proof.code)

    async def use_code(self, account_id: int, code: str) -> bool:
        """Use up a code of the authenticator app; False when it is wrong or was used."""
        sealer, now = self._house.sealer, self._house.clock.now_ms() // 1000

        def act(conn: Connection) -> bool:
            secret = staff.totp_secret(conn, sealer, account_id)
            step = None if secret is None else step_of(secret, code, now)
            return step is not None and staff.use_step(conn, account_id, step)

        return await self._house.database.write(act)


def step_of(secret: str, code: str, now: int) -> int | None:
    """Of which thirty seconds since 1970 is this the code? None when it is not one of now."""
    maker = pyotp.TOTP(secret, interval=TOTP_SECONDS)
    step = now // TOTP_SECONDS
    near = range(step - _DRIFT, step + _DRIFT + 1)
    shown = code.encode()
    return next(
        (s for s in near if hmac.compare_digest(maker.generate_otp(s).encode(), shown)), None
    )


def new_secret(raw: bytes) -> str:
    """Twenty random bytes as an authenticator app takes them."""
    return base64.b32encode(raw).decode()


def totp_uri(secret: str, name: str, organisation: str) -> str:
    """The address behind the picture that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=organisation)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """The hash of an account that nobody has."""
    return _HASHER.hash(bytes(LOGIN_BYTES), salt=bytes(16))


def _fits(kept: str, login: bytes) -> bool:
    try:
        return _HASHER.verify(kept, login)
    except (Argon2Error, InvalidHash):
        return False
