"""Groups of subjects: the clusters of every variance, in bounded memory.

The rows of a subject are not independent, so every variance is a sum over clusters. Subjects are
hashed into a fixed number of groups; a group of independent clusters is again an independent
cluster, so the variance stays unbiased, and the tables of partitions add up whatever subjects they
hold. With G groups the standard error is itself known to within 1 / sqrt(2 G): 1.6 % of it
at 2,048.
"""

from collections.abc import Sequence

import numpy as np

from bandits.arrays import AnyArray, IntArray
from bandits.distribution import uniform_from_keys

GROUPS = 2048
_SALT = b"bandits.inference.cluster"
_SHIFT = np.uint64(20)  # the low bits of splitmix64 and BLAKE2b are as good as the high ones


def groups_of(subjects: AnyArray | Sequence[object], count: int = GROUPS) -> IntArray:
    """Return the groups (n,) in [0, count) of subjects (n,).

    Deterministic: a subject has the same group in every batch and process.
    """
    numbers = uniform_from_keys(subjects, _SALT) >> _SHIFT
    return (numbers % np.uint64(count)).astype(np.int64)
