"""Distributions over arms: mask, floor and draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bandits.distribution import (
    draw,
    mask_and_renormalise,
    uniform_from_key,
    uniform_from_keys,
    with_floor,
)

LAST = 2**64 - 1
KNOWN = 3592868372687679016


@st.composite
def batches(make: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float]:
    """Weights (n, K) with zeros and tiny values, eligibility, and a floor up to 1 / K."""
    shape = (make(st.integers(1, 5)), make(st.integers(1, 8)))
    weights = make(hnp.arrays(np.float64, shape, elements=st.floats(0, 1)))
    eligible = make(hnp.arrays(np.bool_, shape))
    return weights, eligible, make(st.floats(0, 1)) / shape[1]


@given(batches())
def test_rows_sum_to_one_and_keep_the_floor(batch: tuple[np.ndarray, np.ndarray, float]) -> None:
    """Rows sum to 1 within 1e-9 under every mask, keep the floor, and give ineligible arms 0."""
    weights, eligible, floor = batch
    pmf = with_floor(weights, eligible, floor)
    some = eligible.any(axis=1)
    assert np.allclose(pmf[some].sum(axis=1), 1.0, atol=1e-9, rtol=0)
    assert (pmf[~eligible] == 0.0).all()
    assert (pmf[eligible] >= floor).all()


@given(batches())
def test_one_row_gives_the_bits_that_the_batch_gives(
    batch: tuple[np.ndarray, np.ndarray, float],
) -> None:
    """The vectorised pmf and draw equal the scalar ones exactly."""
    weights, eligible, floor = batch
    pmf = with_floor(weights, eligible, floor)
    us = np.array([0, LAST, 2**63, 12345, 2**64 - 4096][: len(pmf)], dtype=np.uint64)
    arms = draw(pmf, us)
    for i, row in enumerate(pmf):
        assert (with_floor(weights[i], eligible[i], floor) == row).all()
        assert draw(row, int(us[i])) == arms[i]


@given(batches(), st.lists(st.integers(0, LAST), min_size=1, max_size=4))
def test_what_has_no_probability_is_never_drawn(
    batch: tuple[np.ndarray, np.ndarray, float], us: list[int]
) -> None:
    """An arm of probability 0 is drawn at no u, and -1 only where no arm is eligible."""
    weights, eligible, _ = batch
    for row, mask in zip(mask_and_renormalise(weights, eligible), eligible, strict=True):
        for u in [0, LAST, *us]:
            arm = draw(row, u)
            assert (arm == -1) == (not mask.any())
            assert arm == -1 or row[arm] > 0.0


def test_the_draw_is_the_inverse_of_the_cumulative_distribution() -> None:
    """Arm k is drawn exactly for u in [cdf(k-1), cdf(k)) * 2**64."""
    pmf = np.array([0.25, 0.0, 0.5, 0.25])
    edges = {0: 0, 2**62 - 1: 0, 2**62: 2, 3 * 2**62 - 1: 2, 3 * 2**62: 3, LAST: 3}
    assert [draw(pmf, u) for u in edges] == list(edges.values())


def test_a_floor_that_cannot_be_kept_gives_uniform() -> None:
    """Eligible arms share equally where K_e * floor > 1; otherwise the formula holds."""
    eligible = np.array([True, True, False])
    assert with_floor(np.array([1.0, 0.0, 0.0]), eligible, 0.6).tolist() == [0.5, 0.5, 0.0]
    fits = with_floor(np.array([0.5, 0.2, 0.3]), eligible, 0.1)
    assert fits == pytest.approx([0.8 * 5 / 7 + 0.1, 0.8 * 2 / 7 + 0.1, 0.0])


def test_a_key_gives_one_number_for_ever() -> None:
    """The hash is part of every logged decision: its value must not move between versions."""
    assert uniform_from_key("visitor-1", b"salt") == uniform_from_key(b"visitor-1", b"salt")
    assert uniform_from_key("visitor-1", b"salt") == KNOWN
    assert uniform_from_key("visitor-1", b"pepper") != KNOWN
    assert 0 <= uniform_from_key("x", b"s" * 200) <= LAST
    assert uniform_from_keys(["visitor-1", b"visitor-1"], b"salt").tolist() == [KNOWN, KNOWN]


@pytest.mark.parametrize("keys", [np.arange(50_000), [f"v{i}" for i in range(50_000)]])
def test_neighbouring_keys_spread_evenly(keys: object) -> None:
    """Consecutive keys give uniform numbers: 64 bins are within the 1e-6 quantile of chi-square."""
    u = uniform_from_keys(keys, b"s")  # type: ignore[arg-type]
    counts = np.bincount((u >> np.uint64(58)).astype(np.int64), minlength=64)
    expected = len(u) / 64
    assert ((counts - expected) ** 2 / expected).sum() < 130.0
    assert len(np.unique(u)) == len(u)
