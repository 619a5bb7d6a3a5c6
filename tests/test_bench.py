"""Do the measurements still run, and say all that they are asked for?"""

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
CHAT_KEYS = {
    "message_p50_ms",
    "message_p99_ms",
    "messages",
    "health_p50_ms",
    "health_p99_ms",
    "relative_p50",
    "rss_mb",
    "cpu_percent",
}
TELEGRAM_KEYS = {
    "stored_25_p99_ms",
    "answered_25_p99_ms",
    "cpu_25_ms",
    "stored_200_p99_ms",
    "answered_200_p99_ms",
    "cpu_200_ms",
    "stored_per_s",
    "answered_per_s",
    "cpu_all_ms",
    "rss_mb",
}
MATRIX_KEYS = {
    "round_trip_p50_ms",
    "round_trip_p99_ms",
    "cpu_ms",
    "rooms_per_s",
    "rooms_p50_ms",
    "rooms_cpu_ms",
    "encrypted_p50_ms",
    "encrypted_cpu_ms",
    "rss_mb",
}


def _last_line(*asked: str) -> dict[str, dict[str, float]]:
    """Scripts read the last line; the speed itself is no matter of a test."""
    done = subprocess.run(
        [sys.executable, "-m", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return figures


def test_last_line_has_every_figure() -> None:
    figures = _last_line("bench.delivery", "--quick", "--only", "sqlite")
    assert set(figures) == {"sqlite"}
    assert set(figures["sqlite"]) >= KEYS
    assert all(value > 0 for value in figures["sqlite"].values())


def test_last_line_of_the_secure_chat_has_every_figure() -> None:
    figures = _last_line("bench.secure_chat", "--quick")
    assert list(figures) == ["0", "50", "100", "200"]
    for stage in figures.values():
        assert all(stage[key] > 0 for key in CHAT_KEYS)


def test_last_line_of_telegram_has_every_figure_and_all_are_answered() -> None:
    figures = _last_line("bench.telegram", "--quick")
    assert list(figures) == ["wijkbot", "echo", "relative"]
    for name in ("wijkbot", "echo"):
        assert all(figures[name][key] > 0 for key in TELEGRAM_KEYS)
        assert figures[name]["unanswered"] == 0
    assert set(figures["relative"]) == {"cpu_25_ms", "cpu_200_ms", "cpu_all_ms"}


def test_last_line_of_matrix_has_every_figure_and_all_are_answered() -> None:
    figures = _last_line("bench.matrix", "--quick")
    assert list(figures) == ["wijkbot", "echo", "relative"]
    for name in ("wijkbot", "echo"):
        assert all(figures[name][key] > 0 for key in MATRIX_KEYS)
        assert figures[name]["unanswered"] == 0
    assert set(figures["relative"]) < MATRIX_KEYS
