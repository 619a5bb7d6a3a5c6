"""Which table do announcements have besides their own and the outbox? The photos they carry."""

from __future__ import annotations

from sqlalchemy import Index, Table

from wijkbot.storage.columns import count, metadata, ms, raw, row_id, words

photo = Table(
    "photo",
    metadata,
    row_id(),
    raw("data_sealed"),
    raw("alt_sealed"),
    words("mime_type"),
    count("width"),
    count("height"),
    ms("created_at", nullable=False),
    ms("expires_at", nullable=False),
    Index("photo_expires_at", "expires_at"),
)
