"""How does somebody of the team come in, prove again who they are, and go out?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.staff_limits import LoginLimits
from wijkbot.app.staff_passkey import Answer
from wijkbot.app.staff_proof import Proof, Prover, new_secret, step_of
from wijkbot.securechat.bundle import MEMBER_KDF
from wijkbot.securechat.encoding import Refused
from wijkbot.storage import staff, staff_audit, staff_passkeys, staff_sessions
from wijkbot.storage.staff import Account

COOKIE_BYTES = 32
FRESH_SECONDS = 5 * 60
"""So long after a proof a second factor may be changed."""


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What the browser derived from a new password."""

    login: bytes
    salt: bytes
    bundle: bytes


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody with a session: which account, and its cookie."""

    account: int
    cookie: str


class Door:
    """The way in and out of one process. Moments come from the clock of the house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.limits = LoginLimits(house.clock)
        self.prover = Prover(house)

    async def salt(self, name: str, who: bytes) -> tuple[bytes, str]:
        """The salt of an account; of an unknown name one too, always the same.

        Raises:
            Turned: somebody asks for many.
        """
        self.limits.glance(who)
        house = self.house
        made = house.sealer.pseudonym("staff-salt", staff.login_name(name))
        found = await house.database.read(lambda c: staff.by_login(c, house.sealer, name))
        return (found.keys.salt if found else bytes.fromhex(made)[:16]), MEMBER_KDF

    async def come_in(self, name: str, proof: Proof, who: bytes) -> Inside:
        """Begin a session.

        Raises:
            Refused: login, whatever was wrong.
            Turned: too many attempts with this name or from this address.
        """
        now, account = self._now(), await self._asked(name, who)
        if not await self.prover.is_proof(account, proof) or account is None:
            raise _wrong()
        self.limits.succeeded(self._try(name))
        cookie = self.house.clock.token(COOKIE_BYTES)

        def act(conn: Connection) -> None:
            staff_sessions.begin(conn, cookie, account.id, now)
            staff_audit.note(conn, account.id, "login", now)

        await self.house.database.write(act)
        return Inside(account.id, cookie)

    async def passkey_options(self, name: str, login: bytes, who: bytes) -> Answer:
        """What a passkey has to answer, once name and password are right.

        Raises:
            Refused, Turned: as :meth:`come_in`; also when the account has no passkey.
        """
        account = await self._asked(name, who)
        knows = await self.prover.knows_password(account, login)
        options = None
        if account is not None and knows:
            options = await self.prover.passkeys.options(account)
        if options is None:
            raise _wrong()
        return options

    async def again(self, inside: Inside, proof: Proof, who: bytes) -> tuple[Account, Inside]:
        """Prove once more who it is; the session goes on under another cookie.

        Raises:
            Refused, Turned: as :meth:`come_in`.
        """
        now, account = self._now(), await self._account(inside)
        self.limits.attempt(_step_up(account), who)
        if not await self.prover.is_proof(account, proof):
            raise _wrong()
        self.limits.succeeded(_step_up(account))
        cookie = self.house.clock.token(COOKIE_BYTES)
        if not await self.house.database.write(
            lambda c: staff_sessions.rotate(c, inside.cookie, cookie, now)
        ):
            raise Refused("session", "the session is over")
        return account, Inside(account.id, cookie)

    async def change_password(self, account: Account, inside: Inside, new: NewPassword) -> None:
        """Old and new in one step; every other session of the account ends."""
        now, login_hash = self._now(), await self.prover.hash(new.login)
        keys = replace(account.keys, salt=new.salt, login_hash=login_hash, bundle=new.bundle)

        def act(conn: Connection) -> None:
            staff.set_keys(conn, account.id, keys)
            staff_sessions.end_all(conn, account.id, but=inside.cookie)
            staff_audit.note(conn, account.id, "password", now)

        await self.house.database.write(act)

    async def offer_totp(self, account: Account) -> str:
        """The secret of another authenticator app; it counts once a code of it was shown."""
        secret = new_secret(self.house.clock.random_bytes(20))
        sealer = self.house.sealer
        await self.house.database.write(lambda c: staff.offer_totp(c, sealer, account.id, secret))
        return secret

    async def take_totp(self, inside: Inside, step_up_at: int, code: str) -> None:
        """The code of the offered app, soon after a proof: it takes the earlier one's place.

        Raises:
            Refused: login, when the proof is too long ago or the code is not one of it.
        """
        now, sealer, account_id = self._now(), self.house.sealer, inside.account
        offered = f"offered {account_id}".encode()
        self.limits.attempt(offered, offered)

        def act(conn: Connection) -> bool:
            secret = staff.totp_secret(conn, sealer, account_id, of_next=True)
            step = None if secret is None else step_of(secret, code, now)
            if step is None or now - step_up_at >= FRESH_SECONDS:
                return False
            staff.take_totp(conn, account_id, step)
            staff_sessions.end_all(conn, account_id, but=inside.cookie)
            staff_audit.note(conn, account_id, "totp", now)
            return True

        if not await self.house.database.write(act):
            raise _wrong()

    async def add_passkey(self, inside: Inside, step_up_at: int, answer: Answer) -> None:
        """Keep a passkey, soon after a proof.

        Raises:
            Refused: login, when the proof is too long ago or the answer does not fit.
        """
        now = self._now()
        is_fresh = now - step_up_at < FRESH_SECONDS
        if not is_fresh or not await self.prover.passkeys.add_passkey(inside.account, answer):
            raise _wrong()
        await self.house.database.write(
            lambda c: staff_audit.note(c, inside.account, "passkey added", now)
        )

    async def remove_passkey(self, inside: Inside, passkey: bytes) -> None:
        """Take a passkey away; harmless when it is not there."""
        now = self._now()

        def act(conn: Connection) -> None:
            if staff_passkeys.remove(conn, inside.account, passkey):
                staff_audit.note(conn, inside.account, "passkey removed", now)

        await self.house.database.write(act)

    async def leave(self, inside: Inside) -> None:
        """End this session."""
        await self.house.database.write(lambda c: staff_sessions.end(c, inside.cookie))

    async def _asked(self, name: str, who: bytes) -> Account | None:
        """The account of that name, after a turn of the limits."""
        self.limits.attempt(self._try(name), who)
        sealer = self.house.sealer
        return await self.house.database.read(lambda c: staff.by_login(c, sealer, name))

    async def _account(self, inside: Inside) -> Account:
        sealer = self.house.sealer
        found = await self.house.database.read(lambda c: staff.by_id(c, sealer, inside.account))
        if found is None:
            raise Refused("session", "the session is over")
        return found

    def _try(self, name: str) -> bytes:
        """The key of the limit of a login name, known or not."""
        return self.house.sealer.pseudonym("staff-try", staff.login_name(name)).encode()

    def _now(self) -> int:
        return self.house.clock.now_ms() // 1000


def _step_up(account: Account) -> bytes:
    """The key of the limit of who is in already."""
    return f"inside {account.id}".encode()


def _wrong() -> Refused:
    """The same for whatever was wrong."""
    return Refused("login", "name, password or code is not right")
