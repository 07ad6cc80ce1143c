"""Verdicts and lifts over months of known truth with a look every day, in short.

`benchmarks/verdicts.py` is the long form: 200 worlds of each kind, 500 campaigns.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.verdicts import lifts, months, usual_lifts


@pytest.mark.parametrize(
    ("rates", "floor"), [((0.03, 0.03), 0.10), ((0.03, 0.03, 0.02, 0.025), 0.02)]
)
def test_a_false_winner_is_rarely_named(rates: tuple[float, ...], floor: float) -> None:
    """A false winner is named in at most 7 of 60 worlds without a best arm, over 30 daily looks.

    At a true share of .05, 60 worlds have more than 7 false winners once in a hundred times.
    """
    found = months(rates, floor, 100_000, worlds=60, seed=7)
    assert (found.winner >= 0).sum() <= 7


def test_a_fifth_more_is_found_within_200_000_visitors() -> None:
    """The better of 3 % and 3.6 %, floor .10, is named in at least 80 % of the worlds.

    60 worlds: at .80 fewer than 40 are found once in a hundred times; measured are .965.
    """
    found = months((0.03, 0.036), 0.10, 200_000, worlds=60, seed=8)
    assert (found.winner == 1).sum() >= 40
    assert (found.winner == 0).sum() == 0
    assert np.median(found.visitors) < 200_000


def test_the_lift_over_the_holdout_covers_the_truth() -> None:
    """The .95 interval of the lift covers in at least 89 of 100 campaigns of a learning policy.

    The binomial standard error is .022: 89 to 100 lie within 3 of them.
    """
    hits, always = lifts(100)
    assert hits >= 89
    assert always >= 95


def test_the_lift_over_the_operator_s_rule_covers_the_truth() -> None:
    """With three groups the .95 interval covers in at least 89 of 100 campaigns, as above."""
    hits, always = usual_lifts(100)
    assert hits >= 89
    assert always >= 95
