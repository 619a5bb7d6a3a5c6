"""Which tables hold the post kit? Groups in which a person posts, what to post, and what they did.

No member of a group stands here, and no number or name of whoever posts.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text

from wijkbot.storage.columns import BigId, count, flag, metadata, ms, raw, row_id, words

PLATFORMS = ("whatsapp", "facebook", "signal", "other")
SIZES = ("<25", "25-100", "100-250", ">250")


def _among(column: str, values: tuple[str, ...]) -> CheckConstraint:
    told = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({told})", name=column)


hand_group = Table(
    "hand_group",
    metadata,
    row_id(),
    words("name"),
    words("platform"),
    words("neighbourhood", ""),
    words("languages"),
    words("size_band"),
    flag("is_open", default=False),
    flag("has_consent", default=False),
    words("checked_on"),
    Column("link_hmac", Text, nullable=True, unique=True),
    ms("linked_at"),
    ms("added_at", nullable=False),
    _among("platform", PLATFORMS),
    _among("size_band", SIZES),
)

post_card = Table(
    "post_card",
    metadata,
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    words("purpose"),
    words("item_id"),
    count("item_version"),
    raw("said_sealed"),
    words("neighbourhood", ""),
    Column("broadcast_id", BigId, ForeignKey("broadcast.id"), nullable=True),
    Column("photo_id", BigInteger, nullable=True),
    count("edition", 1),
    ms("made_at", nullable=False),
    ms("withdrawn_at"),
    ms("expires_at", nullable=False),
    Index("post_card_broadcast_id", "broadcast_id"),
    Index("post_card_expires_at", "expires_at"),
)

post = Table(
    "post",
    metadata,
    Column("card_id", BigId, ForeignKey("post_card.id"), primary_key=True),
    Column("group_id", BigId, ForeignKey("hand_group.id"), primary_key=True),
    count("edition"),
    count("edition_before"),
    flag("is_removed", default=False),
    ms("done_at"),
    Index("post_group_id", "group_id"),
)
