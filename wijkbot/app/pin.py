"""Which root of the organisation may a page trust? The one in a file beside the configuration.

The file holds SHA-256 of the root's public key, in hexadecimal. It is written once, in the moment
in which the root is made, and never again: whoever can write in the database cannot change it.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from wijkbot.securechat.encoding import b64

PIN_FILE = "organisation-root.pin"
_SHOWN = 16
_PIN = re.compile(r"[0-9a-f]{64}")


class PinStands(Exception):
    """There is a pin already, of another root."""


def read_pin(folder: Path) -> str | None:
    """The pin, 64 hexadecimal digits; None while no root was made.

    Raises:
        ValueError: the file holds something else.
    """
    return _read(folder / PIN_FILE)


def shown(pin: str | None) -> str:
    """The pin as a page compares it; empty while no root was made."""
    return b64(bytes.fromhex(pin)) if pin else ""


def prepared(folder: Path, pin: str) -> Path:
    """Where that pin waits. Each has its own place: two may be made at the same time."""
    return folder / f"{PIN_FILE}.{pin[:_SHOWN]}.new"


def prepare(folder: Path, pin: str) -> None:
    """Write the pin down beside its place, before the root is kept.

    Raises:
        PinStands: another one has the place.
        OSError: the folder cannot be written.
    """
    if (there := read_pin(folder)) is not None and there != pin:
        raise PinStands(f"{PIN_FILE} belongs to another root")
    coming = prepared(folder, pin)
    handle = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{pin}\n")
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path, pin: str) -> bool:
    """Put the prepared pin in its place when the root with that pin is kept; True when it is.

    Also at a start, for the case that the machine stopped between the two.
    """
    coming = prepared(folder, pin)
    if read_pin(folder) is None and _read(coming) == pin:
        with contextlib.suppress(FileExistsError):
            os.link(coming, folder / PIN_FILE)  # never over a file that is there
        _sync(folder)
    stands = read_pin(folder) == pin
    if stands:
        coming.unlink(missing_ok=True)
    return stands


def drop_prepared(folder: Path, pin: str) -> None:
    """The root was not kept after all."""
    prepared(folder, pin).unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    if not _PIN.fullmatch(text):
        raise ValueError(f"{path.name} does not hold a pin")
    return text


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
