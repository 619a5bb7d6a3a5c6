"""How do the tests build and run what the browser runs? With Node, from the same lock file."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.provision import node
from tests.provision.findings import Missing

CLIENT = Path(__file__).resolve().parents[2] / "wijkbot" / "web" / "client"
STATIC = CLIENT.parent / "static"
DRIVER = Path(__file__).with_name("wb1_driver.mjs")
_STAMP = CLIENT / "node_modules" / ".wijkbot-lock"
_INSTALL_SECONDS = 300.0
_BUILD_SECONDS = 120.0


def node_path() -> str:
    """The Node program; AssertionError with the next step when there is none."""
    found = node.find()
    assert not isinstance(found, Missing), found.remedy
    return found.path


def _environment() -> dict[str, str]:
    # Programs that npm starts look for "node" on the path.
    path = f"{Path(node_path()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return dict(os.environ) | {"PATH": path}


def run(*command: str, seconds: float = _BUILD_SECONDS) -> str:
    """Run a command in the client's folder and return what it printed."""
    done = subprocess.run(
        command,
        cwd=CLIENT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def ensure_client() -> None:
    """Install the client's packages when they are missing or the lock file changed."""
    wanted = hashlib.sha256((CLIENT / "package-lock.json").read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    npm = node.npm()
    run(*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", seconds=_INSTALL_SECONDS)
    _STAMP.write_text(wanted)


def build(folder: Path) -> None:
    """Check the types and build every page into a folder, as `make web` does."""
    ensure_client()
    run(node_path(), str(CLIENT / "node_modules" / "typescript" / "bin" / "tsc"), "-p", ".")
    run(node_path(), "build.mjs", str(folder))


class Refusal(Exception):
    """The client refused; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Wb1:
    """The protocol half of the pages (src/wb1) in a Node process; commands by name."""

    def __init__(self, folder: Path) -> None:
        ensure_client()
        bundle = folder / "wb1.mjs"
        run(
            str(CLIENT / "node_modules" / ".bin" / "esbuild"),
            *("src/wb1/index.ts", "--bundle", "--format=esm", "--platform=node"),
            *(f"--outfile={bundle}", "--log-level=error"),
        )
        self._process = subprocess.Popen(
            [node_path(), str(DRIVER), str(bundle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, command: str, **given: Any) -> Any:
        """The result of one command.

        Raises:
            Refusal: the client refused.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise Refusal(answer["refused"])
        assert "broken" not in answer, answer["broken"]
        return answer["gives"]


if __name__ == "__main__":
    build(STATIC)
