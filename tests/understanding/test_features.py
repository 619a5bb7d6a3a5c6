"""Do the features of texts stay bounded, whatever residents write?"""

from __future__ import annotations

import gc
import tracemalloc

from wijkbot.understanding.features import STEMS, Features, letter_groups


def test_new_words_without_end_do_not_take_memory_without_end() -> None:
    words = [f"kwispel{number}en" for number in range(STEMS * 4)]
    tracemalloc.start(1)
    Features.of(words, ["nl"] * len(words))
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 400 * STEMS, "more than the stems that are remembered"


def test_same_letters_are_the_same_feature_wherever_they_stand() -> None:
    one, other = letter_groups(["de kat"]), letter_groups(["een kat liep", "de"])
    assert set(one.keys) < set(other.keys) | set(letter_groups(["de"]).keys)
    assert not set(letter_groups(["kat"]).keys) & set(letter_groups(["tak"]).keys)


def test_groups_of_two_to_four_letters_are_counted_in_every_text() -> None:
    found = letter_groups(["haha", "", "ja"])
    # " h" "ha" "ah" "ha" "a ", " ha" "hah" "aha" "ha ", " hah" "haha" "aha "
    assert [int(found.counts[found.rows == row].sum()) for row in (0, 1, 2)] == [12, 0, 6]
    assert len(found.keys[found.rows == 0]) == 11
    assert found.counts.max() == 2
