"""How long does one message take, and how long learning?"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from bench.understanding import material
from bench.understanding.rivals import EditDistance, NearestTfidf
from wijkbot.content import book
from wijkbot.engine.phrases import FaqExample
from wijkbot.understanding import Example, Matcher, Reader

ASKED = 400
Made = TypeVar("Made")
START = (
    "import time; began = time.perf_counter()\n"
    "from bench.understanding import material\n"
    "from wijkbot.app.shelf import make_shelf\n"
    "shelf = make_shelf(material.items(), country='BE')\n"
    "shelf.reader.read('wanneer is het spreekuur')\n"
    "print(time.perf_counter() - began, time.process_time())"
)
STARTS = 5


def measure(*, is_quick: bool) -> dict[str, float]:
    """At 5,000 examples, and matching alone at 100,000 (a tenth when quick)."""
    figures = _starts()
    few, many = material.made_up(5_000), material.made_up(10_000 if is_quick else 100_000)
    asked = material.asked(min(ASKED, len(material.questions())))
    reader, _ = _timed(lambda: _reader(few))
    # what is sure enough in a language is learned with the first message in it
    first = list({e.language: e for e in asked}.values())
    figures["read_first_ms"] = _each("", first, lambda e: reader.read(e.text, e.language))[
        "_p99_ms"
    ]
    figures |= _each("read", asked, lambda e: reader.read(e.text, e.language))
    matcher, figures["fit_5k_s"] = _timed(lambda: _fitted(few))
    figures |= _each("match_5k", asked, lambda e: matcher.rank(e.text, 5, e.language))
    _, figures["refit_5k_s"] = _timed(lambda: matcher.refit(few[0].item, few[:3]))
    edit, tfidf = EditDistance(few), NearestTfidf(few)
    figures |= _each("rapidfuzz_5k", asked, lambda e: edit.best(e.text))
    figures |= _each("tfidf_5k", asked, lambda e: tfidf.best(e.text))
    large, figures["fit_100k_s"] = _timed(lambda: _fitted(many))
    figures |= _each("match_100k", asked, lambda e: large.rank(e.text, 5, e.language))
    figures["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {name: round(value, 2) for name, value in figures.items()}


def _fitted(examples: Sequence[Example]) -> Matcher:
    matcher = Matcher.fit(examples)
    assert matcher.thresholds  # learned when they are first asked for
    return matcher


def _reader(examples: Sequence[Example]) -> Reader:
    items = material.items()
    faq = [FaqExample(e.item, e.language, e.text) for e in examples]
    return Reader(faq, book.phrases(items), book.cues(items), book.labelled(items))


def _starts() -> dict[str, float]:
    """A new process until its first message is read, with the pack that ships.

    First on a machine where nothing was learned yet; then the middle of some on one where that
    is kept, and the least time of the processor, which others on the machine disturb less.
    """
    with tempfile.TemporaryDirectory() as folder:
        afresh = _start(folder)
        again = [_start(folder) for _ in range(STARTS)]
    return {
        "start_afresh_s": afresh[0],
        "start_afresh_cpu_s": afresh[1],
        "start_s": sorted(wall for wall, _ in again)[STARTS // 2],
        "start_cpu_s": min(cpu for _, cpu in again),
    }


def _start(folder: str) -> tuple[float, float]:
    there = os.environ | {"XDG_CACHE_HOME": folder}
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=there)
    wall, processor = done.stdout.split()
    return float(wall), float(processor)


def _timed(act: Callable[[], Made]) -> tuple[Made, float]:
    began = time.perf_counter()
    return act(), time.perf_counter() - began


def _each(
    name: str, asked: Sequence[Example], act: Callable[[Example], object]
) -> dict[str, float]:
    took = []
    for example in asked:
        began = time.perf_counter()
        act(example)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {f"{name}_p50_ms": took[len(took) // 2], f"{name}_p99_ms": took[len(took) * 99 // 100]}
