"""The gain of a personal policy over the best single variant, and over the fallback."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bandits.inference.interval import Estimate
from benchmarks.advice import ALPHA
from benchmarks.advice_worlds import NAMES, Log, World, cube_of
from nudge.domain.advice.personal_gain import fallback_gain, personal_gain
from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
from nudge.domain.reports.comparison import ComparisonRows
from nudge.domain.reports.cube import OTHER, Cube
from nudge.domain.reports.sentences import Finding, sentence

SHARES = np.outer([0.5, 0.5], [0.5, 0.3, 0.2])
RATES = np.repeat(np.array([[0.12, 0.08, 0.04], [0.08, 0.12, 0.04]])[:, None], 3, axis=1)
PMF = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])
PERSONAL = World(SHARES, RATES, PMF)
SERVED = 0.8 * 0.12 + 0.1 * 0.08 + 0.1 * 0.04
TRUTH = SERVED / 0.10 - 1.0
PAGES = {"default": "coffee", "wap": "movie"}
"""A fallback by page, where the channels of the world stand for pages."""


@cache
def cube(seed: int, visitors: int = 20_000) -> Cube:
    log = Log(PERSONAL, np.random.default_rng(seed))
    log.play(visitors)
    return cube_of(log, 0)


def found(seed: int) -> Estimate:
    part = ComparisonRows.of(cube(seed))
    gain = personal_gain(part, [0, 1, 2], shares=True, level=0.95)
    assert gain is not None
    return gain


def test_the_interval_covers_the_gain_over_the_best() -> None:
    """Two variants are equally best, so that picking the luckier one would be too modest."""
    covered = sum(one.low <= TRUTH <= one.high for one in map(found, range(200)))
    assert covered >= 184, covered  # .95, less four errors of 200 worlds


@pytest.mark.parametrize(("fallback", "value"), [(PAGES, 0.06), ({"default": "coffee"}, 0.10)])
def test_the_interval_covers_the_gain_over_the_fallback(
    fallback: dict[str, str], value: float
) -> None:
    """Each page has its own fallback, though it is rarely shown: .95 of the intervals cover."""
    gains = [fallback_gain(cube(seed), fallback, level=0.95) for seed in range(200)]
    truth = SERVED / value - 1.0
    covered = sum(one is not None and one.contains(truth) for one in gains)
    assert 178 <= covered <= 199, covered  # .95 of 200 worlds, and four errors


def test_a_page_that_cannot_be_told_leaves_the_gain_open() -> None:
    """A page with a fallback of its own, among those put together, has an unknown one."""
    other = replace(cube(1), segments=[("web",), (OTHER,)])
    assert fallback_gain(other, PAGES, level=0.95) is None
    assert fallback_gain(other, {"default": "coffee"}, level=0.95) is not None
    assert fallback_gain(other, {"default": "taken away"}, level=0.95) is None


def test_only_a_personal_policy_has_a_gain() -> None:
    """The gains stand in the advice where the policy chooses by context, and nowhere else."""
    views = {"page": cube(1, 200_000)}
    terms = AdviceTerms(NAMES, revenue=False, alpha=ALPHA, fallback=PAGES)
    plain = slot_advice(terms, views)
    assert plain.gain is plain.over_fallback is None
    personal = slot_advice(replace(terms, personal=True), views)
    assert personal.gain is not None
    assert personal.gain.contains(TRUTH)
    assert personal.over_fallback is not None
    assert personal.over_fallback.contains(SERVED / 0.06 - 1.0)


def test_the_sentence_speaks_of_the_policy_first() -> None:
    """Before the variants stands what personalisation brings, over one variant and the holdout."""
    gain, lift = Estimate(0.08, 0.05, 0.11), Estimate(0.2, -0.01, 0.4)
    said = sentence(Finding("cannot_tell", "too_close", "A", "B", gain=gain, lift=lift))
    assert said["en"].startswith(
        "Personalisation brings 8 % (5 % to 11 %) over the best single variant, and 20 % "
        "(-1 % to 40 %) over the holdout. A and B are"
    )
    assert said["zh"].startswith(
        "智能策略相对最优单一方案的变化为 8%（区间 5%～11%），相对对照组为 20%"
    )


def test_the_sentence_tells_the_gain_over_the_fallback() -> None:
    """The fallback stands between the best single variant and the holdout."""
    gain, over = Estimate(0.08, 0.05, 0.11), Estimate(0.15, 0.1, 0.2)
    both = Finding("too_early", "still_open", "A", "B", gain=gain, over_fallback=over)
    said = sentence(replace(both, lift=over))
    assert (
        "over the best single variant, 15 % (10 % to 20 %) over the fallback, and 15 %"
        in said["en"]
    )
    assert "，相对默认方案为 15%（区间 10%～20%），相对对照组为 15%" in said["zh"]
    alone = sentence(replace(both, gain=None))
    assert alone["en"].startswith("Personalisation brings 15 % (10 % to 20 %) over the fallback. ")
    assert alone["zh"].startswith("智能策略相对默认方案的变化为 15%（区间 10%～20%）。")
