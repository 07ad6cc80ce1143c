"""The class of logged probabilities is one function in the engine and in numpy."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa

from bandits.inference import arm_blocks
from nudge.lake.engine.propensities import propensity_class


def test_the_class_is_that_of_bandits() -> None:
    """From certain to never, not eligible and of more arms than digits: the same number."""
    rng = np.random.default_rng(0)
    pmf = np.concatenate([rng.dirichlet(np.full(22, a), 200) for a in (0.02, 1.0)])
    pmf[:3, :4] = [[1.0, 0.0, 0.0, 0.0], [1e-12, 0.3, 0.5, 0.2], [0.354, 0.353, 0.0884, 0.0883]]
    columns = {f"e:{i}": pa.array(pmf[:, i], mask=pmf[:, i] == 0.0) for i in range(22)}
    columns["n"] = pa.array(range(len(pmf)))
    rows = ibis.memtable(pa.table(columns))
    names = [f"e:{i}" for i in range(22)]
    found = rows.mutate(found=propensity_class(rows, names)).order_by("n").to_pyarrow()
    assert found.column("found").to_pylist() == arm_blocks.propensity_class(pmf).tolist()
