"""Which tables do the accounts of the team have? Times are whole seconds since 1970 (UTC).

A password is never here, nor what opens a conversation: ``login_hash`` is a slow hash of a secret
that the browser derived, ``bundle`` opens with another one that never leaves the browser.
``*_sealed`` columns are readable with the key file only. There is no address, no browser and no
place in any of them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    false,
)

from wijkbot.storage.columns import BigId, count, metadata, raw, row_id, seconds, words

staff_account = Table(
    "staff_account",
    metadata,
    row_id(),
    Column("login_hmac", Text, nullable=False, unique=True),
    raw("name_sealed"),
    words("roles"),
    words("state", "active"),
    raw("salt"),
    words("kdf"),
    words("login_hash"),
    raw("bundle"),
    Column("member", LargeBinary, nullable=False, unique=True),
    raw("kem"),
    raw("sig"),
    raw("totp_sealed"),
    raw("totp_next_sealed", nullable=True),
    count("totp_step"),
    seconds("created_at"),
    CheckConstraint("state IN ('active', 'revoked')", name="state"),
)

staff_passkey = Table(
    "staff_passkey",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("account_id", BigId, ForeignKey("staff_account.id"), nullable=False),
    raw("public_key"),
    count("sign_count"),
    seconds("created_at"),
    Index("staff_passkey_account_id", "account_id"),
)

staff_challenge = Table(
    "staff_challenge",
    metadata,
    Column("challenge_hash", LargeBinary, primary_key=True),
    Column("account_id", BigId, ForeignKey("staff_account.id"), nullable=False),
    words("purpose"),
    seconds("expires_at"),
    Index("staff_challenge_expires_at", "expires_at"),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("cookie_hash", LargeBinary, primary_key=True),
    Column("account_id", BigId, ForeignKey("staff_account.id"), nullable=False),
    seconds("created_at"),
    seconds("active_at"),
    seconds("seen_at"),
    seconds("step_up_at", nullable=True),
    Column("is_available", Boolean, nullable=False, server_default=false()),
    Index("staff_session_account_id", "account_id"),
    Index("staff_session_seen_at", "seen_at"),
)

staff_invite = Table(
    "staff_invite",
    metadata,
    row_id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", BigId, ForeignKey("staff_account.id"), nullable=True),
    words("roles"),
    raw("name_sealed"),
    raw("totp_sealed"),
    seconds("expires_at"),
    seconds("used_at", nullable=True),
    Index("staff_invite_expires_at", "expires_at"),
)

staff_audit = Table(
    "staff_audit",
    metadata,
    row_id(),
    Column("account_id", BigId, nullable=True),
    words("action"),
    Column("about_id", BigId, nullable=True),
    raw("conv", nullable=True),
    words("item", ""),
    Column("minute", BigInteger, nullable=False),
    Index("staff_audit_minute", "minute"),
)

staff_root = Table(
    "staff_root",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    raw("org"),
    raw("root_sig"),
    raw("recovery_kem"),
    raw("sealed"),
    seconds("created_at"),
    CheckConstraint("id = 1", name="only"),
)

staff_cert = Table(
    "staff_cert",
    metadata,
    Column("member", LargeBinary, primary_key=True),
    raw("sig"),
    seconds("not_after"),
    words("cert"),
)

staff_hours = Table(
    "staff_hours",
    metadata,
    Column("day", SmallInteger, primary_key=True, autoincrement=False),
    Column("begins", SmallInteger, primary_key=True, autoincrement=False),
    Column("ends", SmallInteger, nullable=False),
    CheckConstraint("day BETWEEN 0 AND 6", name="day"),
    CheckConstraint("begins >= 0 AND begins < ends AND ends <= 1440", name="span"),
)
