"""Do the rules of the secure chat know anything but cryptography and what is pure?"""

from __future__ import annotations

import ast
from pathlib import Path

import wijkbot.securechat

ALLOWED = {
    "__future__", "base64", "binascii", "collections", "cryptography", "dataclasses", "enum",
    "hashlib", "hmac", "ipaddress", "itertools", "math", "re",
}  # fmt: skip
PRIVATE_HALVES = {"generate_private_key", "derive_private_key", "decrypt", "AESGCM", "hpke"}
FILES = sorted(Path(wijkbot.securechat.__path__[0]).glob("*.py"))


def test_rules_import_only_what_is_on_their_list() -> None:
    wrong = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [
                f"{path.name}: {name}"
                for name in names
                if name.split(".")[0] not in ALLOWED and not name.startswith("wijkbot.securechat")
            ]
    assert wrong == []
    assert len(FILES) > 10


def test_server_half_can_neither_make_a_key_nor_open_anything() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text())
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        named |= {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
        assert named.isdisjoint(PRIVATE_HALVES), path.name
