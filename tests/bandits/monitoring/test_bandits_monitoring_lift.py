"""Laws of lifts: they are found, they end, and what they lift falls from the level before."""

import numpy as np
import pytest

from bandits.arrays import BoolArray, FloatArray
from bandits.monitoring import Detector, DetectorTerms, StepCounts, Usual
from bandits.monitoring.level import Level

DAY = 288
TERMS = DetectorTerms(fall=0.3, steps=DAY)
COUNTS = DetectorTerms(fall=0.5, wander=0.3, drift=0.2, steps=DAY)
STREAMS = 20
LIMIT = 1_051_200.0
"""Steps of a run: with 20 streams over two thousand steps .04 alarms are due by chance."""


def known(streams: int) -> Usual:
    """Return a usual that is known well."""
    return Usual(np.ones(streams), np.full(streams, 1e-3), np.full(streams, 1e-5))


def play(
    rates: FloatArray, expected: float, terms: DetectorTerms, beside: BoolArray | None = None
) -> tuple[Detector, FloatArray, FloatArray]:
    """Return the detector behind levels (steps,), the lifted streams of each step, and alarms."""
    rng = np.random.default_rng(3)
    detector = Detector.start(STREAMS, terms)
    lifted, alarms = np.zeros(len(rates)), np.zeros(len(rates))
    for step, rate in enumerate(rates):
        counts = rng.poisson(expected * rate, STREAMS).astype(np.float64)
        over = None if beside is None else np.full(STREAMS, beside[step])
        detector, result = detector.advance(
            step,
            StepCounts(counts, np.full(STREAMS, expected)),
            known(STREAMS),
            np.full(STREAMS, LIMIT),
            terms,
            starts_day=step % DAY == 0,
            beside=over,
        )
        lifted[step], alarms[step] = detector.lift.lifted.mean(), result.alarm.mean()
    return detector, lifted, alarms


def test_a_lift_ends_and_leaves_no_stream_blind() -> None:
    """A promotion of two days is a lift, its end no fall; two days later nothing is lifted."""
    rates = np.repeat([1.0, 1.3, 1.3, 1.0, 1.0, 1.0, 0.5], DAY)
    # Lift and fall begin at noon, when the day's level is known.
    rates[DAY : DAY + DAY // 2] = rates[6 * DAY : 6 * DAY + DAY // 2] = 1.0
    _, lifted, alarms = play(rates, 60.0, TERMS)
    assert lifted[2 * DAY] == 1.0
    assert alarms[: 6 * DAY].sum() == 0.0
    assert lifted[6 * DAY - 1] == 0.0
    assert alarms[6 * DAY :].sum() == 1.0


def test_what_lifts_the_whole_lifts_its_parts() -> None:
    """A part of three an hour falls from the level before, and only as long as it must."""
    rates = np.repeat([1.0, 1.3, 1.0, 1.0, 1.0], DAY)
    beside = np.repeat([False, True, False, False, False], DAY)
    _, alone, _ = play(rates, 0.25, TERMS)
    _, lifted, alarms = play(rates, 0.25, TERMS, beside)
    assert alone[: 2 * DAY].max() < 0.5
    assert lifted[DAY : 2 * DAY].min() == 1.0
    assert alarms.sum() == 0.0
    assert lifted[-1] < 1.0


@pytest.mark.parametrize(("rate", "is_high"), [(1.5, False), (2.4, True)])
def test_a_crowd_is_high_whenever_it_came(rate: float, is_high: bool) -> None:  # noqa: FBT001 - a case
    """A number far above all that days wander is high from the first hours of a day on."""
    detector, _, _ = play(np.full(DAY // 4, rate), 20.0, COUNTS)
    assert detector.lift.high.tolist() == [is_high] * STREAMS


def test_what_is_not_known_of_a_level_is_no_change() -> None:
    """The edge of a level is a deviation to the bad side; a level that is known has none."""
    level = Level(np.ones(2), np.array([0.01 + TERMS.drift**2, TERMS.drift**2]))
    assert level.edge(TERMS) == pytest.approx([0.9, 1.0])
    rise = DetectorTerms(fall=1.0, rise=True, steps=DAY)
    assert level.edge(rise) == pytest.approx([1.1, 1.0])
