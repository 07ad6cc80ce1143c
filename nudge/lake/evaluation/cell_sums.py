"""Weighted sums of an evaluation, counted in the engine by group of subjects."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from bandits.arrays import FloatArray
from bandits.evaluation import COLUMNS, WeightedSums
from bandits.evaluation.rows import CLOSE
from bandits.inference.clusters import GROUPS
from bandits.inference.moments import Moments


def sum_by_group(rows: Table) -> Table:
    """Return the sums of `WeightedSums.of` by cluster, as an expression for the engine.

    Args:
        rows: decisions with `cluster`, `propensity`, `logged` (the distribution's word on it), the
            reward `y`, and of their cells `target`, `predicted`, `expected` and `implied`.
    """
    p = rows.propensity
    good = (p > 0) & (p <= 1 + CLOSE) & ((rows.logged - p).abs() <= CLOSE)
    rows = rows.mutate(good=good.fill_null(False))
    rows = rows.mutate(w=ibis.ifelse(rows.good, rows.target / rows.propensity, 0.0))
    w, y, rest = rows.w, rows.y, rows.y - rows.predicted
    return rows.group_by("cluster").aggregate(
        rows=rows.count(),
        weight=w.sum(),
        reward=(w * y).sum(),
        expected=rows.expected.sum(),
        surprise=(w * rest).sum(),
        pull=(rows.implied * rest).sum(),
        weight_square=(w * w).sum(),
        max_weight=w.max(),
        total=y.sum(),
        flawed=(~rows.good).sum(),
        others=((y != 0.0) & (y != 1.0)).sum(),
        negative=(y < 0.0).sum(),
    )


def read_sums(found: pa.Table) -> WeightedSums:
    """Return the sums that the engine gave for `sum_by_group`."""
    plain: Mapping[str, FloatArray] = {
        name: np.asarray(found.column(name).to_numpy(), dtype=np.float64)
        for name in found.column_names
    }
    groups, place = np.zeros((GROUPS, len(COLUMNS))), plain["cluster"].astype(np.int64)
    for column, name in enumerate(COLUMNS):
        groups[:, column] = np.bincount(place, plain[name], GROUPS)
    sizes, width = groups[:, 0], len(COLUMNS)
    moments = Moments(
        round(sizes.sum()), groups.sum(axis=0), np.zeros((width, width)), groups, sizes
    )
    return WeightedSums(
        moments,
        weight_square=float(plain["weight_square"].sum()),
        max_weight=float(plain["max_weight"].max(initial=0.0)),
        reward=float(plain["total"].sum()),
        bad_propensity=int(plain["flawed"].sum()),
        shares=not plain["others"].any(),
        positive=not plain["negative"].any(),
    )
