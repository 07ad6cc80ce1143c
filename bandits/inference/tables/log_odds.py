"""Words that one group of people uses more than another: log-odds ratios with a prior.

Monroe, Colaresi and Quinn (2008, eq. 16 and 20-22) shrink the log-odds ratio of each word by an
informative Dirichlet prior, the word's share among all, and divide it by its own uncertainty, so
that neither rare words with wild ratios nor common ones with tiny differences lead. Here people are
counted in place of words: somebody who repeats a word says it once, and a word is said by a person
or not, so that the prior of each is a beta distribution, which is the Dirichlet's margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import FloatArray

PRIOR = 50.0
"""People that the prior stands for."""


@dataclass(frozen=True, eq=False)
class LogOdds:
    """Log-odds ratios of W words.

    Attributes:
        value: (W,) the first group's log-odds minus the second's; above 0: the first says it more.
        error: (W,) standard errors.
    """

    value: FloatArray
    error: FloatArray

    @property
    def z(self) -> FloatArray:
        """Ratios in standard errors, (W,): by these words are ranked."""
        return self.value / self.error


def log_odds(
    first: ArrayLike, second: ArrayLike, people: tuple[int, int], prior: float = PRIOR
) -> LogOdds:
    """Compare how many people of two groups say each word.

    Args:
        first: (W,) people of the first group who say it.
        second: (W,) the same of the second group.
        people: number of people in each group, at least 1.
        prior: people that the prior stands for, in each group.

    Raises:
        ValueError: a group is empty, or has fewer people than say a word.
    """
    said = [np.asarray(one, np.float64) for one in (first, second)]
    if min(people) < 1 or any((one > n).any() for one, n in zip(said, people, strict=True)):
        raise ValueError("each group needs at least as many people as say a word, and one")
    share = (said[0] + said[1]) / sum(people)
    yes, no = prior * share, prior * (1.0 - share)
    value = np.zeros(len(share))
    variance = np.zeros(len(share))
    with np.errstate(divide="ignore", invalid="ignore"):
        for sign, one, n in zip((1.0, -1.0), said, people, strict=True):
            hits, misses = one + yes, n - one + no
            value += sign * np.log(hits / misses)
            # Of a share, hence both counts: a word that nearly all say is no rare one.
            variance += 1.0 / hits + 1.0 / misses
    # A word that nobody or everybody says tells nothing.
    empty = ~np.isfinite(value)
    return LogOdds(np.where(empty, 0.0, value), np.sqrt(np.where(empty, np.inf, variance)))
