"""The context as the peers get it: one column for each level, and numbers as they are."""

from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import AnyArray, FloatArray
from benchmarks.learners_world import Columns


@dataclass
class OneHot:
    """Levels are those of the first batch that is seen; later ones have no column."""

    _levels: dict[str, list[object]] = field(default_factory=dict)

    def rows(self, contexts: Columns) -> FloatArray:
        """Rows (n, d): a constant 1, then the columns of each attribute."""
        blocks = [self._block(name, np.asarray(column)) for name, column in contexts.items()]
        return np.concatenate([np.ones((len(blocks[0]), 1)), *blocks], axis=1)

    def _block(self, name: str, values: AnyArray) -> FloatArray:
        if values.dtype.kind == "f":
            return np.asarray(values[:, None], dtype=np.float64)
        known = self._levels.setdefault(name, sorted(set(values.tolist()), key=str))
        return np.asarray(values[:, None] == np.array(known)[None, :], dtype=np.float64)
