"""How fast and how well are messages understood, beside others in the same run?

    python -m bench.understanding [--quick] [--set FILE.tsv ...]

Tables, and as the last line one JSON object. Without ``--set`` the few-shot part takes the Dutch
questions of the pack; a set is a file with a label, a tab and a text on each line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.understanding import fewshot, material, speed

ROWS = {
    "start_afresh": "a new process until its first message, nothing kept: wall, processor (s)",
    "start": "the same when an earlier process learned the pack: wall, processor (s)",
    "read": "a whole reading: alarm, language, match; 5,000 examples (ms)",
    "match_5k": "matching alone, 5,000 examples (ms)",
    "match_100k": "matching alone, 100,000 examples (ms)",
    "rapidfuzz_5k": "the same with rapidfuzz, 5,000 examples (ms)",
    "tfidf_5k": "the same with scikit-learn's TF-IDF, 5,000 examples (ms)",
}


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(prog="make bench-understanding", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--set", type=Path, action="append", default=[])
    asked = parser.parse_args()
    print("few examples ...", file=sys.stderr, flush=True)
    sets = {path.stem: _lines(path) for path in asked.set} or {"pack.nl": _dutch()}
    few = {
        f"{name}, {count} examples": fewshot.measure(labelled, "nl", count)
        for name, labelled in sets.items()
        for count in ((5,) if asked.quick else (5, 10))
    }
    print("speed ...", file=sys.stderr, flush=True)
    figures = speed.measure(is_quick=asked.quick)
    _show_few(few)
    _show_speed(figures)
    print(json.dumps({"few": few, "speed": figures}))


def _lines(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(label, text) for line in lines for label, _, text in [line.partition("\t")] if text]


def _dutch() -> list[tuple[str, str]]:
    return [(e.item, e.text) for e in material.questions() if e.language == "nl"]


def _show_few(few: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    print(f"{'':<44}{'right':>8}{'right at 5 % false':>20}")
    for name, rivals in few.items():
        for rival, found in rivals.items():
            title = f"{name}: {rival}"
            print(f"{title:<44}{found['right']:>8}{found['right_at_5']:>20}")


def _show_speed(figures: Mapping[str, float]) -> None:
    print(f"{'':<66}{'p50':>8}{'p99':>8}")
    for key in ("start_afresh", "start"):
        print(f"{ROWS[key]:<66}{figures[f'{key}_s']:>8}{figures[f'{key}_cpu_s']:>8}")
    for key in ("read", "match_5k", "match_100k", "rapidfuzz_5k", "tfidf_5k"):
        print(f"{ROWS[key]:<66}{figures[f'{key}_p50_ms']:>8}{figures[f'{key}_p99_ms']:>8}")
    print(f"{'the first message in a language (ms)':<66}{figures['read_first_ms']:>8}")
    print(f"{'learning 5,000 examples (s)':<66}{figures['fit_5k_s']:>8}")
    print(f"{'learning anew when one item changed (s)':<66}{figures['refit_5k_s']:>8}")
    print(f"{'learning 100,000 examples (s)':<66}{figures['fit_100k_s']:>8}")
    print(f"{'memory of this process at its highest (MB)':<66}{figures['rss_mb']:>8}")


if __name__ == "__main__":
    main()
