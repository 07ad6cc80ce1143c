"""Verdicts on a comparison of arms: a winner, too early, or cannot tell.

A wrong winner, or any winner among equal arms, is ever named with a probability of at most alpha.
Naming an arm wrongly takes an error of its sequence against an arm that is at least as good, so
alpha is split among the K arms (and the segments that are judged together), and each error is
one-sided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from bandits.arrays import FloatArray
from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.interval import Estimate

VerdictKind: TypeAlias = Literal["winner", "too_early", "cannot_tell"]
Reason: TypeAlias = Literal["separated", "few_rewards", "still_open", "too_close", "no_comparison"]

ALPHA = 0.05
RELEVANT = 0.1
LEAST_HITS = 10.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict on a comparison of arms.

    Attributes:
        kind: `winner`, `too_early` (more visitors will tell) or `cannot_tell` (they will not).
        reason: `separated` (the winner is above every other arm), `few_rewards` (less than 10 an
            arm), `still_open`, `too_close` (no arm that is left can be better or worse than the
            leader by a relevant amount), `no_comparison` (fewer than two arms, or no row in which
            all of them could have been drawn).
        arm: the winner's index; None without one.
        leader: index of the arm with the highest mean so far; None without any.
        lead: confidence sequence of leader minus second, at the verdict's alpha.
        second: index of the best of the others; None without any.
        relative: lead / the second's mean: the ends are those of the lead over the other end of
            the second's own sequence, so that it is on the same side of 0.
        beaten: indices of the arms that are below the leader. The best arm is among them with at
            most the probability of a wrong winner, because that takes the same error.
    """

    kind: VerdictKind
    reason: Reason
    arm: int | None = None
    leader: int | None = None
    lead: Estimate | None = None
    second: int | None = None
    relative: Estimate | None = None
    beaten: tuple[int, ...] = ()


def verdict(
    sums: ArmSums,
    *,
    alpha: float = ALPHA,
    comparisons: int = 1,
    relevant: float = RELEVANT,
    unit: float | None = None,
) -> Verdict:
    """Return the verdict on one comparison, valid at every look.

    Args:
        sums: sums of the comparison.
        alpha: probability that a wrong winner is ever named in any of the comparisons.
        comparisons: number of segments or slots that are judged together.
        relevant: least difference that matters, as a share of the leader's mean.
        unit: size of an ordinary reward, see `sequence.differences`.
    """
    if sums.arms < 2 or (not sums.table.rows and sums.left_out):  # noqa: PLR2004 - one arm wins nothing
        return Verdict("cannot_tell", "no_comparison")
    table, mean = sums.table, np.nan_to_num(sums.table.mean(), nan=-np.inf)
    if float(table.hits.sum()) < LEAST_HITS * sums.arms or not np.isfinite(mean).any():
        leader = int(mean.argmax()) if np.isfinite(mean).any() else None
        return Verdict("too_early", "few_rewards", leader=leader)
    each = pair_alpha(alpha, sums.arms, comparisons)
    found = judge(sequence.differences(sums, alpha=each, unit=unit), mean, relevant)
    if found.lead is None or found.leader is None or found.second is None:
        return found
    own = sequence.means(sums, alpha=each, unit=unit).at(found.second, found.leader)
    return replace(found, relative=_relative_lead(found.lead, own))


def verdicts(
    segments: Mapping[str, ArmSums], *, alpha: float = ALPHA, relevant: float = RELEVANT
) -> dict[str, Verdict]:
    """Return the verdicts on several segments, corrected for their number."""
    count = len(segments)
    return {
        name: verdict(sums, alpha=alpha, comparisons=count, relevant=relevant)
        for name, sums in segments.items()
    }


def pair_alpha(alpha: float, arms: int, comparisons: int) -> float:
    """Return the error, of both sides, of each pair's sequence: only one side of K can be wrong."""
    return 2.0 * alpha / (arms * comparisons)


def judge(band: sequence.ConfidenceBand, mean: FloatArray, relevant: float) -> Verdict:
    """Return the verdict by the sequences of all differences, without the relative lead.

    Args:
        band: (K, K) of first - second.
        mean: (K,) of the arms; -inf for an arm that was never drawn.
        relevant: least difference that matters, as a share of the leader's mean.
    """
    leader = _leader(band, mean)
    others = np.flatnonzero(np.arange(len(mean)) != leader)
    second = int(others[mean[others].argmax()])
    lead = band.at(leader, second)
    beaten = tuple(int(arm) for arm in others[band.low[leader, others] > 0.0])
    found = Verdict("winner", "separated", leader, leader, lead, second, beaten=beaten)
    if len(found.beaten) == len(others):
        return found
    open_ones = others[band.low[leader, others] <= 0.0]
    margin = relevant * abs(float(mean[leader]))
    near = np.abs([band.low[leader, open_ones], band.high[leader, open_ones]]) <= margin
    if near.all():
        return replace(found, kind="cannot_tell", reason="too_close", arm=None)
    return replace(found, kind="too_early", reason="still_open", arm=None)


def _leader(band: sequence.ConfidenceBand, mean: FloatArray) -> int:
    """Return the arm that is above all others by the sequences, else the one with most reward."""
    above = np.where(np.eye(len(mean), dtype=np.bool_), np.inf, band.low).min(axis=1)
    best = int(above.argmax())
    return best if above[best] > 0.0 else int(mean.argmax())


def _relative_lead(lead: Estimate, second: Estimate) -> Estimate | None:
    """Return the lead as a share of the second arm's mean; None where that may be 0."""
    if not second.low > 0.0:
        return None
    low = lead.low / (second.high if lead.low > 0.0 else second.low)
    high = lead.high / (second.low if lead.high > 0.0 else second.high)
    return Estimate(lead.value / second.value, low, high)
