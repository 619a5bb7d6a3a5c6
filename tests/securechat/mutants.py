"""What could be wrong in one place of a module? Each place, and the module with it changed.

A mutant is one small change: a check that is gone, a comparison one step off, a number one
higher, a text with a letter more, the wrong side of a choice. Docstrings, annotations and the
words of a refusal are left alone: they change nothing.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}  # fmt: skip
_NAMED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module: ``number`` among those of the module, and where and what it is."""

    module: Path
    number: int
    line: int
    what: str

    @property
    def is_check(self) -> bool:
        """A check that is gone, or never refuses."""
        return self.what.startswith("without")

    def tree(self) -> ast.Module:
        """The module with this change."""
        tree = ast.parse(self.module.read_text(encoding="utf-8"))
        for number, (_, _, change) in enumerate(_changes(tree)):
            if number == self.number:
                change()
                return ast.fix_missing_locations(tree)
        raise LookupError(f"{self.module.name} has no mutant {self.number}")


def mutants_of(module: Path) -> list[Mutant]:
    """All mutants of a module, in the order of its tree."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    found = enumerate(_changes(tree))
    return [Mutant(module, number, line, what) for number, (line, what, _) in found]


_Change = tuple[int, str, Callable[[], None]]


def _changes(tree: ast.AST) -> Iterator[_Change]:
    for node in _living(tree):
        if isinstance(node, ast.Compare):
            yield from _comparisons(node)
        elif isinstance(node, ast.Constant):
            yield from _values(node)
        elif isinstance(node, ast.IfExp):
            for side in (True, False):
                fixed = ast.Constant(value=side)
                yield node.lineno, f"always {side}", functools.partial(_set, node, "test", fixed)
        else:
            yield from _words(node)
        yield from _statements(node)


def _living(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that do something when the module runs."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        below = value if isinstance(value, list) else [value]
        if name == "args" and isinstance(node, ast.Call) and _is_refusal(node):
            below = below[:1]
        for one in below:
            if isinstance(one, ast.AST) and not _is_docstring(one):
                yield from _living(one)


def _is_refusal(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "Refused"


def _is_docstring(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)


def _comparisons(node: ast.Compare) -> Iterator[_Change]:
    for place, op in enumerate(node.ops):
        other = _COMPARED[type(op)]
        what = f"{type(op).__name__} is {other.__name__}"
        yield node.lineno, what, functools.partial(node.ops.__setitem__, place, other())


def _values(node: ast.Constant) -> Iterator[_Change]:
    value = node.value
    changed: object = None
    if type(value) is int:
        changed = value + 1
    elif isinstance(value, str):
        changed = f"{value}~"
    elif isinstance(value, bytes):
        changed = value + b"~"
    if changed is not None:
        yield (
            node.lineno,
            f"{value!r} is {changed!r}",
            functools.partial(_set, node, "value", changed),
        )


def _words(node: ast.AST) -> Iterator[_Change]:
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        what = f"{type(node.op).__name__} is {type(other).__name__}"
        yield node.lineno, what, functools.partial(_set, node, "op", other)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        twice = ast.UnaryOp(op=ast.Not(), operand=node.operand)
        yield node.lineno, "not is nothing", functools.partial(_set, node, "operand", twice)
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
        kind = _COMPUTED[type(node.op)]
        what = f"{type(node.op).__name__} is {kind.__name__}"
        yield node.lineno, what, functools.partial(_set, node, "op", kind())
    elif isinstance(node, ast.Name) and node.id in _NAMED:
        name = _NAMED[node.id]
        yield node.lineno, f"{node.id} is {name}", functools.partial(_set, node, "id", name)


def _statements(node: ast.AST) -> Iterator[_Change]:
    for name in ("body", "orelse", "handlers", "finalbody"):
        inside = getattr(node, name, [])
        for place, one in enumerate(inside if isinstance(inside, list) else []):
            if isinstance(one, ast.Raise) or (
                isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
            ):
                what = f"without {ast.unparse(one)[:48]}"
                gone = functools.partial(inside.__setitem__, place, ast.Pass())
                yield one.lineno, what, gone


def _set(node: ast.AST, name: str, value: object) -> None:
    setattr(node, name, value)
