"""Cells of the context: combinations of the levels of its attributes.

A cell is written as one level for each attribute, such as "0.3.1". Level 0 is "not known":
missing, None, NaN, a value that is not listed, or one of the wrong type. No value that a page
sends is an error. Levels from 1 on:

* category: the place of the value in its listed cells;
* number: 1 + the number of cut points at or below it;
* flag: 1 for false, 2 for true (0 and 1 are read as such).

A category without listed cells and a number without cut points have level 0 only. There are at
most `max_cells` cells: while there are more, the last attribute that still has levels is coarsened
to one level. An attribute keeps its place in the cell either way, and a cell that was counted with
finer levels counts in the coarser one.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np

from bandits.arrays import AnyArray, Context, Contexts, IntArray
from bandits.config import AttributeSpec
from bandits.levels import LevelReader, count_levels, make_reader

NO_ATTRIBUTES = "-"


@dataclass(frozen=True)
class CellSpec:
    """Mapping from context attributes to cells.

    Attributes:
        attributes: in the order of the cell's levels.
        sizes: number of levels of each attribute, 1 where it was coarsened.
    """

    attributes: tuple[AttributeSpec, ...]
    sizes: tuple[int, ...]

    @classmethod
    def build(cls, attributes: Sequence[AttributeSpec], max_cells: int = 4096) -> "CellSpec":
        """Return the spec of these attributes, coarsened to at most `max_cells` cells."""
        sizes = [count_levels(attribute) for attribute in attributes]
        for i in reversed(range(len(sizes))):
            if math.prod(sizes) <= max_cells:
                break
            sizes[i] = 1
        return cls(tuple(attributes), tuple(sizes))

    @classmethod
    def from_header(cls, header: Mapping[str, object]) -> "CellSpec":
        """Return the spec that `header` described.

        Raises:
            KeyError: a key is missing.
            TypeError: a value has the wrong type.
            ValueError: a row or a value does not have the form of a header's.
        """
        rows = header["attributes"]
        if not isinstance(rows, list):
            raise TypeError("attributes")
        attributes = tuple(AttributeSpec(n, kind, tuple(cells)) for n, kind, cells, _ in rows)
        return cls(attributes, tuple(int(row[3]) for row in rows))

    def header(self) -> dict[str, object]:
        """Return the spec as JSON values."""
        rows = [
            [a.name, a.kind, list(a.cells), size]
            for a, size in zip(self.attributes, self.sizes, strict=True)
        ]
        return {"attributes": rows}

    @cached_property
    def version(self) -> str:
        """Hash of the spec, eight hex digits: it changes with anything that changes a cell."""
        return blake2b(json.dumps(self.header()).encode(), digest_size=4).hexdigest()

    @property
    def count(self) -> int:
        """Number of cells."""
        return math.prod(self.sizes)

    @cached_property
    def _full(self) -> tuple[int, ...]:
        """Number of levels of each attribute before any was coarsened."""
        return tuple(map(count_levels, self.attributes))

    @cached_property
    def _readers(self) -> tuple[tuple[str, LevelReader, int, int], ...]:
        readers = [make_reader(attribute) for attribute in self.attributes]
        strides = [math.prod(self.sizes[i + 1 :]) for i in range(len(self.sizes))]
        names = [attribute.name for attribute in self.attributes]
        return tuple(zip(names, readers, self.sizes, strides, strict=True))

    def code(self, context: Context) -> int:
        """Return the cell of one visitor as an integer in [0, count)."""
        code = 0
        for name, reader, size, stride in self._readers:
            if size > 1:
                code += reader.read_one(context.get(name)) * stride
        return code

    def codes(self, contexts: Contexts, n: int) -> IntArray:
        """Return the cells of n visitors as integers (n,), equal to `code` of each."""
        codes = np.zeros(n, dtype=np.int64)
        for name, reader, size, stride in self._readers:
            if size > 1 and name in contexts:
                codes += reader.read_many(contexts[name]) * stride
        return codes

    def cell(self, context: Context) -> str:
        """Return the cell of one visitor as text, such as "0.3.1"."""
        return self.label(self.code(context))

    def cells(self, contexts: Contexts, n: int | None = None) -> AnyArray:
        """Return the cells of n visitors (n,) as text; by default n is the columns' length."""
        size = length_of(contexts) if n is None else n
        distinct, inverse = np.unique(self.codes(contexts, size), return_inverse=True)
        labels = np.array([self.label(int(code)) for code in distinct], dtype=np.str_)
        return labels[inverse]

    def levels_of(self, codes: IntArray) -> IntArray:
        """Return the levels (n, J) of cells given as integers (n,)."""
        strides = np.array([row[3] for row in self._readers], dtype=np.int64)
        return codes[:, None] // strides % np.array(self.sizes, dtype=np.int64)

    def code_levels(self, levels: IntArray) -> IntArray:
        """Return the cells of levels (n, J) as integers (n,)."""
        strides = [row[3] if row[2] > 1 else 0 for row in self._readers]
        found: IntArray = levels @ np.array(strides, dtype=np.int64).reshape(levels.shape[1])
        return found

    def label(self, code: int) -> str:
        """Return the text of a cell given as an integer."""
        levels = [code // stride % size if size > 1 else 0 for _, _, size, stride in self._readers]
        return ".".join(map(str, levels)) or NO_ATTRIBUTES

    def code_of(self, cell: str) -> int:
        """Return the integer of a cell given as text; -1 where it is not a cell of this spec.

        Rows of an earlier revision of the slot may have such cells.
        """
        try:
            found = levels(cell)
        except ValueError:
            return -1
        fits = len(found) == len(self.sizes)
        if not fits or not all(0 <= x < size for x, size in zip(found, self._full, strict=True)):
            return -1
        return sum(x * row[3] for x, row in zip(found, self._readers, strict=True) if row[2] > 1)


def levels(cell: str) -> tuple[int, ...]:
    """Return the levels of a cell given as text: "0.3.1" -> (0, 3, 1).

    Raises:
        ValueError: the text is not a cell.
    """
    return () if cell == NO_ATTRIBUTES else tuple(int(part) for part in cell.split("."))


def length_of(contexts: Contexts) -> int:
    """Return the number of visitors in a batch: the length of its columns, 1 without columns."""
    return len(next(iter(contexts.values()))) if contexts else 1
