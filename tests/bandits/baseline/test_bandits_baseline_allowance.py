"""The share of the draws and the floor that a learned policy is allowed beside the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.baseline.allowance import GUARD, LEAST, STEP, CellRecord, find_allowance, find_cap

FLOOR = 0.02


@dataclass(frozen=True, eq=False)
class Worths:
    """Draws of the worth that are the same in every cell."""

    each: FloatArray

    def worths(self, codes: IntArray) -> FloatArray:
        """See `WorthDraws.worths`."""
        return np.broadcast_to(self.each, (len(codes), *self.each.shape))


def record(pmf: list[float], hits: list[float], shown: list[float] | None = None) -> CellRecord:
    """One cell of three arms; the baseline shows the first."""
    return CellRecord(
        codes=np.zeros(1, dtype=np.int64),
        shown=np.array([[0.0, 0.0, 0.0] if shown is None else shown]),
        visits=np.ones(1),
        hits=np.array(hits),
        pmf=np.array([pmf]),
        arm=np.zeros(1, dtype=np.int64),
        floor=FLOOR,
    )


def known(*rates: float) -> Worths:
    """Rates that are known exactly."""
    return Worths(np.repeat(np.array(rates)[:, None], 64, axis=1))


WORSE = known(0.10, 0.05, 0.05)
ALL_OTHER = [0.02, 0.49, 0.49]


def test_a_policy_that_is_known_to_be_worse_gets_what_may_be_given_up() -> None:
    """Of visitors who lose half by it so many see it that the loss is what is planned for."""
    found = find_allowance(record(ALL_OTHER, [0, 99, 99]), WORSE, 0.05)
    extra = max(found.floor - found.share * FLOOR, 0.0) / (1.0 - 3 * found.share * FLOOR)
    away = (1.0 - 3 * extra) * found.share * 0.98 + 2 * extra
    assert away * 0.5 <= GUARD * 0.05 < (away + 0.01) * 0.5


def test_what_was_gained_pays_for_exploring() -> None:
    """A slot that has gained on the baseline may lose more of the next visitors' reward."""
    fresh = find_allowance(record(ALL_OTHER, [0, 99, 99]), WORSE, 0.05)
    gained = record(ALL_OTHER, [0, 99, 99], [5_000.0, 0.0, 0.0])
    assert find_allowance(gained, WORSE, 0.05).share > fresh.share


def test_what_was_lost_is_paid_back() -> None:
    """A slot that has lost more than it may gets the least share, and still a floor."""
    lost = record(ALL_OTHER, [0, 99, 99], [0.0, 5_000.0, 5_000.0])
    found = find_allowance(lost, WORSE, 0.05)
    assert found.share == LEAST
    assert 0.0 < found.floor < FLOOR


def test_a_better_policy_gets_all() -> None:
    """There is nothing to bound where the learned policy is known to be better."""
    better = known(0.05, 0.10, 0.10)
    assert find_allowance(record(ALL_OTHER, [0, 99, 99]), better, 0.05).share == 1.0


def test_arms_that_nobody_knows_are_as_bad_as_they_may_be() -> None:
    """An arm with the baseline's mean and a wide posterior gets little; a narrow one gets all."""
    rng = np.random.default_rng(5)

    def spread(width: float) -> Worths:
        draws = 0.1 * np.exp(width * rng.standard_normal((3, 400)) - width**2 / 2)
        draws[0] = 0.1
        return Worths(draws)

    asked = record(ALL_OTHER, [99, 99, 99])
    assert find_allowance(asked, spread(1.0), 0.05).share < 0.15
    assert find_allowance(asked, spread(0.01), 0.05).share == 1.0


def test_a_payment_moves_an_arm_by_a_twentieth_at_most() -> None:
    """An arm has beside the baseline no more draws than its conversions have proved."""
    better = known(0.05, 0.50, 0.05)
    shares = []
    for hits in range(30):
        asked = record([0.02, 0.96, 0.02], [3.0, hits, 0.0])
        shares.append(find_allowance(asked, better, 0.05).share * 0.96)
    assert shares[0] <= STEP + 1e-9
    assert shares[-1] > 0.9
    assert np.diff(shares).max() <= STEP + 1e-9


def test_a_slot_without_a_baseline_or_a_bound_is_free() -> None:
    """Cells in which the baseline names no arm do not count; give_up = 1 sets no bound."""
    nothing = replace(record(ALL_OTHER, [0, 0, 0]), arm=np.full(1, -1))
    assert find_allowance(nothing, WORSE, 0.05) == (1.0, FLOOR)
    assert find_allowance(record(ALL_OTHER, [0, 0, 0]), WORSE, 1.0) == (1.0, FLOOR)


def test_an_arm_that_is_never_drawn_beside_the_baseline_caps_nothing() -> None:
    """The cap is of arms that the learned policy draws."""
    assert find_cap(record([1.0, 0.0, 0.0], [0, 0, 0])) > 1.0
