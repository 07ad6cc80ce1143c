"""History of a verdict: since when it has been the verdict, by what was known at each look.

A look has the blocks of the log up to its end, with all their rewards as they are known today. One
pass over the log gives the sequences of all looks (`score_sums.score_steps`), so the stretch is
followed back look by look. Halving would not do: a verdict may have been lost in between.
"""

from __future__ import annotations

import numpy as np

from bandits.arrays import IntArray
from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.verdict import ALPHA, LEAST_HITS, RELEVANT, Verdict, judge, pair_alpha


def held_since(
    found: Verdict,
    sums: ArmSums,
    ends: IntArray,
    *,
    alpha: float = ALPHA,
    comparisons: int = 1,
    relevant: float = RELEVANT,
    unit: float | None = None,
) -> int:
    """Return the first of the looks from which on a verdict has held without a break.

    The same verdict names the same winner, or has the same reason for none and neither of the two
    best behind. Which of two equals is ahead says nothing.

    Args:
        found: the verdict of the whole log, by `verdict` with the same terms.
        sums: sums of the comparison, with blocks.
        ends: (D,) number of the last block of each look, ascending; none is before the first block,
            and the last look has the whole log.
        alpha: as for `verdict`, with all that follow.
        comparisons: today's number, also for earlier looks.
        relevant: as for `verdict`.
        unit: as for `verdict`.

    Returns:
        A place in `ends`.
    """
    before, since = ends[:-1], len(ends) - 1
    each = pair_alpha(alpha, sums.arms, comparisons)
    band = sequence.difference_history(sums, before, alpha=each, unit=unit)
    table = sums.time_blocks.until(before)
    mean = np.nan_to_num(table.mean(), nan=-np.inf)
    enough = table.hits.sum(axis=1) >= LEAST_HITS * sums.arms
    while since and enough[since - 1]:
        if not _is_same(found, judge(band.look(since - 1), mean[since - 1], relevant)):
            break
        since -= 1
    return since


def _is_same(now: Verdict, then: Verdict) -> bool:
    if (now.reason, now.arm) != (then.reason, then.arm):
        return False
    return now.arm is not None or not {now.leader, now.second} & set(then.beaten)
