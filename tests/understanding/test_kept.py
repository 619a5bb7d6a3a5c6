"""Is what a process finds on disk what it would have learned, whatever happened to the file?"""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wijkbot.app.shelf import cache_folder
from wijkbot.content import book
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.store_format import from_json, to_json
from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.words import Label
from wijkbot.understanding import Example, Kept, Matcher, Reader
from wijkbot.understanding.kept import FILES, key_of
from wijkbot.understanding.learned import Learned, Taught, learn

TAUGHT = Taught(
    (
        FaqExample("food", "nl", "waar is de voedselbank"),
        FaqExample("food", "nl", "!!!"),
        FaqExample("food", "fr", "où est la banque alimentaire"),
        FaqExample("bags", "nl", "welke dag komen de zakken"),
    ),
    (PhraseList(Label.INFO, "nl", ("wanneer/welke … dag", "zak*"), ("dag schat",)),),
    (Cues("nl", ("ik", "mijn"), ("vannacht",)),),
    (
        LabelledExample(Label.SMALL_TALK, "nl", "mooi weer vandaag"),
        LabelledExample(Label.SMALL_TALK, "nl", "…"),
        LabelledExample(Label.HELP_PERSONAL, "nl", "ik kan de huur niet betalen"),
    ),
)
TEXTS = ("wlke dag komen de zakken", "waar is de voedselbnak", "mooi weer", "zakgeld", "huur?")


def kept_in(folder: Path) -> Kept:
    return Kept(folder / "wijkbot", worth=1)


def the_file(folder: Path) -> Path:
    (file,) = (folder / "wijkbot").iterdir()
    return file


def everything(learned: Learned) -> list[object]:
    """All numbers as bytes, and all words."""
    found: list[object] = [learned.vocabulary, learned.faq.sureness()]
    for matcher in (learned.faq, learned.votes):
        space = matcher.space
        assert space is not None
        found += [matcher.examples, matcher.known.texts, space.languages, space.item_of.tobytes()]
        for table in (space.examples, space.by_feature):
            arrays = (table.starts, table.places, table.parts)
            found += [(array.dtype, array.tobytes()) for array in arrays]
        found += [space.shared.dtype, space.shared.tobytes()]
        for block in space.blocks:
            found += [(array.dtype, array.tobytes()) for array in (block.keys, block.used_by)]
            found += [block.weights.tobytes(), block.share]
        for kind in matcher.known.features.kinds:
            found += [kind.rows.tobytes(), kind.keys.tobytes(), kind.counts.tobytes()]
    found.append(learned.alarm.listed)
    return [*found, [learned.alarm.hear(text) for text in TEXTS]]


def test_starter_pack_from_disk_is_bit_for_bit_what_is_learned_afresh(tmp_path: Path) -> None:
    items = load(content_dir("dialogs")).items
    taught = Taught(
        book.faq_examples(items), book.phrases(items), book.cues(items), book.labelled(items)
    )
    kept = Kept(tmp_path / "wijkbot")
    afresh = everything(learn(taught))
    assert everything(kept.learned(taught)) == afresh
    written = the_file(tmp_path).stat()
    assert everything(kept.learned(taught)) == afresh
    assert the_file(tmp_path).stat().st_ino == written.st_ino, "it was learned a second time"


def test_what_is_learned_is_kept_small(tmp_path: Path) -> None:
    items = load(content_dir("dialogs")).items
    taught = Taught(
        book.faq_examples(items), book.phrases(items), book.cues(items), book.labelled(items)
    )
    Kept(tmp_path / "wijkbot").learned(taught)
    tracemalloc.start(1)
    learned = Kept(tmp_path / "wijkbot").learned(taught)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    examples = len(learned.faq.examples) + len(learned.votes.examples)
    assert taken < 1_500 * examples, "bytes for each example, its phrases and words included"


def test_who_read_the_files_and_who_read_the_database_learn_the_same() -> None:
    items = load(content_dir("dialogs")).items
    published = {id_: from_json(one.kind, to_json(one)) for id_, one in reversed([*items.items()])}
    in_the_files, in_the_database = (
        Taught(book.faq_examples(of), book.phrases(of), book.cues(of), book.labelled(of))
        for of in (items, published)
    )
    assert key_of(in_the_files) == key_of(in_the_database)


def test_reader_from_disk_reads_as_one_that_learned(tmp_path: Path) -> None:
    content = (TAUGHT.questions, TAUGHT.phrases, TAUGHT.cues, TAUGHT.labelled)
    Reader(*content, kept_in(tmp_path))
    from_disk, afresh = Reader(*content, kept_in(tmp_path)), Reader(*content)
    assert [from_disk.read(text) for text in TEXTS] == [afresh.read(text) for text in TEXTS]


def test_matcher_from_disk_learns_on_as_one_that_learned(tmp_path: Path) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    more = [Example("bags", "wanneer het pmd", "nl")]
    one = kept_in(tmp_path).learned(TAUGHT).faq.refit("bags", more)
    other = Matcher.fit([e for e in TAUGHT.as_questions() if e.item != "bags"] + more)
    assert one.rank(TEXTS[1]) == other.rank(TEXTS[1])
    assert one.thresholds == other.thresholds


def test_only_the_owner_can_read_or_change_what_is_kept(tmp_path: Path) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    assert the_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert the_file(tmp_path).parent.stat().st_mode & 0o777 == 0o700


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _write_a_letter(file: Path) -> None:
    file.write_text("no archive at all")


def _halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _flip_every_64th_byte(file: Path) -> None:
    written = bytearray(file.read_bytes())
    written[::64] = bytes(byte ^ 0x5A for byte in written[::64])
    file.write_bytes(written)


def _change(file: Path, **changed: np.ndarray) -> None:
    with np.load(file) as found:
        arrays = {name: found[name] for name in found.files}
    np.savez(file, allow_pickle=True, **(arrays | changed))


def _change_the_words(file: Path) -> None:
    _change(file, words=np.frombuffer(b'{"rows": 3}', dtype=np.uint8))


def _point_nowhere(file: Path) -> None:
    with np.load(file) as found:
        _change(file, faq_by_line_places=found["faq_by_line_places"] + 10_000)


def _point_at_no_example(file: Path) -> None:
    with np.load(file) as found:
        _change(file, votes_by_place_places=found["votes_by_place_places"] + 10_000)


def _drop_examples(file: Path) -> None:
    with np.load(file) as found:
        _change(file, votes_by_line_starts=found["votes_by_line_starts"][:-1])


def _change_the_kind(file: Path) -> None:
    with np.load(file) as found:
        _change(file, faq_used_by_0=found["faq_used_by_0"].astype(np.float32))


def _count_more_items_than_there_are(file: Path) -> None:
    with np.load(file) as found:
        _change(file, votes_used_by_0=found["votes_used_by_0"] + 100)


def _lead_phrases_nowhere(file: Path) -> None:
    with np.load(file) as found:
        _change(file, rows_starts=found["rows_starts"] * 3)


def _drop_a_slot(file: Path) -> None:
    with np.load(file) as found:
        _change(file, rows_of_slot=found["rows_of_slot"][:-1])


def _open_to_all(file: Path) -> None:
    with np.load(file) as found:
        _change(file, faq_by_line_parts=found["faq_by_line_parts"] * 0)
    file.chmod(0o666)


def _give_the_key_of_another(file: Path) -> None:
    with np.load(file) as found:
        _change(file, key=found["key"][::-1], faq_by_line_parts=found["faq_by_line_parts"] * 0)


@pytest.mark.parametrize(
    "spoil",
    [
        _halve,
        _flip_every_64th_byte,
        _point_nowhere,
        _point_at_no_example,
        _drop_examples,
        _change_the_kind,
        _count_more_items_than_there_are,
        _lead_phrases_nowhere,
        _drop_a_slot,
        _open_to_all,
        _give_the_key_of_another,
        _empty,
        _write_a_letter,
        _change_the_words,
    ],
)
def test_spoiled_file_is_learned_afresh_and_replaced(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    whole = the_file(tmp_path).read_bytes()
    spoil(the_file(tmp_path))
    assert everything(kept_in(tmp_path).learned(TAUGHT)) == everything(learn(TAUGHT))
    assert the_file(tmp_path).read_bytes() == whole
    assert the_file(tmp_path).stat().st_mode & 0o777 == 0o600


class _Touching:
    """What a pickle can do: run anything when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def test_file_cannot_run_code(tmp_path: Path) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    trap = tmp_path / "trap"
    _change(the_file(tmp_path), words=np.array([_Touching(trap)], dtype=object))
    assert everything(kept_in(tmp_path).learned(TAUGHT)) == everything(learn(TAUGHT))
    assert not trap.exists()


def test_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    file = the_file(tmp_path)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    kept_in(tmp_path).learned(TAUGHT)
    assert not the_file(tmp_path).is_symlink()


def test_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "wijkbot").write_text("a file where the folder should be")
    assert everything(kept_in(tmp_path).learned(TAUGHT)) == everything(learn(TAUGHT))
    assert the_content(tmp_path) == ["wijkbot"]


def the_content(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("part", ["questions", "labelled", "phrases", "cues"])
def test_other_content_never_gets_what_this_one_taught(tmp_path: Path, part: str) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    other = replace(TAUGHT, **{part: getattr(TAUGHT, part)[::-1][:2] * 2})
    assert everything(kept_in(tmp_path).learned(other)) == everything(learn(other))
    assert len(the_content(tmp_path / "wijkbot")) == 2


def test_only_the_files_used_last_stay(tmp_path: Path) -> None:
    kept_in(tmp_path).learned(TAUGHT)
    first = the_file(tmp_path)
    for number in range(FILES + 2):
        extra = FaqExample("more", "nl", f"nummer {number}")
        kept_in(tmp_path).learned(replace(TAUGHT, questions=(*TAUGHT.questions, extra)))
        kept_in(tmp_path).learned(TAUGHT)
    assert len(the_content(tmp_path / "wijkbot")) == FILES
    assert first.exists()


def test_little_content_is_not_kept(tmp_path: Path) -> None:
    Kept(tmp_path / "wijkbot").learned(TAUGHT)
    assert the_content(tmp_path) == []


def test_nothing_of_a_message_is_kept(tmp_path: Path) -> None:
    content = (TAUGHT.questions, TAUGHT.phrases, TAUGHT.cues, TAUGHT.labelled)
    reader = Reader(*content, kept_in(tmp_path))
    reader.read("ik kan de kwispelstaart niet betalen")
    Reader(*content, kept_in(tmp_path))
    assert b"kwispel" not in the_file(tmp_path).read_bytes()


def test_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/iemand")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path("/home/iemand/.cache/wijkbot")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/bot")
    assert cache_folder() == Path("/var/cache/bot/wijkbot")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache_folder() == Path("/home/iemand/.cache/wijkbot")
