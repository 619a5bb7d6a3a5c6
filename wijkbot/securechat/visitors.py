"""Who is this visitor, for one day and for limits only? A key that cannot be turned back.

Addresses are read, counted under a keyed hash, and dropped: never stored, never logged.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from wijkbot.securechat.encoding import lp

_NETWORK_BYTES = 8
"""Of an IPv6 address: the /64 that one household gets."""


def visitor(day_key: bytes, address: str) -> bytes:
    """The key of an address under the random key of a day; the same /64 is one visitor.

    What is no address (a Unix socket) is one visitor too.
    """
    return hmac.digest(day_key, lp("wb1/visitor", _network(address)), "sha256")


def real_address(peer: str, forwarded: Sequence[str], proxies: int) -> str:
    """From which address a request comes when ``proxies`` trusted proxies stand before us.

    ``forwarded``: the parts of X-Forwarded-For, the nearest last. Only what a trusted proxy
    added counts; a shorter list than agreed means that somebody came in beside the proxies.
    """
    if proxies <= 0 or len(forwarded) < proxies:
        return peer
    return forwarded[-proxies].strip()


def _network(address: str) -> bytes:
    try:
        read: IPv4Address | IPv6Address = ip_address(address.strip())
    except ValueError:
        return b""
    if isinstance(read, IPv6Address):
        return read.ipv4_mapped.packed if read.ipv4_mapped else read.packed[:_NETWORK_BYTES]
    return read.packed
