"""Months with known truth, looked at every day: verdicts and lifts, in short.

`benchmarks/verdicts.py` is the long form: 200 worlds of each kind, 500 campaigns.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.verdicts import lifts, months


@pytest.mark.parametrize(
    ("rates", "floor"), [((0.03, 0.03), 0.10), ((0.03, 0.03, 0.02, 0.025), 0.02)]
)
def test_a_winner_that_is_none_is_rarely_named(rates: tuple[float, ...], floor: float) -> None:
    """60 worlds in which no arm is the best, looked at on 30 days.

    At a true share of .05, 60 worlds have more than 7 false winners once in a hundred times.
    """
    found = months(rates, floor, 100_000, worlds=60, seed=7)
    assert (found.winner >= 0).sum() <= 7


def test_a_fifth_more_is_found_within_200_000_visitors() -> None:
    """3 % against 3.6 %, floor .10: the right one is named in at least 80 % of the worlds.

    60 worlds: at .80 fewer than 40 are found once in a hundred times; measured are .965.
    """
    found = months((0.03, 0.036), 0.10, 200_000, worlds=60, seed=8)
    assert (found.winner == 1).sum() >= 40
    assert (found.winner == 0).sum() == 0
    assert np.median(found.visitors) < 200_000


def test_the_lift_over_the_holdout_covers_the_truth() -> None:
    """Visitors who come back, a policy that learns: 100 campaigns, interval of .95.

    The binomial standard error is .022: 89 to 100 lie within 3 of them.
    """
    hits, always = lifts(100)
    assert hits >= 89
    assert always >= 95
