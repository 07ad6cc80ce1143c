"""How often intervals are wrong under Thompson assignment, side by side (must-show 4).

    python -m benchmarks inference [--runs N]

Two worlds, 4 arms at 3 % and the same with one better: 20,000 visitors, floor .02, looked at 100
times from the start. Counted are the runs in which an interval misses the truth: at the end for
fixed-horizon intervals, at any look for sequences. The last columns are what most tools print.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.arm_table import ArmTable
from bandits.inference.coverage import run_sums, select_run, thompson_looks
from bandits.inference.moments import Moments
from bandits.inference.srm import mismatches
from benchmarks.options import option_parser

BASELINE = "the naive interval"
RUNS, SMALL, PARTS = 1000, 5, 20
WORLDS = {
    "4 arms at 3 %": (0.03, 0.03, 0.03, 0.03),
    "one of them at 4 %": (0.03, 0.03, 0.03, 0.04),
    "one of them at 5 %": (0.03, 0.03, 0.03, 0.05),
}
Z = 1.959964
LEVEL, SLACK, ALARMS = 0.95, 0.02, 0.001
FIRST = np.array([0, 0])
SECOND = np.array([1, 3])


@dataclass
class Misses:
    """Runs (R, 2) in which a sequence of the two differences was ever wrong, by name."""

    ever: dict[str, BoolArray] = field(default_factory=dict)

    def add(self, name: str, wrong: BoolArray) -> None:
        """Note the runs that are wrong at this look."""
        self.ever[name] = wrong | self.ever.get(name, np.zeros_like(wrong))

    def worst(self, name: str) -> float:
        """The larger share of the differences."""
        return float(self.ever[name].mean(axis=0).max())


def naive(table: ArmTable) -> tuple[FloatArray, FloatArray]:
    """Differences of raw rates (R, 2) and the half width of their normal interval."""
    shown = np.maximum(table.shown, 1.0)
    rate = table.hits / shown
    variance = rate * (1.0 - rate) / shown
    both = variance[:, FIRST] + variance[:, SECOND]
    return rate[:, FIRST] - rate[:, SECOND], Z * np.sqrt(both)


def look_at(
    table: ArmTable, runs: Sequence[ArmSums], truth: FloatArray, misses: Misses, pairs: int
) -> None:
    """Note what is wrong at this look."""
    every = np.asarray(truth[:, None] - truth[None, :])
    for name, alpha in (("sequence", 0.05), ("family", 0.05 / pairs)):
        bands = [sequence.differences(sums, alpha=alpha) for sums in runs]
        wrong = np.array([(band.low > every) | (band.high < every) for band in bands])
        if name == "family":
            misses.add(name, np.asarray(wrong.any(axis=(1, 2)))[:, None])
        else:
            misses.add(name, np.asarray(wrong[:, FIRST, SECOND]))
    raw, half = naive(table)
    target = truth[FIRST] - truth[SECOND]
    misses.add("naive", np.asarray(np.abs(raw - target) > half))


def fixed_coverage(table: ArmTable, truth: FloatArray) -> FloatArray:
    """Coverage (2,) of the fixed-horizon differences at the end."""
    hits = np.zeros(2)
    runs = len(table.rows)
    wide = table.shown.shape[1]
    for run in range(runs):
        sums = ArmSums(select_run(table, run), Moments.empty(2 * wide))
        for i, (a, b) in enumerate(zip(FIRST, SECOND, strict=True)):
            hits[i] += fixed.difference(sums, a, b).contains(truth[a] - truth[b])
    return hits / runs


def judge(name: str, rates: Sequence[float], runs: int) -> bool:
    """One world's row; whether all bounds hold."""
    truth, misses, start = np.asarray(rates), Misses(), time.perf_counter()
    alarms = found = np.zeros(runs, dtype=np.bool_)
    when = np.full(runs, np.inf)
    sums = [ArmSums.empty(len(rates))] * runs
    for look in thompson_looks(rates, runs=runs, seed=4):
        sums = [one + run_sums(look.part, run) for run, one in enumerate(sums)]
        look_at(look.table, sums, truth, misses, pairs=len(rates) * (len(rates) - 1) // 2)
        alarms = alarms | mismatches(look.ratio)
        found = found | mismatches(look.skewed)
        when = np.where(found, np.minimum(when, look.visitors), when)
    cover = fixed_coverage(look.table, truth)
    raw, half = naive(look.table)
    missed = np.abs(raw - (truth[FIRST] - truth[SECOND])) > half
    ends = 1.0 - missed.mean(axis=0)
    print(f"\n{name}: {runs} runs, {time.perf_counter() - start:.0f} s")
    for text, value, bound in (
        (
            "fixed-horizon interval of a difference covers",
            f"{cover[0]:.3f} {cover[1]:.3f}",
            ".93-.97",
        ),
        (f"  {BASELINE} covers", f"{ends[0]:.3f} {ends[1]:.3f}", ""),
        ("sequence, looked at 100 times, ever wrong", f"{misses.worst('sequence'):.3f}", "<= .05"),
        ("  any pair, corrected for their number", f"{misses.worst('family'):.3f}", "<= .05"),
        (f"  {BASELINE}, looked at 100 times", f"{misses.worst('naive'):.3f}", ""),
        ("sample-ratio mismatch, false alarms", f"{alarms.mean():.4f}", "more below"),
        ("  2 % of visitors given arm 0: found in", f"{found.mean():.3f}", ""),
        ("  after so many visitors (median)", f"{np.median(when):,.0f}", ""),
    ):
        print(f"  {text:<48} {value:>12}  {bound}")
    good = bool((np.abs(cover - LEVEL) <= SLACK).all())
    return good and misses.worst("sequence") <= 1.0 - LEVEL


def ratio_alarms(runs: int, parts: int = PARTS) -> float:
    """Share of honest runs with an alarm: a thousandth cannot be seen in a thousand runs."""
    alarms = 0
    for part in range(parts):
        wrong = np.zeros(runs, dtype=np.bool_)
        for look in thompson_looks((0.03,) * 4, runs=runs, draws=32, seed=100 + part):
            wrong |= mismatches(look.ratio)
        alarms += int(wrong.sum())
    return alarms / (parts * runs)


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; 1 where a bound is broken."""
    parser = option_parser("inference", __doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args(arguments)
    runs, parts = (SMALL, 1) if given.small else (given.runs, PARTS)
    good = [judge(name, rates, runs) for name, rates in WORLDS.items()]
    alarms = ratio_alarms(runs, parts)
    text = f"{parts * runs:,} more runs of equal arms: sample-ratio mismatch, false alarms"
    print(f"\n{text} {alarms:.5f}  <= .001")
    return 0 if all(good) and alarms <= ALARMS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
