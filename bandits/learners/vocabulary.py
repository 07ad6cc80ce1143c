"""Vocabulary of a slot: levels of attributes without configured cells, learned from values.

A category gets a level for each new value, at most MOST_VALUES. A number gets cut points once
ENOUGH values were seen: the arms' own numbers where the values lie among them (an amount beside
amounts), else quantiles. Levels are only added, so earlier counts keep their meaning. Without any
`context` table, the attributes of the first visitors are taken, at most MOST_ATTRIBUTES.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bandits.arrays import AnyArray, Contexts, IntArray
from bandits.config import AttributeKind, AttributeSpec, LearnerConfig
from bandits.config_values import text_of
from bandits.levels import make_reader

MOST_VALUES = 32
MOST_ATTRIBUTES = 16
ENOUGH = 200
QUANTILES = 8


class Vocabulary:
    """Vocabulary of the attributes of a slot, which grows as values come up.

    Attributes:
        config: the configuration with the cells known so far.
    """

    def __init__(self, config: LearnerConfig) -> None:
        self.config = config
        self._unnamed = not config.context
        self._waiting: dict[str, list[float]] = {}
        self._open = {a.name for a in config.context if a.kind != "flag" and not a.cells}

    def observe(self, contexts: Contexts, n: int) -> None:
        """Add the levels of values that n visitors bring."""
        if self._unnamed and n and contexts:
            self._name_all(contexts)
        if self._open:
            known = tuple(self._extend(a, contexts) for a in self.config.context)
            if known != self.config.context:
                self.config = replace(self.config, context=known)

    def levels(self, contexts: Contexts, n: int) -> IntArray:
        """Return the levels (n, J) of n visitors.

        Raises:
            ValueError: the columns have different lengths.
        """
        columns = [
            make_reader(a).read_many(contexts[a.name])
            if a.name in contexts
            else np.zeros(n, np.int64)
            for a in self.config.context
        ]
        if any(len(column) != n for column in columns):
            raise ValueError("columns of different lengths")
        return np.stack(columns, axis=1) if columns else np.zeros((n, 0), dtype=np.int64)

    def _name_all(self, contexts: Contexts) -> None:
        self._unnamed = False
        found = [AttributeSpec(name, _kind(column)) for name, column in contexts.items()]
        self.config = replace(self.config, context=tuple(found[:MOST_ATTRIBUTES]))
        self._open = {a.name for a in self.config.context if a.kind != "flag"}

    def _extend(self, attribute: AttributeSpec, contexts: Contexts) -> AttributeSpec:
        if attribute.name not in self._open or attribute.name not in contexts:
            return attribute
        column = np.asarray(contexts[attribute.name])
        if attribute.kind == "category":
            return replace(attribute, cells=_values(attribute.cells, column))
        numbers = self._waiting.setdefault(attribute.name, [])
        numbers.extend(_finite(column))
        if len(numbers) < ENOUGH:
            return attribute
        self._open.discard(attribute.name)
        del self._waiting[attribute.name]
        return replace(attribute, cells=_cuts(np.array(numbers), self.config))


def _kind(column: AnyArray | Sequence[object]) -> AttributeKind:
    values = np.asarray(column)
    if values.dtype.kind == "b":
        return "flag"
    many = values.dtype.kind in "iuf" and len(np.unique(values)) > MOST_VALUES
    return "number" if many else "category"


def _values(cells: tuple[str, ...] | tuple[float, ...], column: AnyArray) -> tuple[str, ...]:
    known = dict.fromkeys(str(cell) for cell in cells)
    for value in dict.fromkeys(column.tolist()):
        text = text_of(value)
        if text is not None and len(known) < MOST_VALUES:
            known.setdefault(text)
    return tuple(known)


def _finite(column: AnyArray) -> list[float]:
    if column.dtype.kind not in "iuf":
        numbers = [v for v in column.tolist() if isinstance(v, int | float)]
        column = np.array([v for v in numbers if not isinstance(v, bool)], dtype=np.float64)
    values = column.astype(np.float64)
    return [float(value) for value in values[np.isfinite(values)]]


def _cuts(numbers: AnyArray, config: LearnerConfig) -> tuple[float, ...]:
    """Return cut points: an attribute of the arms that covers most of the numbers, or quantiles."""
    for ladder in _ladders(config):
        inside = (numbers >= ladder[0] / 2) & (numbers <= ladder[-1] * 2)
        if inside.mean() > 0.5 and len(np.unique(np.searchsorted(ladder, numbers))) > 1:  # noqa: PLR2004 - most
            return tuple(ladder)
    ranks = np.linspace(0.0, 1.0, QUANTILES + 1)[1:-1]
    return tuple(sorted({float(cut) for cut in np.quantile(numbers, ranks)}))


def _ladders(config: LearnerConfig) -> list[list[float]]:
    names = dict.fromkeys(name for arm in config.arms for name in arm.attributes)
    columns = [[arm.attributes.get(name) for arm in config.arms] for name in names]
    ladders = [
        sorted({float(v) for v in column if isinstance(v, int | float) and not isinstance(v, bool)})
        for column in columns
    ]
    return [ladder for ladder in ladders if len(ladder) > 1 and ladder[0] > 0]
