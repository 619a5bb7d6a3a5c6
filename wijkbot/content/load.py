"""What do the files of a folder say? Every file is read, every mistake is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from wijkbot.content.model import KINDS, ExampleFile, Item
from wijkbot.content.problems import Problem
from wijkbot.content.yaml_lines import Source, read_source

MESSAGES = {
    "missing": "the field {name!r} is missing",
    "extra_forbidden": "the field {name!r} is unknown",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The items by id, the examples, where each came from, and what is wrong so far."""

    items: Mapping[str, Item] = field(default_factory=dict)
    examples: tuple[ExampleFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    folder: Path = Path()

    def problem(self, item_id: str, place: tuple[str | int, ...], what: str, todo: str) -> Problem:
        """A problem at a part of an item."""
        source = self.sources.get(item_id)
        if source is None:
            return Problem(self.folder, 1, what, todo)
        return source.problem(place, what, todo)

    def is_unread(self, name: str) -> bool:
        """Is there a file of that name that could not be loaded? Then its own problem counts."""
        stems = {problem.path.stem for problem in self.problems}
        return any(name in {stem, stem.partition("-")[0]} for stem in stems)


def load(folder: Path, overlay: Path | None = None) -> Loaded:
    """Load a folder; items of the overlay replace those of the same id."""
    base = _load_folder(folder)
    if overlay is None:
        return base
    if not overlay.is_dir():
        missing = Problem(overlay, 1, "there is no such folder", "make it, or change `content`")
        return replace(base, problems=(*base.problems, missing))
    over = _load_folder(overlay)
    return Loaded(
        items={**base.items, **over.items},
        examples=(*base.examples, *over.examples),
        problems=(*base.problems, *over.problems),
        sources={**base.sources, **over.sources},
        folder=folder,
    )


def _load_folder(folder: Path) -> Loaded:
    items: dict[str, Item] = {}
    sources: dict[str, Source] = {}
    examples: list[ExampleFile] = []
    problems: list[Problem] = []
    if not folder.is_dir():
        missing = Problem(folder, 1, "there is no such folder", "give the folder of the dialogs")
        return Loaded(problems=(missing,), folder=folder)
    for path in _files(folder):
        source = read_source(path)
        problems.extend(source.problems)
        if source.problems or not source.data:
            continue
        made = _model(source, problems)
        if isinstance(made, ExampleFile):
            examples.append(_placed(made, source))
        elif made is not None:
            item: Item = made  # type: ignore[assignment]
            if item.id in items:
                where = sources[item.id].path
                problems.append(
                    source.problem(("id",), f"the id {item.id!r} is taken by {where}", "change it")
                )
                continue
            items[item.id], sources[item.id] = item, source
    return Loaded(items, tuple(examples), tuple(problems), sources, folder)


def _files(folder: Path) -> Iterator[Path]:
    """All YAML files, but those in folders whose name begins with "_" or "."."""
    for path in sorted(folder.rglob("*.yaml")):
        inside = path.relative_to(folder).parts[:-1]
        if not any(part.startswith(("_", ".")) for part in inside):
            yield path


def _model(source: Source, problems: list[Problem]) -> BaseModel | None:
    kind = source.data.get("kind")
    known = KINDS.get(str(kind))
    if known is None:
        near = get_close_matches(str(kind), KINDS, 1)
        todo = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(KINDS)}"
        problems.append(source.problem(("kind",), f"the kind {kind!r} is unknown", todo))
        return None
    try:
        return known.model_validate(source.data)
    except ValidationError as error:
        problems.extend(_readable(source, known, error))
        return None


def _readable(source: Source, model: type[BaseModel], error: ValidationError) -> Iterator[Problem]:
    seen = set()
    for detail in error.errors(include_url=False, include_input=False):
        place = _place(detail["loc"], source)
        name = str(detail["loc"][-1]) if detail["loc"] else ""
        template = MESSAGES.get(detail["type"])
        if template:
            what, todo = template.format(name=name), _todo(detail["type"], name, model)
        else:
            what = (
                f"{'.'.join(str(p) for p in place)}: {detail['msg'].removeprefix('Value error, ')}"
            )
            todo = "mend this value"
        problem = source.problem(place, what, todo)
        if problem not in seen:
            seen.add(problem)
            yield problem


def _place(location: tuple[Any, ...], source: Source) -> tuple[str | int, ...]:
    """Pydantic names the branch of a union too; only what stands in the file counts."""
    place: tuple[str | int, ...] = ()
    for part in location:
        if (*place, part) in source.lines:
            place = (*place, part)
    return place


def _todo(kind: str, name: str, model: type[BaseModel]) -> str:
    if kind == "missing":
        return "add it"
    near = get_close_matches(name, _field_names(model), 1)
    return f"did you mean {near[0]!r}?" if near else "remove it"


def _field_names(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    waiting, seen = [model], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for name, info in current.model_fields.items():
            names.add(info.alias or name)
            waiting.extend(_models_in(info.annotation))
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found = []
    for argument in getattr(annotation, "__args__", ()):
        found.extend(_models_in(argument))
    return found


def _placed(file: ExampleFile, source: Source) -> ExampleFile:
    lines = {
        f"{place[1]}.{place[3]}": line
        for place, line in source.lines.items()
        if place[:1] == ("examples",) and place[2:3] == ("turns",) and len(place[3:]) == 1
    }
    return file.model_copy(update={"path": str(source.path), "lines": lines})
