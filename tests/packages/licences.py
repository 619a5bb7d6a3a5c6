"""Under which licence is a package ours to use, and is that one we allow?"""

from __future__ import annotations

import re
from importlib.metadata import Distribution

SHIPPED = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-only",
    "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib", "ZPL-2.1",
})  # fmt: skip
"""What wijkbot may need to run, with or without an extra."""

DEVELOPED_WITH = SHIPPED | {"AGPL-3.0-or-later"}
"""What only its tests and tools need: programs beside it, given to nobody."""

# Their metadata name no licence, or a family of licences: read in the text that they bring along.
_READ = {
    "axe-playwright-python": "MIT",
    "jinja2": "BSD-3-Clause",
    "matrix-nio": "ISC",
    "netaddr": "BSD-3-Clause",
    "peewee": "MIT",
    "pyasn1-modules": "BSD-2-Clause",
    "pystemmer": "MIT AND BSD-3-Clause",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "semantic-version": "BSD-2-Clause",
    "signedjson": "Apache-2.0",
    "vodozemac": "MIT",
    "webencodings": "BSD-3-Clause",
}
_SAME = {
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "the mit license (mit)": "MIT",
} | {name.lower(): name for name in DEVELOPED_WITH}


def plain(name: str) -> str:
    """A Python package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(found: Distribution) -> str:
    """The SPDX expression of an installed package; "" when nobody can say."""
    if expression := _first(found, "License-Expression"):
        return expression
    if read := _READ.get(plain(found.name)):
        return read
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in found.metadata.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    for words in (_first(found, "License"), *classifiers):
        if same := _SAME.get(words.strip().lower()):
            return same
    return ""


def _first(found: Distribution, field: str) -> str:
    told = found.metadata.get_all(field) or [""]
    return str(told[0])


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Of "A OR B" one must be allowed, of "A AND B" both; AND binds closer."""
    ways = [way.split(" AND ") for way in expression.strip("()").split(" OR ")]
    return any(all(one.strip() in allowed for one in way) for way in ways)
