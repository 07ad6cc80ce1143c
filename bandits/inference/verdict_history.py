"""History of a verdict: since when it has been the verdict, by what was known at each look.

A look has the blocks of the log up to its end, with all their rewards as they are known today. One
pass over the log gives the sequences of all looks (`score_sums.score_steps`), so the stretch is
followed back look by look. Halving would not do: a verdict may have been lost in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.distribution import NO_ARM
from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.sequence import ConfidenceBand
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
    past = PastLooks.of(sums, ends[:-1], pair_alpha(alpha, sums.arms, comparisons), unit)
    since = len(ends) - 1
    while since and past.enough[since - 1]:
        if not _is_same(found, past.judge(since - 1, relevant)):
            break
        since -= 1
    return since


def winners(sums: ArmSums, ends: IntArray, *, unit: float | None = None) -> IntArray:
    """Return the winner that `verdict` names at each of D looks; -1 where it names none.

    Args:
        sums: sums of the comparison, with blocks.
        ends: (D,) number of the last block of each look, ascending; none is before the first block.
        unit: as for `verdict`.
    """
    past = PastLooks.of(sums, ends, pair_alpha(ALPHA, sums.arms, 1), unit)
    named = np.full(len(ends), NO_ARM, dtype=np.int64)
    for look in np.flatnonzero(past.enough).tolist():
        arm = past.judge(look, RELEVANT).arm
        named[look] = NO_ARM if arm is None else arm
    return named


@dataclass(frozen=True, eq=False)
class PastLooks:
    """Looks at a log as it was at the ends of D blocks.

    Attributes:
        band: sequences (D, K, K) of all differences.
        mean: (D, K) of the arms; -inf for an arm that was never drawn.
        enough: (D,) whether there were rewards enough for a verdict.
    """

    band: ConfidenceBand
    mean: FloatArray
    enough: BoolArray

    @classmethod
    def of(cls, sums: ArmSums, ends: IntArray, alpha: float, unit: float | None) -> PastLooks:
        """Return the looks at the ends (D,) of blocks, by sequences at `alpha`."""
        table = sums.time_blocks.until(ends)
        return cls(
            sequence.difference_history(sums, ends, alpha=alpha, unit=unit),
            np.nan_to_num(table.mean(), nan=-np.inf),
            table.hits.sum(axis=1) >= LEAST_HITS * sums.arms,
        )

    def judge(self, look: int, relevant: float) -> Verdict:
        """Return the verdict at one look, without the relative lead."""
        return judge(self.band.look(look), self.mean[look], relevant)


def _is_same(now: Verdict, then: Verdict) -> bool:
    if (now.reason, now.arm) != (then.reason, then.arm):
        return False
    return now.arm is not None or not {now.leader, now.second} & set(then.beaten)
