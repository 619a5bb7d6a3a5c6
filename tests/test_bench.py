"""Does the measurement of the mailboxes still run, and say all that it is asked for?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEYS = {
    "raw_commits_per_s",
    "messages_per_s",
    "cpu_us_per_message",
    "e2e_p50_ms",
    "e2e_p99_ms",
    "claim_10k_ms",
    "claim_100k_ms",
    "claim_1m_ms",
    "fanout_rows_per_s",
    "rss_mb",
}


def test_last_line_has_every_figure() -> None:
    """Scripts read the last line; the speed itself is no matter of a test."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.delivery", "--quick", "--only", "sqlite"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(figures) == {"sqlite"}
    assert set(figures["sqlite"]) >= KEYS
    assert all(value > 0 for value in figures["sqlite"].values())
