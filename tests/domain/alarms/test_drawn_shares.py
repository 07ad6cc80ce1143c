"""Drawn shares: pages that leave a variant out are found, and honest shares never are."""

from __future__ import annotations

from collections import Counter

import numpy as np

from nudge.domain.alarms.drawn_shares import MILLION, Draw, mismatched_slots, share_counts


def found_after(random: np.random.Generator, reported: float, count: int) -> int | None:
    """Return the number of exposures after which the slot is told; None for never.

    Probabilities change with every draw; variant `a` is reported with a probability of its own.
    """
    sums: Counter[str] = Counter()
    shown = 0
    for number in range(count):
        chance = random.uniform(0.05, 0.6)
        chances = {"a": round(chance * MILLION), "b": round((1.0 - chance) * MILLION)}
        variant = "a" if random.random() < chance else "b"
        if variant == "a" and random.random() >= reported:
            continue
        shown += 1
        sums.update(share_counts("banner", Draw((0, number, 0), variant, chances)))
        if number % 50 == 0 and mismatched_slots(sums):
            return shown
    return None


def test_honest_shares_are_never_told() -> None:
    """Looked at all along, none of 40 slots is: the bound is 1e-5 for each."""
    random = np.random.default_rng(1)
    assert [found_after(random, 1.0, 3_000) for _ in range(40)] == [None] * 40


def test_a_variant_that_pages_leave_out_is_told() -> None:
    """A fifth of one variant's exposures is missing: found within some thousand exposures."""
    random = np.random.default_rng(2)
    found = [found_after(random, 0.8, 20_000) for _ in range(5)]
    assert all(one is not None and one < 15_000 for one in found)
