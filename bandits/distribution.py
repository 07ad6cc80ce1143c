"""Distributions over arms: mask the ineligible, keep the floor, draw.

All functions take one distribution (K,) or a batch (n, K) and give the same bits either way.
A row without an eligible arm is all zeros, and the draw from it is -1: that is a value, not an
error.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import overload

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray, UintArray

NO_ARM = -1
_STEP = 2.0**-53  # a double holds 53 bits: the top 53 of `u` make an exact number in [0, 1)
_LONGEST_KEY = 64  # of blake2b


def mask_and_renormalise(pmf: FloatArray, eligible: BoolArray) -> FloatArray:
    """Return the pmf with ineligible arms at 0 and the rest scaled to sum to 1.

    Eligible arms whose probabilities are all 0 share equally.

    Args:
        pmf: (K,) or (n, K), not negative.
        eligible: bool, of the same shape.
    """
    kept = np.where(eligible, pmf, 0.0)
    total = kept.sum(axis=-1, keepdims=True)
    kept = np.where(total > 0.0, kept, np.where(eligible, 1.0, 0.0))
    total = kept.sum(axis=-1, keepdims=True)
    return np.asarray(kept / np.where(total > 0.0, total, 1.0), dtype=np.float64)


def mix_floor(pmf: FloatArray, eligible: BoolArray, floor: float) -> FloatArray:
    """Mix a masked, normalised pmf with uniform so that each eligible arm keeps the floor.

    eps = K_e * floor; p -> (1 - eps) p + eps / K_e, with K_e the number of eligible arms.
    (Clipping would break the sum.) Where K_e * floor > 1 the result is uniform.
    """
    if pmf.ndim == 1:
        count = int(np.count_nonzero(eligible))
        if count * floor > 1.0:
            return np.asarray(eligible / count, dtype=np.float64)
        return np.asarray((1.0 - count * floor) * pmf + floor * eligible, dtype=np.float64)
    counts = np.count_nonzero(eligible, axis=-1, keepdims=True)
    mixed = (1.0 - counts * floor) * pmf + floor * eligible
    if pmf.shape[-1] * floor <= 1.0:
        return np.asarray(mixed, dtype=np.float64)
    uniform = eligible / np.maximum(counts, 1)
    return np.asarray(np.where(counts * floor > 1.0, uniform, mixed), dtype=np.float64)


def with_floor(pmf: FloatArray, eligible: BoolArray, floor: float) -> FloatArray:
    """Return the served and logged pmf: masked, renormalised and mixed with uniform.

    Args:
        pmf: (K,) or (n, K), not negative.
        eligible: bool, of the same shape.
        floor: least propensity of each eligible arm.
    """
    return mix_floor(mask_and_renormalise(pmf, eligible), eligible, floor)


@overload
def draw(pmf: FloatArray, u: int) -> int: ...
@overload
def draw(pmf: FloatArray, u: UintArray) -> IntArray: ...
def draw(pmf: FloatArray, u: int | UintArray) -> int | IntArray:
    """Draw arms by inverting the cumulative distribution.

    Deterministic: the same (pmf, u) always gives the same arm, alone or in a batch, because sums
    are taken in the order of the arms. An arm of probability 0 is never drawn.

    Args:
        pmf: (K,) with an integer u, or (n, K) with u (n,).
        u: uniform on [0, 2**64).

    Returns:
        Index of the arm, or (n,) indices; -1 where the pmf is all zeros.
    """
    if isinstance(u, int | np.integer):
        return draw_one(pmf.tolist(), int(u))
    cdf = np.cumsum(pmf, axis=-1)
    x = (u >> np.uint64(11)).astype(np.float64) * _STEP
    first_above = np.count_nonzero(cdf <= x[:, None], axis=-1)
    width = pmf.shape[-1]
    positive = pmf > 0.0
    last = np.where(positive.any(axis=-1), width - 1 - positive[:, ::-1].argmax(axis=-1), NO_ARM)
    arms: IntArray = np.minimum(first_above, last).astype(np.int64)
    return arms


def draw_one(pmf: Sequence[float], u: int) -> int:
    """Draw one arm from a pmf (K,) given as a plain sequence, as `draw` does from an array."""
    x = (u >> 11) * _STEP
    total = 0.0
    last = NO_ARM
    for arm, p in enumerate(pmf):
        total += p
        if p > 0.0:
            last = arm
            if total > x:
                return arm
    return last  # rounding left the sum below 1, and u lies above it


def uniform_from_key(key: bytes | str, salt: bytes) -> int:
    """Return a number uniform on [0, 2**64) that depends on key and salt alone.

    Keyed BLAKE2b (RFC 7693), 64 bits: without the salt nobody can find keys that draw a given arm.
    """
    found = _keyed_hash(salt).copy()
    found.update(key.encode() if isinstance(key, str) else key)
    return int.from_bytes(found.digest(), "big")


@lru_cache(maxsize=64)
def _keyed_hash(salt: bytes) -> blake2b:
    """Return the BLAKE2b state keyed with the salt, to be copied for each key."""
    secret = salt if len(salt) <= _LONGEST_KEY else blake2b(salt).digest()
    return blake2b(digest_size=8, key=secret)


def uniform_from_keys(keys: AnyArray | Sequence[object], salt: bytes) -> UintArray:
    """Return numbers (n,) uniform on [0, 2**64), one for each key.

    Args:
        keys: (n,) text or bytes, hashed by `uniform_from_key`; or integers, which go through
            splitmix64 (Steele et al. 2014): a hundred times faster and evenly spread, but not
            secret.
        salt: separates the uses of one key.
    """
    column = np.asarray(keys)
    if column.dtype.kind in "iu":
        return _splitmix64(column.astype(np.uint64), uniform_from_key(b"", salt))
    texts = (key if isinstance(key, bytes) else str(key) for key in column.tolist())
    return np.fromiter((uniform_from_key(t, salt) for t in texts), np.uint64, column.shape[0])


def _splitmix64(x: UintArray, seed: int) -> UintArray:
    z = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
