"""The gain of a personal policy over the best single variant."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bandits.inference.interval import Estimate
from benchmarks.advice import ALPHA, NAMES, World, cube_of
from nudge.domain.advice.personal_gain import personal_gain
from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.sentences import Finding, sentence

SHARES = np.outer([0.5, 0.5], [0.5, 0.3, 0.2])
RATES = np.repeat(np.array([[0.12, 0.08, 0.04], [0.08, 0.12, 0.04]])[:, None], 3, axis=1)
PMF = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
PERSONAL = World(SHARES, RATES, PMF)
TRUTH = (0.8 * 0.12 + 0.1 * 0.08 + 0.1 * 0.04) / 0.10 - 1.0


def found(seed: int, visitors: int = 20_000) -> Estimate:
    rows, hits = PERSONAL.log(visitors, np.random.default_rng(seed))
    part = ComparisonRows.of(cube_of(PERSONAL, rows, hits, 0))
    gain = personal_gain(part, [0, 1, 2], shares=True, level=0.95)
    assert gain is not None
    return gain


def test_the_interval_covers_the_gain_over_the_best() -> None:
    """Two variants are equally best, so that picking the luckier one would be too modest."""
    covered = sum(one.low <= TRUTH <= one.high for one in map(found, range(200)))
    assert covered >= 184, covered  # .95, less four errors of 200 worlds


def test_only_a_personal_policy_has_a_gain() -> None:
    """The gain stands in the advice where the policy chooses by context, and nowhere else."""
    rows, hits = PERSONAL.log(200_000, np.random.default_rng(1))
    views = {"channel": cube_of(PERSONAL, rows, hits, 0)}
    terms = AdviceTerms(NAMES, revenue=False, alpha=ALPHA)
    assert slot_advice(terms, views).gain is None
    gain = slot_advice(replace(terms, personal=True), views).gain
    assert gain is not None
    assert gain.low <= TRUTH <= gain.high


def test_the_sentence_speaks_of_the_policy_first() -> None:
    """Before the variants stands what personalisation brings, over one variant and the holdout."""
    gain, lift = Estimate(0.08, 0.05, 0.11), Estimate(0.2, -0.01, 0.4)
    said = sentence(Finding("cannot_tell", "too_close", "A", "B", gain=gain, lift=lift))
    assert said["en"].startswith(
        "Personalisation brings 8 % (5 % to 11 %) over the best single variant, and 20 % "
        "(-1 % to 40 %) over the holdout. A and B are"
    )
    assert said["zh"].startswith(
        "个性化投放相对最优单一方案的变化为 8%（置信区间 5%～11%），相对对照组为 20%"
    )
