"""YAML with the line of every value, through PyYAML's node graph; nothing is ever constructed from tags."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.config.parsed import Problem
from analyzer.findings import SourceLine

__all__ = ["MAX_YAML", "Tree", "documents"]

MAX_YAML = 2_000_000  # characters; PyYAML reads about 100 kB a second, a `kubectl get cm -A` is below this
_MAX_ITEMS = 10_000
_MAX_NESTING = 200  # PyYAML's scanner takes quadratic time for open brackets; real files nest below ten


class Tree:
    """One YAML node: `text`, `items()` of a list, `get(key)` of a mapping, and where it stands; absent nodes are empty."""

    __slots__ = ("_lines", "_node", "origin")

    def __init__(self, node: object, origin: str, lines: list[str]) -> None:
        self._node, self.origin, self._lines = node, origin, lines

    def __bool__(self) -> bool:
        return self._node is not None

    @property
    def _value(self) -> object:
        return getattr(self._node, "value", None)

    @property
    def text(self) -> str:
        """The scalar as written (quotes off); empty for anything else."""
        return self._value if isinstance(self._value, str) else ""

    @property
    def line(self) -> int:
        """1-based line where the node begins; for a block scalar the line of its `|`."""
        mark = getattr(self._node, "start_mark", None)
        return mark.line + 1 if mark else 0

    @property
    def is_block(self) -> bool:
        return getattr(self._node, "style", None) in ("|", ">")

    @property
    def source(self) -> SourceLine:
        text = self._lines[self.line - 1].strip()[:300] if 0 < self.line <= len(self._lines) else ""
        return SourceLine(self.origin, self.line, text)

    def pairs(self) -> Iterator[tuple[str, Tree]]:
        if type(self._node).__name__ == "MappingNode" and isinstance(self._value, list):
            for key, value in self._value[:_MAX_ITEMS]:
                if isinstance(key.value, str):
                    yield key.value, Tree(value, self.origin, self._lines)

    def get(self, *keys: str) -> Tree:
        """The node at the path of `keys`; an absent one is false and has no text, items or pairs."""
        here = self
        for key in keys:
            here = next((value for name, value in here.pairs() if name == key), Tree(None, self.origin, self._lines))
        return here

    def items(self) -> list[Tree]:
        if type(self._node).__name__ == "SequenceNode" and isinstance(self._value, list):
            return [Tree(node, self.origin, self._lines) for node in self._value[:_MAX_ITEMS]]
        return []

    def words(self) -> list[tuple[str, SourceLine]]:
        """The scalars of a list, or the one scalar, each with its line."""
        nodes = self.items() or ([self] if self.text else [])
        return [(node.text, node.source) for node in nodes if node.text]

    def flag(self) -> bool | None:
        """A YAML boolean in any spelling that netplan and kubelet take; None if absent or none."""
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(self.text.lower())


def documents(text: str, origin: str) -> tuple[list[Tree], list[Problem]]:
    """Every document of a stream up to the first that does not parse; that one is a problem with its line."""
    import yaml

    if len(text) > MAX_YAML:
        return [], [Problem(SourceLine(origin, 1), f"more than {MAX_YAML} characters of YAML; not read", error=True)]
    if _deepest(text) > _MAX_NESTING:
        return [], [Problem(SourceLine(origin, 1), f"brackets nested deeper than {_MAX_NESTING}; not read", error=True)]
    lines = text.splitlines()
    found: list[Tree] = []
    try:
        # the pure Python loader: libyaml's recursion ends the process on deeply nested brackets, this one raises
        nodes = yaml.compose_all(text, Loader=yaml.SafeLoader)
        found.extend(Tree(node, origin, lines) for node in nodes)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        number = mark.line + 1 if mark else 1
        shown = lines[number - 1].strip()[:300] if 0 < number <= len(lines) else ""
        return found, [Problem(SourceLine(origin, number, shown), f"not YAML: {_short(error)}", error=True)]
    except (RecursionError, ValueError) as error:
        return found, [Problem(SourceLine(origin, 1), f"not readable YAML: {type(error).__name__}", error=True)]
    return found, []


def _deepest(text: str) -> int:
    """The most brackets and braces open at once, quotes not minded: a bound that only made-up files exceed."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _short(error: Exception) -> str:
    return str(getattr(error, "problem", None) or "unreadable").splitlines()[0][:120]
