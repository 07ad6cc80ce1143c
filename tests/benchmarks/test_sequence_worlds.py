"""Worlds of the benchmark of sequences: what they yield is what they say."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np

from benchmarks.sequence_learner import PUBLISHED, play_learner
from benchmarks.sequence_worlds import NOBODY, play


def test_the_default_learner_plays_by_what_it_has_seen() -> None:
    """A look has all visitors, and its strata tell segments and classes of probabilities apart."""
    world = NOBODY["default learner, 4 days"]
    looks = play_learner(world, runs=1, seed=1)
    first, second = next(looks)[0], next(looks)[0]
    for sums in (first, second):
        assert sums.table.rows == world.batch == sums.table.shown.sum()
        assert world.batch % PUBLISHED == 0
        assert len(sums.time_blocks.block) >= len(world.shares)
    assert len((first + second).time_blocks.block) == len(first.time_blocks.block) + len(
        second.time_blocks.block
    )


def test_capped_rewards_are_at_most_the_cap_of_earlier_ones() -> None:
    """Uncut, amounts of sigma 2 are hundreds of times their mean now and then."""
    world = NOBODY["lognormal, sigma 2, capped"]
    sizes = {
        capped: max(
            float(part.table.cube.sum() / part.table.square.sum())
            for looks in islice(play(replace(world, capped=capped), runs=2, seed=2), 12)
            for part in looks
        )
        for capped in (False, True)
    }
    assert sizes[True] < 30.0 < sizes[False]


def test_who_knows_the_segment_has_a_stratum_for_each() -> None:
    """Segments that share their probabilities are told apart only where they are known."""
    world = replace(NOBODY["30 % at 15 %, 70 % at 3 %"], pmf=((0.25,) * 4,) * 2)
    strata = [
        np.unique(next(play(replace(world, known=known), runs=1, seed=3))[0].time_blocks.stratum)
        for known in (False, True)
    ]
    assert [len(found) for found in strata] == [1, 2]
