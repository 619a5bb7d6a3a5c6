"""Which databases are measured, and how are the figures shown?

    python -m bench.delivery [--only sqlite|postgresql] [--quick]

A table, and as the last line one JSON object. ``--quick`` measures a tenth, to try it out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.provision import findings
from tests.provision.findings import Missing
from tests.provision.postgres_server import PostgresServer

ROWS = {
    "raw_commits_per_s": "raw: one row, one durable commit, one connection (per s)",
    "messages_per_s": "ingest, claim, state + outbox: 1,000 conversations x 10 (per s)",
    "messages_per_raw": "the same, relative to raw",
    "cpu_us_per_message": "processor time of our process (us per message)",
    "e2e_p50_ms": "from arrival to the sender's hand at 50/s, p50 (ms)",
    "e2e_p99_ms": "the same, p99 (ms)",
    "claim_10k_ms": "claim 50 conversations with their messages, 10k waiting (ms)",
    "claim_100k_ms": "the same, 100k waiting (ms)",
    "claim_1m_ms": "the same, 1M waiting (ms)",
    "lane_claim_10k_ms": "claim 50 lanes with their messages, 10k waiting (ms)",
    "lane_claim_100k_ms": "the same, 100k waiting (ms)",
    "lane_claim_1m_ms": "the same, 1M waiting (ms)",
    "fanout_rows_per_s": "fan-out of 100k: the slower of the next two (per s)",
    "fanout_made_per_s": "making the rows (per s)",
    "fanout_sent_per_s": "claiming and settling them (per s)",
    "fanout_total_per_s": "one after the other in one process (per s)",
    "rss_mb": "resident memory of the mailbox process at its highest (MB)",
}


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(prog="make bench-delivery", description=__doc__)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    names = [asked.only] if asked.only else ["sqlite", "postgresql"]
    figures = {}
    for name in names:
        key = "postgres" if name == "postgresql" else name
        figures[key] = _measure(name, is_quick=asked.quick)
    _show(figures)
    print(json.dumps(figures))


@contextmanager
def database(name: str) -> Iterator[str]:
    """An empty database that waits for the disk, as in earnest."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory(prefix="wb-bench-") as folder:
            yield f"sqlite:///{folder}/wijkbot.db"
        return
    finding = findings.read("postgresql")
    if isinstance(finding, Missing):
        raise SystemExit(f"PostgreSQL is missing. Next step: {finding.remedy}")
    with PostgresServer(Path(finding.path), is_durable=True) as server:
        yield server.url.replace("+psycopg", "")


def _measure(name: str, *, is_quick: bool) -> Mapping[str, float]:
    """Each part in a process and a database of its own: none pays for the one before it."""
    figures: dict[str, float] = {}
    for part in ("flow", "latency", "claims", "fanout"):
        print(f"{name}: {part} ...", file=sys.stderr, flush=True)
        with database(name) as url:
            command = [sys.executable, "-m", "bench.delivery.part", part, url]
            done = subprocess.run(
                [*command, *(["--quick"] if is_quick else [])],
                stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
        figures |= json.loads(done.stdout)
    figures["messages_per_raw"] = round(
        figures["messages_per_s"] / figures["raw_commits_per_s"], 2
    )
    return {name: figures[name] for name in ROWS}


def _show(figures: Mapping[str, Mapping[str, float]]) -> None:
    width = max(map(len, ROWS.values()))
    print(f"{'':<{width}}" + "".join(f"{name:>14}" for name in figures))
    for key, title in ROWS.items():
        print(f"{title:<{width}}" + "".join(f"{of[key]:>14,}" for of in figures.values()))


if __name__ == "__main__":
    main()
