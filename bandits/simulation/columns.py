"""Columns of a world's attributes, and factors that depend on their values."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from bandits.arrays import AnyArray, FloatArray

Tables: TypeAlias = Mapping[str, Any]


def draw_column(law: object, n: int, rng: np.random.Generator) -> AnyArray:
    """Draw a column (n,) of an attribute.

    Values that all read as integers become integers: a learner may want their logarithm.

    Args:
        law: value -> share of visitors, or the share of visitors with a flag.
        n: number of visitors.
        rng: source of the random numbers.
    """
    if not isinstance(law, Mapping):
        return rng.random(n) < float(str(law))
    share = np.array(list(law.values()), dtype=np.float64)
    texts = [str(value) for value in law]
    numeric = all(text.lstrip("-").isdigit() for text in texts)
    values = np.array([int(text) for text in texts] if numeric else texts)
    return values[rng.choice(len(values), n, p=share / share.sum())]


def by_value(column: AnyArray, law: Tables) -> FloatArray:
    """Return factors (n,) by the value in a column; 1 for values that are not listed."""
    values, inverse = np.unique(column, return_inverse=True)
    return np.array([float(law.get(_text(value), 1.0)) for value in values])[inverse]


def _text(value: object) -> str:
    """Return a value of a column in the form of a table's key."""
    return str(bool(value)).lower() if isinstance(value, np.bool_) else str(value)


def slot_effect(
    table: Tables, context: Mapping[str, AnyArray], n: int, arms: tuple[str, ...]
) -> FloatArray:
    """Return the factors (n, K) of a slot's own effects on its arms."""
    factor = np.ones((n, len(arms)))
    for name, law in table.get("effect", {}).items():
        for value, factors in law.items():
            row = np.array([float(factors.get(arm, 1.0)) for arm in arms])
            has = np.array([_text(v) == value for v in context[name]])
            factor *= np.where(has[:, None], row, 1.0)
    return factor
