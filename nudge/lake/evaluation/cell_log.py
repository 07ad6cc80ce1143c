"""The engine's cells as `bandits.evaluation` wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.config import AttributeSpec
from bandits.evaluation.cells import Cells
from bandits.evaluation.log import Log
from nudge.lake.evaluation.cells import FOLDS, NAMED
from nudge.lake.evaluation.log_arrays import TEXT, Part
from nudge.lake.evaluation.log_attributes import attribute, contexts
from nudge.lake.evaluation.log_features import Feature, Levels, features


@dataclass(frozen=True, eq=False)
class CellLog:
    """Cells of a slot (C,).

    Attributes:
        found: of `CellRows.cells`.
        possible: names of the variants, in the order of the masks' bits.
        own: names of the context's attributes: what the reward model looks at.
    """

    found: pa.Table
    possible: Sequence[str]
    own: Sequence[str]

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """All of them, sorted."""
        seen = self.found.column("variant").unique().to_pylist()
        return tuple(sorted({*self.possible, *seen}))

    @cached_property
    def folds(self) -> IntArray:
        """(C,)."""
        return self.column("fold").astype(np.int64)

    @cached_property
    def arms(self) -> IntArray:
        """(C,) indices of the variants drawn."""
        return self._part.places("variant", pa.array(self.variants, TEXT))

    @cached_property
    def eligible(self) -> BoolArray:
        """(C, K)."""
        return self._mask("eligible")

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """Of the reward model."""
        counted = {name: Levels() for name in sorted(self.own)}
        for name, levels in counted.items():
            by_value = self.found.select([NAMED + name, "rows"]).drop_null()
            sums = by_value.group_by(NAMED + name).aggregate([("rows", "sum")]).combine_chunks()
            levels.count(_flat(sums.column(NAMED + name)), _flat(sums.column("rows_sum")))
        return features(counted)

    def column(self, name: str) -> FloatArray:
        """Numbers (C,), 0 where missing."""
        return np.asarray(self._part.batch.column(name).cast(pa.float64()).fill_null(0.0))

    def contexts(self, attributes: Sequence[AttributeSpec]) -> Mapping[str, AnyArray]:
        """The attributes as a policy wants them: name -> column (C,)."""
        return contexts(self._part, attributes)

    def cells(self, targets: Mapping[str, FloatArray]) -> Cells:
        """The cells, with what a target chooses there, name -> (C, K)."""
        found = [one.columns(attribute(self._part, one.name)) for one in self.features]
        log = Log(
            self.arms,
            np.ones(len(self.found)),
            np.zeros(len(self.found)),
            len(self.variants),
            self.eligible,
            self._mask("possible").astype(np.float64),
            None,
            np.hstack(found) if found else None,
            targets,
        )
        return Cells(log, self.folds, self.column("rows"), self.column("reward"), FOLDS)

    @cached_property
    def _part(self) -> Part:
        names = [name.removeprefix(NAMED) for name in self.found.column_names]
        columns = [_flat(column) for column in self.found.columns]
        batch = pa.RecordBatch.from_arrays(columns, names)
        return Part("lake", batch, np.arange(len(batch)))

    def _mask(self, name: str) -> BoolArray:
        bits = _flat(self.found.column(name)).to_numpy(zero_copy_only=False).astype(np.int64)
        known = [self.variants.index(one) for one in self.possible]
        mask = np.zeros((len(bits), len(self.variants)), dtype=np.bool_)
        mask[:, known] = (bits[:, None] >> np.arange(len(known))) & 1
        return mask


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
