"""What would others answer? Three usual ways to find the nearest example, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from wijkbot.understanding import Example, Matcher
from wijkbot.understanding.matcher import lead
from wijkbot.understanding.normalise import clean, plain


class Rival(Protocol):
    """Anything that names the likeliest item of a text, and how sure it is."""

    def best(self, text: str) -> tuple[str, float]:
        """Item and certainty; only the order of certainties means something."""
        ...


class Ours:
    """The matcher of this project."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.matcher = Matcher.fit(examples)

    def best(self, text: str) -> tuple[str, float]:
        """By the lead over the second, as the bot decides."""
        ranked = self.matcher.rank(text, 2)
        return (ranked[0].item, lead(ranked)) if ranked else ("", 0.0)


class EditDistance:
    """rapidfuzz: the example that is typed most alike."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._items = [example.item for example in examples]
        self._texts = [_same(example.text) for example in examples]

    def best(self, text: str) -> tuple[str, float]:
        """By the ratio of equal letters."""
        found = process.extractOne(_same(text), self._texts, scorer=fuzz.ratio)
        return self._items[found[2]], float(found[1])


class NearestTfidf:
    """scikit-learn: TF-IDF of letter groups, the example with the highest cosine."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._items = [example.item for example in examples]
        self._vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._known = self._vectors.fit_transform([_same(e.text) for e in examples])

    def best(self, text: str) -> tuple[str, float]:
        """By cosine."""
        cosines = (self._known @ self._vectors.transform([_same(text)]).T).toarray().ravel()
        first = int(np.argmax(cosines))
        return self._items[first], float(cosines[first])


class Logistic:
    """scikit-learn: logistic regression over TF-IDF of letter groups and words."""

    def __init__(self, examples: Sequence[Example]) -> None:
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        self._model = make_pipeline(
            make_union(letters, words), LogisticRegression(C=10, max_iter=400)
        )
        self._model.fit([_same(e.text) for e in examples], [e.item for e in examples])

    def best(self, text: str) -> tuple[str, float]:
        """By the probability of the likeliest."""
        (chances,) = self._model.predict_proba([_same(text)])
        first = int(np.argmax(chances))
        return str(self._model.classes_[first]), float(chances[first])


def _same(text: str) -> str:
    """All get their texts in our plain form, so that only the method differs."""
    return plain(clean(text))
