"""Coverage of intervals under Thompson assignment, in short.

`benchmarks/inference.py` is the long form, with 1,000 runs and the naive interval beside.
"""

import numpy as np
import pytest

from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums
from bandits.inference.coverage import run_sums, select_run, thompson_looks
from bandits.inference.moments import Moments
from bandits.inference.srm import mismatches

RUNS, SEQUENCES = 400, 60


@pytest.mark.parametrize("best", [0.03, 0.045])
def test_fixed_intervals_and_sequences_are_wrong_as_rarely_as_they_say(best: float) -> None:
    """Fixed intervals and sequences keep their level: 4 arms, 20,000 visitors, 400 runs, 25 looks.

    Coverage of a difference lies in .93 to .97, give or take 3 binomial standard errors of .011;
    the sequence of any pair is ever wrong in at most 5 % of 60 runs, give or take 2 binomial
    standard errors of .028; arms' means as well. The naive interval fails in half of the runs.
    """
    rates = np.array([0.03, 0.03, 0.03, best])
    truth = rates[:, None] - rates[None, :]
    ever = means = np.zeros((SEQUENCES, 4), dtype=bool)
    naive = np.zeros((RUNS, 4), dtype=bool)
    runs = [ArmSums.empty(4)] * SEQUENCES
    for look in thompson_looks(rates.tolist(), runs=RUNS, looks=25, draws=64, seed=1):
        runs = [sums + run_sums(look.part, run) for run, sums in enumerate(runs)]
        ever = ever | [missed(sequence.differences(sums), truth)[:, 0] for sums in runs]
        means = means | [
            np.diag(missed(sequence.means(sums), np.tile(rates[:, None], 4))) for sums in runs
        ]
        shown = np.maximum(look.table.shown, 1.0)
        rate = look.table.hits / shown
        naive = naive | (np.abs(rate - rates) > 1.96 * np.sqrt(rate * (1 - rate) / shown))
    assert ever.mean(axis=0).max() <= 0.05 + 2 * 0.028
    assert means.mean(axis=0).max() <= 0.05 + 2 * 0.028
    assert naive.mean(axis=0).max() > 0.2
    cover = np.mean([covers(select_run(look.table, run), truth) for run in range(RUNS)], axis=0)
    assert (cover > 0.93 - 0.033).all()
    assert (cover < 0.97 + 0.033).all()


def missed(band: sequence.ConfidenceBand, truth: np.ndarray) -> np.ndarray:
    return (band.low > truth) | (band.high < truth)


def covers(table: object, truth: np.ndarray) -> list[bool]:
    sums = ArmSums(table, Moments.empty(8))
    pairs = [(0, 1), (0, 3)]
    return [fixed.difference(sums, a, b).contains(truth[a, b]) for a, b in pairs]


def test_a_mismatch_of_shares_is_found_and_honest_runs_pass() -> None:
    """At most 1 of 400 honest runs raises an alarm, at .0005 each.

    2 % of the visitors given arm 0 whatever was drawn: found in most runs within 20,000.
    """
    alarms = found = np.zeros(RUNS, dtype=bool)
    for look in thompson_looks([0.03] * 3 + [0.045], runs=RUNS, looks=50, draws=32, seed=2):
        alarms = alarms | mismatches(look.ratio)
        found = found | mismatches(look.skewed)
    assert alarms.sum() <= 1
    assert found.mean() > 0.9
