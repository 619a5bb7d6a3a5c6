"""How do the tests get a real Matrix homeserver? Synapse as a child process on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import httpx
from signedjson.key import generate_signing_key, write_signing_keys

SERVER_NAME = "wijk.test"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_GENEROUS = {"per_second": 1000, "burst_count": 1000}


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LocalSynapse:
    """One homeserver with SQLite in a directory of its own.

    ``relaxed`` lifts Synapse's default rate limits; without it they are as shipped.
    """

    def __init__(self, *, relaxed: bool = True, server_name: str = SERVER_NAME) -> None:
        self.server_name = server_name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._relaxed = relaxed
        self._secret = secrets.token_hex(16)
        self._home = Path(tempfile.mkdtemp(prefix="wijkbot-synapse-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Was it started, and not stopped since?"""
        return self._process is not None

    def start(self) -> Self:
        """Write the configuration when it is missing, start, and wait until it answers."""
        config = self._home / "homeserver.yaml"
        if not config.exists():
            self._write_config(config)
        with (self._home / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "synapse.app.homeserver", "-c", str(config)],
                cwd=self._home,
                stdout=output,
                stderr=output,
            )
        self._wait_until_healthy()
        return self

    def stop(self) -> None:
        """Stop the process; the data stays until ``remove``."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)
        self._process = None

    def kill(self) -> None:
        """End the process at once, as a machine that fails does; ``start`` goes on with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)
        self._process = None

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def register(self, localpart: str, password: str, *, admin: bool = False) -> str:
        """Make an account (no device is made) and return its full user id."""
        endpoint = f"{self.url}/_synapse/admin/v1/register"
        nonce = httpx.get(endpoint, timeout=20).json()["nonce"]
        words = [nonce, localpart, password, "admin" if admin else "notadmin"]
        seal = hmac.new(self._secret.encode(), "\0".join(words).encode(), hashlib.sha1)
        answer = httpx.post(
            endpoint,
            timeout=20,
            json={
                "nonce": nonce,
                "username": localpart,
                "password": password,
                "admin": admin,
                "inhibit_login": True,
                "mac": seal.hexdigest(),
            },
        )
        answer.raise_for_status()
        return str(answer.json()["user_id"])

    def call(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send one client-server request; an error status raises."""
        answer = httpx.request(
            method,
            f"{self.url}/_matrix/client/v3{path}",
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            timeout=20,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def login(self, user: str, password: str) -> str:
        """Log in a throw-away device and return its access token."""
        answer = httpx.post(
            f"{self.url}/_matrix/client/v3/login",
            timeout=20,
            json={
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": user},
                "password": password,
            },
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/health", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        tail = (self._home / "output.log").read_text(errors="replace")[-2000:]
        self.stop()
        raise RuntimeError(f"Synapse did not start:\n{tail}")

    def _write_config(self, path: Path) -> None:
        key = self._home / "signing.key"
        with key.open("w") as stream:
            write_signing_keys(stream, [generate_signing_key("a_test")])
        log = self._home / "log.json"
        log.write_text(json.dumps(_log_config(self._home / "synapse.log")))
        # YAML is a superset of JSON, so the standard library can write it.
        path.write_text(json.dumps(self._config(key, log), indent=1))

    def _config(self, key: Path, log: Path) -> dict[str, Any]:
        config: dict[str, Any] = {
            "server_name": self.server_name,
            "public_baseurl": f"{self.url}/",
            "listeners": [
                {
                    "port": self.port,
                    "type": "http",
                    "bind_addresses": ["127.0.0.1"],
                    "resources": [{"names": ["client"], "compress": False}],
                }
            ],
            "database": {
                "name": "sqlite3",
                "args": {"database": str(self._home / "homeserver.db")},
            },
            "signing_key_path": str(key),
            "log_config": str(log),
            "media_store_path": str(self._home / "media"),
            "max_upload_size": "1M",
            "pid_file": str(self._home / "synapse.pid"),
            "registration_shared_secret": self._secret,
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "report_stats": False,
            "bcrypt_rounds": 4,
            "presence": {"enabled": False},
        }
        return config | (_relaxed_limits() if self._relaxed else {})


def _relaxed_limits() -> dict[str, Any]:
    return {
        "rc_message": _GENEROUS,
        "rc_registration": _GENEROUS,
        "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), _GENEROUS),
        "rc_joins": {"local": _GENEROUS, "remote": _GENEROUS},
        "rc_joins_per_room": _GENEROUS,
        "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _GENEROUS),
        "rc_room_creation": _GENEROUS,
        "rc_admin_redaction": _GENEROUS,
    }


def _log_config(target: Path) -> dict[str, Any]:
    return {
        "version": 1,
        "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {
            "file": {
                "class": "logging.FileHandler",
                "filename": str(target),
                "formatter": "plain",
            }
        },
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }
