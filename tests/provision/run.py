"""How does provisioning run a program? Quietly, with a time limit, without raising."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def run(
    command: Sequence[str | Path], *, seconds: float = 60, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said; a missing program or a time-out is exit code 127."""
    try:
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess([], 127, "", str(error))


def said(command: Sequence[str | Path], *, seconds: float = 20) -> str:
    """Return the first line that a command prints, or "" when it fails."""
    done = run(command, seconds=seconds)
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else ""


def apt_install(package: str) -> bool:
    """Install a Debian package, where we are root and apt is here. Returns whether it worked."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    command = ["env", "DEBIAN_FRONTEND=noninteractive", *install]
    if run(command, seconds=600).returncode == 0:
        return True
    run(["apt-get", "update", "-q"], seconds=300)
    return run(command, seconds=600).returncode == 0
