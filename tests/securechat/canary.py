"""Where does a secret stand, in whatever form? In files, in copies, in logs and in answers."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

SHORTEST = 10
"""Bytes; anything shorter would be found by chance."""
Secret = str | bytes


def shapes(secret: Secret) -> set[bytes]:
    """Text in three codes, bytes; plain, in hex, in base64, and as Python shows bytes."""
    if isinstance(secret, bytes):
        found, raws = {secret, repr(secret)[2:-1].encode()}, [secret]
    else:
        forms = {secret, secret.lower()}
        raws = [form.encode() for form in sorted(forms)]
        found = {
            form.encode(code) for form in forms for code in ("utf-8", "utf-16-le", "utf-16-be")
        }
    assert all(len(raw) >= SHORTEST for raw in raws)
    for raw in raws:
        found |= {raw.hex().encode(), raw.hex().upper().encode(), *_base64(raw)}
    return found


def found_in(
    contents: Iterable[tuple[str, bytes]], secrets: Mapping[str, Secret]
) -> list[tuple[str, str]]:
    """In what which of these secrets stand."""
    wanted = {name: shapes(secret) for name, secret in secrets.items()}
    return sorted(
        (where, name)
        for where, content in contents
        for name, forms in wanted.items()
        if any(form in content for form in forms)
    )


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below that folder; those within an archive too."""
    for path in sorted(folder.rglob("*")):
        try:
            content = path.read_bytes() if path.is_file() else None
        except FileNotFoundError:  # a database took it away meanwhile
            continue
        if content is None:
            continue
        yield path.name, content
        if zipfile.is_zipfile(BytesIO(content)):
            with zipfile.ZipFile(BytesIO(content)) as archive:
                for name in archive.namelist():
                    yield f"{path.name}/{name}", archive.read(name)


def _base64(raw: bytes) -> set[bytes]:
    # three bytes are four letters, so a secret looks different at each of three places
    found = set()
    for at in range(3):
        padded = b"." * at + raw + b"..."
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(padded)[4:-8])
    return found
