"""Features for the reward model: one column for each level of each attribute."""

from collections.abc import Sequence

import numpy as np

from bandits.arrays import AnyArray, Contexts, FloatArray, IntArray
from bandits.config import AttributeSpec
from bandits.levels import count_levels, make_reader


def one_hot(levels: IntArray, sizes: Sequence[int]) -> FloatArray:
    """Indicators (n, sum of sizes) of levels (n, m), the j-th in [0, sizes[j])."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    out = np.zeros((len(levels), int(starts[-1])))
    for j, start in enumerate(starts[:-1]):
        out[np.arange(len(levels)), start + levels[:, j]] = 1.0
    return out


def context_features(attributes: Sequence[AttributeSpec], contexts: Contexts, n: int) -> FloatArray:
    """Indicators (n, d) of the levels that the slot's cells have.

    Args:
        attributes: the slot's context; one that is missing from `contexts` is level 0.
        contexts: name -> column (n,).
        n: the number of rows.
    """
    absent: AnyArray = np.zeros(n, dtype=np.int64)
    levels = [
        make_reader(a).read_many(contexts[a.name])
        if a.name in contexts and count_levels(a) > 1
        else absent
        for a in attributes
    ]
    sizes = [count_levels(a) for a in attributes]
    if not levels:
        return np.zeros((n, 0))
    return one_hot(np.stack(levels, axis=1), sizes)
