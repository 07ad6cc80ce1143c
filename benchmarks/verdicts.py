"""How often verdicts name a winner that is none, and how soon they name the right one.

    python -m benchmarks verdicts

Worlds of a month, looked at every day, with Thompson assignment, a floor, weekdays and a month's
end (rates of the field notes). In the first three no arm is better than all others, so that every
winner is a wrong one: a marketer who stops at the first winner is wrong in at most 5 % of them. In
the fourth one arm is better by a fifth. Then the lift over the holdout, with returning visitors,
and in months with three groups the lift over the operator's own rule.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.coverage import run_sums, thompson_looks
from bandits.inference.holdout import HOLDOUT, POLICY, USUAL, group_sums, holdout_sums
from bandits.inference.verdict import verdict
from benchmarks.options import option_parser

BASELINE = "a holdout of 10 %"
WORLDS, SMALL = 200, 2
RUNS = 500
DAYS = 30
SATURDAY, MONTH_END = 5, 27
SEASON = tuple(
    (1.3 if day % 7 >= SATURDAY else 1.0) * (2.0 if day >= MONTH_END else 1.0)
    for day in range(DAYS)
)
NOBODY = {
    "2 arms at 3 %": ((0.03, 0.03), 0.10),
    "4 arms at 3 %": ((0.03,) * 4, 0.02),
    "2 of 4 arms are best": ((0.03, 0.03, 0.02, 0.025), 0.02),
}
ALLOWED, POWER = 0.05, 0.80
COVERED = 0.93
"""Least share of campaigns whose lift over the operator's rule an interval of .95 covers."""


@dataclass(frozen=True)
class Months:
    """The first verdicts of some worlds.

    Attributes:
        winner: (R,) the first winner that was named; -1 without one.
        visitors: (R,) how many had come then; infinite without one.
    """

    winner: FloatArray
    visitors: FloatArray


def months(
    rates: Sequence[float], floor: float, visitors: int, *, worlds: int = WORLDS, seed: int = 0
) -> Months:
    """Worlds that are looked at every day until a winner is named."""
    winner, when = np.full(worlds, -1.0), np.full(worlds, np.inf)
    season = [factor / np.mean(SEASON) for factor in SEASON]
    looks = thompson_looks(
        rates,
        runs=worlds,
        visitors=visitors,
        looks=DAYS,
        floor=floor,
        draws=64,
        season=season,
        seed=seed,
    )
    sums = [ArmSums.empty(len(rates))] * worlds
    for look in looks:
        for run in np.flatnonzero(winner < 0):
            sums[run] += run_sums(look.part, run)
            found = verdict(sums[run], unit=1.0)
            if found.arm is not None:
                winner[run], when[run] = found.arm, look.visitors
    return Months(winner, when)


@dataclass(frozen=True)
class Campaign:
    """A simulated month with a holdout.

    Attributes:
        rewards: (n,) of exposures.
        held: bool (n,).
        subjects: (n,).
        truth: the lift, as a share.
        usual: bool (n,), the operator's own rule was shown.
        truth_usual: the lift over that rule, as a share.
    """

    rewards: FloatArray
    held: BoolArray
    subjects: FloatArray
    truth: float
    usual: BoolArray
    truth_usual: float


FACTORS = np.array([1.0, 1.15, 0.8, 1.3])
"""Factors of variants on the rate of the fallback, which is the first."""
HOME = 0.6
"""Share of the visits on the home page, where the operator's own rule shows the second variant;
elsewhere it shows the fallback."""


def allocation() -> FloatArray:
    """The policy's shares (DAYS, 4): from alike to nearly always the best, in 20 days."""
    learned = np.minimum(np.arange(DAYS) / 20.0, 1.0)[:, None]
    return np.asarray((1.0 - learned) * 0.25 + learned * np.array([0.02, 0.02, 0.02, 0.94]))


def campaign(
    seed: int, *, subjects: int = 30_000, share: float = 0.1, usual: float = 0.0
) -> Campaign:
    """Visitors who differ and come back; a policy that learns from day to day.

    Who comes often pays rather often too. The holdout always sees the fallback, the group
    `usual` (a share of all subjects, beside the holdout) what the operator's own rule names.
    """
    rng = np.random.default_rng(seed)
    base = rng.beta(1.2, 38.8, subjects)
    visits = rng.poisson(0.5 + 20.0 * base)
    who = np.repeat(np.arange(subjects), visits)
    day = rng.integers(0, DAYS, len(who))
    shares = allocation()
    pmf = shares[day]
    arm = (pmf.cumsum(axis=1) < rng.random((len(who), 1))).sum(axis=1).clip(0, 3)
    place = rng.random(subjects)[who]
    held, ruled = place < share, (place >= share) & (place < share + usual)
    rule = np.where(rng.random(len(who)) < HOME, FACTORS[1], 1.0) if usual else np.ones(len(who))
    shown = np.where(held, 1.0, np.where(ruled, rule, FACTORS[arm]))
    rate = base[who] * np.array(SEASON)[day] * shown
    rewards = (rng.random(len(who)) < np.minimum(rate, 1.0)).astype(float)
    weights = np.array(SEASON)[:, None] * shares
    truth = float((weights @ FACTORS).sum() / np.sum(SEASON) - 1.0)
    over_rule = (1.0 + truth) / (HOME * FACTORS[1] + 1.0 - HOME) - 1.0
    return Campaign(rewards, held, who, truth, ruled, float(over_rule))


def lifts(runs: int, share: float = 0.1) -> tuple[int, int]:
    """Campaigns whose lift the interval for one look, and the sequence, cover."""
    hits = always = 0
    for seed in range(runs):
        one = campaign(seed, share=share)
        sums = holdout_sums(one.rewards, one.held, share, one.subjects)
        hits += fixed.lift(sums, POLICY, HOLDOUT).contains(one.truth)
        always += sequence.lift(sums, POLICY, HOLDOUT, unit=1.0).contains(one.truth)
    return hits, always


def usual_lifts(runs: int, share: float = 0.1) -> tuple[int, int]:
    """Campaigns of three groups whose lift over the operator's rule is covered, as in `lifts`."""
    hits = always = 0
    for seed in range(runs):
        one = campaign(seed, share=share, usual=share)
        kept, inside = ~one.held, share / (1.0 - share)
        shares = (1.0 - inside, inside)
        sums = group_sums(
            one.rewards[kept], one.usual[kept].astype(int), shares, one.subjects[kept]
        )
        hits += fixed.lift(sums, POLICY, USUAL).contains(one.truth_usual)
        always += sequence.lift(sums, POLICY, USUAL, unit=1.0).contains(one.truth_usual)
    return hits, always


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; 1 where a bound is broken."""
    parser = option_parser("verdicts", __doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args(arguments)
    worlds, runs = (SMALL, SMALL) if given.small else (WORLDS, given.runs)
    good = True
    print(f"{worlds} worlds of {DAYS} days, looked at every day; 300,000 visitors each")
    for name, (rates, floor) in NOBODY.items():
        began = time.perf_counter()
        found = months(rates, floor, 300_000, worlds=worlds)
        wrong = float((found.winner >= 0).mean())
        good &= wrong <= ALLOWED
        seconds = time.perf_counter() - began
        print(f"  {name:26} a winner that is none {wrong:7.3f}  <= {ALLOWED}   {seconds:4.0f} s")
    found = months((0.03, 0.036), 0.10, 200_000, worlds=worlds)
    named, wrong = float((found.winner == 1).mean()), float((found.winner == 0).mean())
    good &= named >= POWER and wrong <= ALLOWED
    print(f"  3 % against 3.6 %, floor .1  winner within 200,000 {named:6.3f}  >= {POWER}")
    print(f"    the other one {wrong:.3f}; median {np.median(found.visitors):,.0f} visitors")
    hits, always = lifts(runs)
    print(f"lift over {BASELINE}, {runs} campaigns: interval covers {hits / runs:.3f},")
    print(f"  sequence {always / runs:.3f}; of the first 100: {lifts(min(100, runs))[0]}")
    many = 4 * runs  # a share near .95 is known to .01 only after some thousands
    hits, always = usual_lifts(many)
    good &= given.small or hits >= COVERED * many
    print(f"lift over the operator's rule, three groups, {many} campaigns: interval covers")
    print(f"  {hits / many:.3f}  >= {COVERED}, sequence {always / many:.3f}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
