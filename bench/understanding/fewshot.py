"""How often is it right from a few examples, and how often when it must also be able to pass?"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from bench.understanding.material import split
from bench.understanding.rivals import EditDistance, Logistic, NearestTfidf, Ours, Rival
from wijkbot.understanding import Example

FALSE_ANSWERS = 0.05
ROUNDS = 4
RIVALS: dict[str, Callable[[Sequence[Example]], Rival]] = {
    "ours": Ours,
    "logistic regression": Logistic,
    "nearest TF-IDF": NearestTfidf,
    "edit distance": EditDistance,
}
Labelled = Sequence[tuple[str, str]]


def measure(labelled: Labelled, language: str, examples: int) -> dict[str, dict[str, float]]:
    """For each way: share right, and share right at 5 % false answers on held-out labels."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for seed in range(ROUNDS):
        learned, asked = split(labelled, examples, seed)
        labels = sorted({label for label, _ in learned})
        hidden = set(random.Random(seed).sample(labels, len(labels) // 4))
        for name, make in RIVALS.items():
            known = [Example(label, text, language) for label, text in learned]
            all_ = make(known)
            right = [all_.best(text)[0] == label for label, text in asked]
            found[name]["right"].append(float(np.mean(right)))
            some = make([example for example in known if example.item not in hidden])
            found[name]["right_at_5"].append(_answered(some, asked, hidden))
    return {
        name: {figure: round(float(np.mean(values)), 3) for figure, values in figures.items()}
        for name, figures in found.items()
    }


def _answered(rival: Rival, asked: Labelled, hidden: set[str]) -> float:
    answers = [(label, *rival.best(text)) for label, text in asked]
    strange = [sure for label, _, sure in answers if label in hidden]
    least = float(np.quantile(strange, 1 - FALSE_ANSWERS))
    known = [
        (label == item and sure > least) for label, item, sure in answers if label not in hidden
    ]
    return float(np.mean(known))
