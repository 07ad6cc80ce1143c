"""Trials of a batch: as many as pay off, where they pay off, and never far below the baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.arrays import FloatArray
from bandits.trials import BatchTerms, Belief, expected_gain, find_leader, find_trials, share_batch

TERMS = BatchTerms(plans=40_000.0)


def belief(means: list[float], spread: float = 0.3, *, proved: bool = True) -> Belief:
    """A belief with these means; the spread is relative."""
    noise = np.random.default_rng(7).standard_normal((len(means), 400))
    noise -= noise.mean(axis=1, keepdims=True)
    draws = np.clip(np.array(means)[:, None] * (1.0 + spread * noise), 1e-6, 0.99)
    return Belief(draws, 1.0, np.full(len(means), proved))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.005, 0.4), min_size=2, max_size=9),
    st.floats(0.0, 0.6),
    st.sampled_from([0.0, 0.01, 0.05]),
    st.data(),
)
def test_propensities_are_a_distribution_and_keep_the_least(
    means: list[float], spread: float, alpha: float, data: st.DataObject
) -> None:
    """They sum to 1 over the eligible arms, none is below `least`; trials are at most `most`."""
    count = len(means)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    baseline = data.draw(st.integers(0, count - 1))
    mask[baseline] = True
    known = replace(
        belief(means, spread),
        proved=np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count))),
    )
    pmf = share_batch(known, baseline, mask, replace(TERMS, alpha=alpha))
    assert pmf.sum() == pytest.approx(1.0)
    assert (pmf >= 0.0).all()
    assert (pmf[~mask] == 0.0).all()
    assert (pmf[mask] >= TERMS.least - 1e-12).all()
    trials = find_trials(known, baseline, mask, TERMS)
    assert trials.sum() <= max(TERMS.most, 0.0) + TERMS.least * count + 1e-12
    assert trials[find_leader(known, baseline, mask)] == 0.0


def test_the_baseline_stays_until_another_arm_has_been_tried() -> None:
    """An arm of the largest mean does not take the baseline's place before it is proved."""
    every = np.ones(3, dtype=np.bool_)
    unproved = share_batch(belief([0.1, 0.2, 0.05], proved=False), 0, every, TERMS)
    assert unproved[0] >= 1.0 - TERMS.most - 2 * TERMS.least
    proved = share_batch(belief([0.1, 0.2, 0.05], spread=0.05), 0, every, TERMS)
    assert proved[1] > 0.99 - TERMS.most


def test_an_uncertain_arm_takes_as_much_as_the_bound_allows() -> None:
    """In 95 of 100 draws the plans are worth .95 of the baseline, and no larger share is."""
    known, every = belief([0.1, 0.13], spread=0.4), np.ones(2, dtype=np.bool_)
    terms = replace(TERMS, most=0.0, least=0.0)
    pmf = share_batch(known, 0, every, terms)
    assert 0.0 < pmf[1] < 1.0

    def worst(share: float) -> float:
        worth = (1.0 - share) * known.draws[0] + share * known.draws[1]
        return float(np.quantile(worth - 0.95 * known.draws[0], 0.05))

    assert worst(float(pmf[1])) >= 0.0 > worst(float(pmf[1]) + 0.05)


def test_trials_go_where_they_pay_off() -> None:
    """A window that is far behind gets the least; one that may lead is tried."""
    known, every = belief([0.1, 0.09, 0.01]), np.ones(3, dtype=np.bool_)
    trials = find_trials(known, 0, every, TERMS)
    assert trials[2] == TERMS.least < trials[1] <= TERMS.most
    # Without later batches nothing pays off, and what is known for sure needs no trial.
    assert find_trials(known, 0, every, replace(TERMS, later=0.0))[1] == TERMS.least
    assert find_trials(belief([0.1, 0.09, 0.01], 0.0), 0, every, TERMS)[1] == TERMS.least


def test_the_gain_is_the_mean_of_what_lies_above() -> None:
    """E max(0, x) of a normal x with mean -gap, by the formula and by a million draws."""
    rng = np.random.default_rng(3)
    gap, spread = np.array([0.0, 0.5, 1.5]), np.array([1.0, 0.4, 1.0])
    draws: FloatArray = np.maximum(rng.normal(-gap, spread, (200_000, 3)), 0.0)
    error = 5.0 * draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(expected_gain(gap, spread) - draws.mean(axis=0)) < error).all()
