"""Advice to stop variants, by what the visitors of each segment would lose."""

from __future__ import annotations

import numpy as np

from bandits.inference.arm_sums import ArmSums, arm_sums
from nudge.domain.advice.stopping import SegmentSums, merge_small, stop_advice


def visits(rates: list[float], n: int, seed: int) -> ArmSums:
    """Return exposures that were shown each variant alike."""
    rng, arms = np.random.default_rng(seed), len(rates)
    shown = rng.integers(0, arms, n)
    rewards = (rng.random(n) < np.array(rates)[shown]).astype(float)
    return arm_sums(shown, rewards, np.full((n, arms), 1.0 / arms))


def test_a_variant_that_leads_in_a_segment_stays() -> None:
    """Coffee is behind on average and ahead for WAP: it stays; the third is missed by nobody."""
    wap = SegmentSums("wap", visits([0.10, 0.16, 0.04], 30_000, 1))
    web = SegmentSums("web", visits([0.20, 0.08, 0.04], 30_000, 2))
    found = stop_advice((1, 2), 0.15, {"channel": [wap, web]}, alpha=0.05)
    assert found.stoppable == (2,)
    assert [(one.arm, one.value) for one in found.leads] == [(1, "wap")]


def test_where_one_is_best_for_all_the_others_can_be_stopped() -> None:
    """Two variants that are behind in every segment are missed by nobody."""
    parts = [SegmentSums(str(i), visits([0.20, 0.10, 0.12], 20_000, i)) for i in range(3)]
    assert stop_advice((1, 2), 0.2, {"tier": parts}, alpha=0.05).stoppable == (1, 2)


def test_a_segment_of_which_little_is_known_gives_no_advice() -> None:
    """Ten visitors in a hundred with few rewards may need the variant: it stays."""
    known = SegmentSums("web", visits([0.20, 0.10], 20_000, 1))
    new = SegmentSums("app", visits([0.002, 0.002], 2_000, 2))
    assert stop_advice((1,), 0.2, {"channel": [known, new]}, alpha=0.05).stoppable == ()
    assert stop_advice((1,), 0.2, {"channel": [known]}, alpha=0.05).stoppable == (1,)


def test_small_segments_are_one() -> None:
    """Segments with less than a fiftieth of the exposures are put together under no value."""
    sizes = [10_000, 5_000, 100, 50]
    parts = [SegmentSums(str(i), visits([0.1, 0.1], n, i)) for i, n in enumerate(sizes)]
    merged = merge_small(parts)
    assert [one.value for one in merged] == ["0", "1", ""]
    assert float(merged[-1].sums.table.rows) == 150.0
