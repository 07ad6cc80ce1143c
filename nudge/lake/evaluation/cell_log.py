"""A slot's cells as a log of `bandits.evaluation`, and the evaluation from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.config import AttributeSpec
from bandits.evaluation import EstimatorSuite, Log, ModelSums, Support, Target, TargetRows
from nudge.lake.evaluation.cells import NAMED, CellRows
from nudge.lake.evaluation.log_arrays import TEXT, RawBatch
from nudge.lake.evaluation.log_attributes import read_contexts
from nudge.lake.evaluation.log_columns import POLICY
from nudge.lake.evaluation.log_features import Feature, Levels, choose_features, read_features


@dataclass(frozen=True, eq=False)
class CellLog:
    """The cells (C,) of a slot.

    Attributes:
        source: of the cells.
        found: of `source.cells()`.
    """

    source: CellRows
    found: pa.Table

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Names of all variants, sorted."""
        seen = self.found.column("variant").unique().to_pylist()
        return tuple(sorted({*self.source.rows.variants, *seen}))

    @cached_property
    def splits(self) -> IntArray:
        """Splits (C,) of the cross-fitting."""
        return self.column("split").astype(np.int64)

    @cached_property
    def arms(self) -> IntArray:
        """Indices (C,) of the variants drawn."""
        return self._batch.places("variant", pa.array(self.variants, TEXT))

    @cached_property
    def eligible(self) -> BoolArray:
        """Bool (C, K): the variant was eligible."""
        return self._mask("eligible")

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """Features of the reward model: the context's own attributes."""
        counted = {name: Levels() for name in sorted(self.source.rows.attributes)}
        for name, levels in counted.items():
            by_value = self.found.select([NAMED + name, "rows"]).drop_null()
            sums = by_value.group_by(NAMED + name).aggregate([("rows", "sum")])
            levels.count(_flat(sums.column(NAMED + name)), _flat(sums.column("rows_sum")))
        return choose_features(counted)

    def column(self, name: str) -> FloatArray:
        """Return numbers (C,), 0 where missing."""
        return np.asarray(self._batch.batch.column(name).cast(pa.float64()).fill_null(0.0))

    def contexts(self, attributes: Sequence[AttributeSpec]) -> Mapping[str, AnyArray]:
        """Return the attributes in the form that policies take: name -> column (C,)."""
        return read_contexts(self._batch, attributes)

    def suite(self, target: Target, policy: FloatArray | None = None) -> EstimatorSuite:
        """Return all estimators; the engine passes over the decisions a second time.

        Args:
            target: the policy asked about; it knows its probabilities of all variants.
            policy: (C, K) the distribution of the target column `POLICY`.

        Raises:
            BrokenLakeError: the lake cannot be read.
        """
        rows = TargetRows.of(self._log({} if policy is None else {POLICY: policy}), target)
        prediction = ModelSums.of(rows).fit().predict(rows)
        assert prediction is not None  # noqa: S101 - the model's sums need all probabilities too
        sums = self.source.weighted_sums(self.found, rows, prediction)
        return EstimatorSuite(Support.of(rows), sums)

    def _log(self, targets: Mapping[str, FloatArray]) -> Log:
        """Return the cells as rows; their propensities differ, and the engine alone sees them."""
        return Log(
            self.arms,
            np.ones(len(self.found)),
            self.column("reward"),
            len(self.variants),
            self.eligible,
            self._mask("possible").astype(np.float64),
            None,
            read_features(self._batch, self.features),
            targets,
            self.splits,
            self.column("rows"),
        )

    @cached_property
    def _batch(self) -> RawBatch:
        names = [name.removeprefix(NAMED) for name in self.found.column_names]
        columns = [_flat(column) for column in self.found.columns]
        batch = pa.RecordBatch.from_arrays(columns, names)
        return RawBatch("lake", batch, np.arange(len(batch)))

    def _mask(self, name: str) -> BoolArray:
        bits = _flat(self.found.column(name)).to_numpy(zero_copy_only=False).astype(np.int64)
        possible = self.source.rows.variants
        known = [self.variants.index(one) for one in possible]
        mask = np.zeros((len(bits), len(self.variants)), dtype=np.bool_)
        mask[:, known] = (bits[:, None] >> np.arange(len(known))) & 1
        return mask


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
