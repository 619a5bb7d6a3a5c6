"""Does any slip of the keyboard, anywhere in the pack, become problems and never an exception?"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from wijkbot.content.check import check
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir

SLIPS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["\n", "\t", ":", "- ", "{", "}", "[", "&a ", "*a", "!!int ", "|", "'", '"']),
)


@cache
def _files() -> tuple[str, ...]:
    paths = sorted(content_dir("dialogs").rglob("*.yaml"))
    return tuple(path.read_text(encoding="utf-8") for path in paths)


@given(
    number=st.integers(0, 10_000),
    at=st.floats(0, 1),
    gone=st.integers(0, 30),
    slip=SLIPS,
)
@settings(max_examples=300, deadline=None)
def test_slip_in_any_file_is_told_and_raises_nothing(
    number: int, at: float, gone: int, slip: str
) -> None:
    text = _files()[number % len(_files())]
    place = int(at * len(text))
    edited = f"{text[:place]}{slip}{text[place + gone :]}"
    with TemporaryDirectory() as name:
        path = Path(name) / "x.yaml"
        path.write_bytes(edited.encode("utf-8", errors="replace"))
        loaded = load(Path(name))
        found = (*loaded.problems, *check(loaded))
        lines = len(edited.splitlines()) + 1
        assert all(1 <= p.line <= lines and p.what and p.remedy for p in found if p.path == path)
