"""What a table for notebooks is made of: columns that were declared (Spec) and columns that hold values (Col)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analyzer.messages import Array

__all__ = ["Col", "Spec", "Words", "arrow_type", "col", "pandas_type", "words_of"]

_TABLE: Final = 1 << 22  # ids below this are coded by a table that they index


@dataclass(frozen=True, slots=True)
class Spec:
    """One declared column. `type` is `time`, `float`, `int16`, `int32`, `int64`, `bool`, `word` or `text`.

    `source` is the column that it is made from (the same name where empty), or a function of a row. `spell` says how a
    number becomes a word, `where` when a value is there (empty: always), `order` lists the words where they have ranks.
    """

    name: str
    type: str
    unit: str
    doc: str
    source: str | Callable[[Any], Any] = ""
    spell: str = ""
    where: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A column of categories: `codes` index `words`, which are distinct; -1 is absent."""

    codes: Array
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Col:
    """A column with its values: ns since 1970 for times, Words for words, a list of str for texts, else an array.

    `absent` marks rows without a value (None: every row has one); words and texts mark their own by -1 and None.
    """

    spec: Spec
    values: Array | Words | list[str | None]
    absent: Array | None = None

    @property
    def name(self) -> str:
        return self.spec.name


def pandas_type(spec: Spec) -> str:
    """The dtype of a column in a DataFrame."""
    if spec.type.startswith("int"):
        return spec.type.capitalize() if spec.where else spec.type
    return {"time": "datetime64[ns, UTC]", "float": "float64", "bool": "bool", "word": "category", "text": "string"}[
        spec.type
    ]


def arrow_type(spec: Spec) -> str:
    """The type of a column in an Arrow table."""
    if spec.type == "word":
        return f"dictionary<values=string, indices=int32, ordered={int(bool(spec.order))}>"
    return {"time": "timestamp[ns, tz=UTC]", "float": "double", "text": "string"}.get(spec.type, spec.type)


def words_of(ids: Array, text: Callable[[int], str | None]) -> Words:
    """Ids as words, each spelled once however many rows hold it; None means that there is no value."""
    top = int(ids.max(initial=0))
    if top < _TABLE:
        seen = np.zeros(top + 1, np.bool_)
        seen[ids] = True
        distinct = np.flatnonzero(seen)
    else:
        distinct, ids = np.unique(ids, return_inverse=True)
    index: dict[str, int] = {}
    spelled = (text(ident) for ident in distinct.tolist())
    numbers = [-1 if word is None else index.setdefault(word, len(index)) for word in spelled]
    table = np.full(top + 1 if top < _TABLE else len(distinct), -1, _narrow(len(index)))
    table[distinct if top < _TABLE else slice(None)] = numbers
    return Words(table[ids], list(index))


def _narrow(words: int) -> type[np.signedinteger[Any]]:
    """The code type that pandas gives to so many categories."""
    return np.int8 if words < 127 else np.int16 if words < 32_767 else np.int32


def col(spec: Spec, given: Sequence[Any]) -> Col:
    """A column from one plain value a row: None where there is none, and ns for times."""
    if spec.type == "text":
        return Col(spec, [None if value is None else _text(value) for value in given])
    if spec.type == "word":
        return Col(spec, _worded([None if value is None else _text(value) for value in given], spec.order))
    if spec.type == "float":
        return Col(spec, np.array([np.nan if value is None else value for value in given], np.float64))
    dtype = {"time": "int64"}.get(spec.type, spec.type)
    if not spec.where:
        return Col(spec, np.array(given, dtype))
    absent = np.fromiter((value is None for value in given), np.bool_, len(given))
    return Col(spec, np.array([0 if value is None else value for value in given], dtype), absent)


def _worded(texts: list[str | None], order: tuple[str, ...]) -> Words:
    index = {word: at for at, word in enumerate(order)}
    codes = [-1 if text is None else index.setdefault(text, len(index)) for text in texts]
    return Words(np.array(codes, _narrow(len(index))), list(index))


def _text(value: Any) -> str:
    """Text that any reader can take: an enum's word, and no half of a surrogate pair."""
    if isinstance(value, enum.Enum):
        value = value.value if isinstance(value.value, str) else value.name.lower()
    return str(value).encode("utf-8", "backslashreplace").decode()
