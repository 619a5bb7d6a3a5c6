"""What do the accounts of the team add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "staff_hours",
    "staff_cert",
    "staff_root",
    "staff_audit",
    "staff_invite",
    "staff_session",
    "staff_challenge",
    "staff_passkey",
    "staff_account",
)


def upgrade() -> None:
    """Add all of them."""
    _accounts()
    _factors()
    _sessions()
    _invitations()
    _organisation()


def downgrade() -> None:
    """Take them away."""
    for name in _TABLES:
        op.drop_table(name)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _raw(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _zero(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)


def _account(table: str, *, nullable: bool = False) -> tuple[sa.Column[int], sa.Constraint]:
    name = f"{table}_account_id_fkey"
    column = sa.Column("account_id", _BIG, nullable=nullable)
    return column, sa.ForeignKeyConstraint(["account_id"], ["staff_account.id"], name=name)


def _accounts() -> None:
    op.create_table(
        "staff_account",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        _text("login_hmac"),
        _raw("name_sealed"),
        _text("roles"),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        _raw("salt"),
        _text("kdf"),
        _text("login_hash"),
        _raw("bundle"),
        _raw("member"),
        _raw("kem"),
        _raw("sig"),
        _raw("totp_sealed"),
        _raw("totp_next_sealed", nullable=True),
        _zero("totp_step"),
        _at("created_at"),
        sa.CheckConstraint(
            "state IN ('active', 'revoked')", name=op.f("staff_account_state_check")
        ),
        sa.PrimaryKeyConstraint("id", name="staff_account_pkey"),
        sa.UniqueConstraint("login_hmac", name="staff_account_login_hmac_key"),
        sa.UniqueConstraint("member", name="staff_account_member_key"),
    )


def _factors() -> None:
    op.create_table(
        "staff_passkey",
        _raw("id"),
        *_account("staff_passkey"),
        _raw("public_key"),
        _zero("sign_count"),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name="staff_passkey_pkey"),
    )
    op.create_index("staff_passkey_account_id", "staff_passkey", ["account_id"])
    op.create_table(
        "staff_challenge",
        _raw("challenge_hash"),
        *_account("staff_challenge"),
        _text("purpose"),
        _at("expires_at"),
        sa.PrimaryKeyConstraint("challenge_hash", name="staff_challenge_pkey"),
    )
    op.create_index("staff_challenge_expires_at", "staff_challenge", ["expires_at"])


def _sessions() -> None:
    op.create_table(
        "staff_session",
        _raw("cookie_hash"),
        *_account("staff_session"),
        _at("created_at"),
        _at("active_at"),
        _at("seen_at"),
        _at("step_up_at", nullable=True),
        sa.Column("is_available", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("cookie_hash", name="staff_session_pkey"),
    )
    for name in ("account_id", "seen_at"):
        op.create_index(f"staff_session_{name}", "staff_session", [name])


def _invitations() -> None:
    op.create_table(
        "staff_invite",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        _raw("token_hash"),
        *_account("staff_invite", nullable=True),
        _text("roles"),
        _raw("name_sealed"),
        _raw("totp_sealed"),
        _at("expires_at"),
        _at("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="staff_invite_pkey"),
        sa.UniqueConstraint("token_hash", name="staff_invite_token_hash_key"),
    )
    op.create_index("staff_invite_expires_at", "staff_invite", ["expires_at"])
    op.create_table(
        "staff_audit",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("account_id", _BIG, nullable=True),
        _text("action"),
        sa.Column("about_id", _BIG, nullable=True),
        _raw("conv", nullable=True),
        _at("minute"),
        sa.PrimaryKeyConstraint("id", name="staff_audit_pkey"),
    )
    op.create_index("staff_audit_minute", "staff_audit", ["minute"])


def _organisation() -> None:
    op.create_table(
        "staff_root",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        _raw("org"),
        _raw("root_sig"),
        _raw("recovery_kem"),
        _raw("sealed"),
        _at("created_at"),
        sa.CheckConstraint("id = 1", name=op.f("staff_root_only_check")),
        sa.PrimaryKeyConstraint("id", name="staff_root_pkey"),
    )
    op.create_table(
        "staff_cert",
        _raw("member"),
        _raw("sig"),
        _at("not_after"),
        _text("cert"),
        sa.PrimaryKeyConstraint("member", name="staff_cert_pkey"),
    )
    op.create_table(
        "staff_hours",
        sa.Column("day", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("begins", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("ends", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("day BETWEEN 0 AND 6", name=op.f("staff_hours_day_check")),
        sa.CheckConstraint(
            "begins >= 0 AND begins < ends AND ends <= 1440", name=op.f("staff_hours_span_check")
        ),
        sa.PrimaryKeyConstraint("day", "begins", name="staff_hours_pkey"),
    )
