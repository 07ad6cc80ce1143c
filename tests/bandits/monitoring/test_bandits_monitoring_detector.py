"""Laws of the detectors: bounds under the null, falls found and dated, state."""

from dataclasses import replace

import numpy as np
import pytest

from bandits.arrays import FloatArray
from bandits.monitoring import (
    DelayLaw,
    Detector,
    DetectorTerms,
    RateCounts,
    RateDetector,
    StepCounts,
    Usual,
    share_budget,
)
from bandits.monitoring.evidence import weigh_counts

LAW = DelayLaw.prior(2.0)
TERMS = DetectorTerms(fall=0.3)
RISES = DetectorTerms(fall=1.0, rise=True)


def known(streams: int, rate: float = 1.0) -> Usual:
    """Return a usual that is known well."""
    return Usual(np.full(streams, rate), np.full(streams, 1e-3), np.full(streams, 1e-5))


def count_days(
    counts: FloatArray, expected: float, limit: float, terms: DetectorTerms = TERMS
) -> tuple[FloatArray, FloatArray, Detector]:
    """Return the first alarm's step (S,) of counts (steps, S), its beginning, and the detector."""
    steps, streams = counts.shape
    detector = Detector.start(streams, terms)
    found, began = np.full(streams, np.inf), np.full(streams, np.inf)
    for step in range(steps):
        seen = StepCounts(counts[step], np.full(streams, expected))
        detector, result = detector.advance(
            step, seen, known(streams), np.full(streams, limit), terms, starts_day=step == 0
        )
        new = result.alarm & ~np.isfinite(found)
        found[new], began[new] = step, result.began[new]
    return found, began, detector


@pytest.mark.parametrize("ratio", [0.3, 0.7, 0.85, 2.0])
def test_the_evidence_of_a_step_is_at_most_one_on_average(ratio: float) -> None:
    """Counts with the null's law and spread, and counts farther away, have a mean of at most 1.

    200,000 draws: the mean's standard error times 4 is the tolerance.
    """
    rng = np.random.default_rng(1)
    for spread, variance in ((0.0, 0.0), (0.05, 0.05)):
        for better in (1.0, 1.1 if ratio < 1.0 else 0.9):
            mean = np.full(200_000, 12.0 * better)
            if spread:
                mean = rng.gamma(1.0 / spread, spread * 12.0 * better, 200_000)
            draws = rng.poisson(mean).astype(np.float64)
            values = np.exp(
                weigh_counts(draws, np.array(12.0), np.array(ratio), np.array(variance))
            )
            error = values.std() / np.sqrt(len(values))
            assert values.mean() <= 1.0 + 4.0 * error
            if better == 1.0:
                assert values.mean() == pytest.approx(1.0, abs=4.0 * error)


def test_a_binomial_count_has_evidence_of_one_on_average() -> None:
    """One formula serves counts that vary less than a Poisson count's, too."""
    rng = np.random.default_rng(2)
    draws = rng.binomial(40, 0.3, 200_000).astype(np.float64)
    values = np.exp(weigh_counts(draws, np.array(12.0), np.array(0.7), np.array(-1 / 40)))
    assert values.mean() == pytest.approx(1.0, abs=4.0 * values.std() / np.sqrt(len(values)))


@pytest.mark.parametrize("terms", [TERMS, RISES])
def test_healthy_streams_keep_the_average_run_length(terms: DetectorTerms) -> None:
    """Levels that wander by a tenth: 400 streams over 1,000 steps, each with a limit of 4,000.

    At most 100 alarms are due, so 100 + 4 * 10 is the most that the bound explains.
    """
    rng = np.random.default_rng(3)
    level = np.exp(rng.normal(0.0, 0.1, 400))
    counts = rng.poisson(20.0 * level, (1_000, 400)).astype(np.float64)
    found, _, _ = count_days(counts, 20.0, 4_000.0, terms)
    assert np.isfinite(found).sum() <= 140


def test_a_fall_is_found_and_dated_and_its_end_seen() -> None:
    """A fall by half is found in minutes and dated within five, and its end is seen."""
    rng = np.random.default_rng(4)
    rate = np.full((960, 100), 20.0)
    rate[600:720] *= 0.5
    counts = rng.poisson(rate * np.exp(rng.normal(0.0, 0.1, 100))).astype(np.float64)
    found, began, detector = count_days(counts, 20.0, 525_600.0)
    assert np.median(found) <= 600 + 10
    assert (np.abs(began - 600) <= 5).mean() >= 0.9
    assert not detector.episode.going.any()


@pytest.mark.parametrize("lift", [1.15, 1.3, 1.5])
def test_the_end_of_a_promotion_is_no_fall(lift: float) -> None:
    """A level that was higher for eight hours and is as usual again raises nothing."""
    rng = np.random.default_rng(5)
    rate = np.full((1_200, 100), 20.0)
    rate[300:780] *= lift
    found, _, _ = count_days(rng.poisson(rate).astype(np.float64), 20.0, 525_600.0)
    assert not np.isfinite(found).any()


def test_the_end_of_a_promotion_is_no_fall_on_a_low_day() -> None:
    """A promotion over midnight ends on a day that is a fifth below the usual: no alarm.

    Steps of five minutes; the promotion lifts by three tenths from the first noon to the second.
    """
    terms = DetectorTerms(fall=0.3, steps=288)
    rng = np.random.default_rng(12)
    rate = np.full((2 * 288, 100), 100.0)
    rate[144 : 288 + 144] *= 1.3
    rate[288:] *= 0.8
    counts = rng.poisson(rate).astype(np.float64)
    detector, alarms = Detector.start(100, terms), 0
    for step, row in enumerate(counts):
        seen = StepCounts(row, np.full(100, 100.0))
        limits = np.full(100, 105_120.0)
        detector, result = detector.advance(
            step, seen, known(100), limits, terms, starts_day=step % 288 == 0
        )
        alarms += int(result.alarm.sum())
    assert detector.lift.lifted.any()
    assert alarms == 0


def test_a_promotion_that_is_known_may_end_at_any_hour() -> None:
    """On its days the usual is higher, and a return to a plain day's is no fall: half of it is.

    100 streams with a limit of a million steps over 288 steps: .03 alarms are due by chance.
    """
    terms = DetectorTerms(fall=0.3, steps=288)
    usual = replace(known(100), low=np.full(100, 1.0 / 1.3))
    for size, share in ((1.0, 0.0), (0.5, 1.0)):
        rate = np.full((288, 100), 130.0)
        rate[144:] = 100.0 * size
        counts = np.random.default_rng(13).poisson(rate).astype(np.float64)
        detector, alarmed = Detector.start(100, terms), np.zeros(100, dtype=np.bool_)
        for step, row in enumerate(counts):
            seen, limits = StepCounts(row, np.full(100, 130.0)), np.full(100, 1_051_200.0)
            detector, result = detector.advance(
                step, seen, usual, limits, terms, starts_day=step == 0
            )
            alarmed |= result.alarm
        assert alarmed.mean() == share


def delayed(rate: FloatArray, visits: float, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return arrivals and successes (steps, S): rate (steps, S) at arrival, delays of the law."""
    rng = np.random.default_rng(seed)
    arrivals = rng.poisson(visits, rate.shape)
    converts = rng.binomial(arrivals, rate)
    shares = LAW.shares(120)
    successes = np.zeros((len(rate) + 120, rate.shape[1]))
    for step, row in enumerate(converts):
        successes[step : step + 120] += rng.multinomial(row, shares / shares.sum()).T
    return arrivals.astype(np.float64), successes[: len(rate)]


def test_a_rate_knows_its_arrivals() -> None:
    """Visits that swing by a factor of five are no fall of the rate; three payments in ten are.

    The fall is found within 20 minutes in most of the streams, before its payments are mature.
    """
    arrivals, successes = delayed(np.full((700, 60), 0.4), 50.0, 6)
    rng = np.random.default_rng(7)
    successes[600:] = rng.binomial(successes[600:].astype(np.int64), 0.7)
    detector = RateDetector.start(60, LAW, TERMS)
    limits = np.full(60, 1_051_200.0)
    found = np.full(60, np.inf)
    for step in range(700):
        counts = RateCounts(arrivals[step], successes[step])
        detector, result = detector.advance(
            step, counts, known(60, 0.4), LAW, limits, TERMS, starts_day=step == 0
        )
        found[result.alarm & ~np.isfinite(found)] = step
    assert found.min() >= 600
    assert np.quantile(found, 0.75) <= 620


def test_a_swing_of_traffic_is_no_fall_of_the_rate() -> None:
    """Traffic that breaks down to a fifth leaves the rate as it is, also while payments lag."""
    arrivals, successes = delayed(np.full((400, 40), 0.4), 40.0, 8)
    rng = np.random.default_rng(9)
    fewer = rng.binomial(arrivals[200:].astype(np.int64), 0.2)
    late = np.array([LAW.shares(200)])
    assert late.sum() == pytest.approx(1.0, abs=0.01)
    converts = rng.binomial(np.concatenate([arrivals[:200].astype(np.int64), fewer]), 0.4)
    successes = np.zeros((600, 40))
    for step, row in enumerate(converts):
        successes[step : step + 200] += rng.multinomial(row, late[0] / late.sum()).T
    arrivals[200:] = fewer
    detector = RateDetector.start(40, LAW, TERMS)
    for step in range(400):
        counts = RateCounts(arrivals[step], successes[step])
        detector, result = detector.advance(
            step, counts, known(40, 0.4), LAW, np.full(40, 5e5), TERMS, starts_day=step == 0
        )
        assert not result.alarm.any()


def test_the_state_goes_through_bytes() -> None:
    """A detector that was written and read in between goes on with the same bits."""
    arrivals, successes = delayed(np.full((80, 5), 0.4), 30.0, 10)
    successes[50:] = 0.0
    one = other = RateDetector.start(5, LAW, TERMS)
    for step in range(80):
        counts = RateCounts(arrivals[step], successes[step])
        given = (step, counts, known(5, 0.4), LAW, np.full(5, 1e4), TERMS)
        one, first = one.advance(*given)
        other, second = RateDetector.read(other.arrays()).advance(*given)
        assert first.evidence.tobytes() == second.evidence.tobytes()
    for name, array in one.arrays().items():
        assert array.tobytes() == other.arrays()[name].tobytes()
    assert one.detector.episode.going.all()


def test_a_stream_does_not_depend_on_its_neighbours() -> None:
    """A stream's evidence has the same bits alone and among others, also while one has fallen."""
    rng = np.random.default_rng(11)
    counts = rng.poisson(20.0, (120, 7)).astype(np.float64)
    counts[60:, 2] = 0.0
    _, _, all_of_them = count_days(counts, 20.0, 1e4)
    _, _, alone = count_days(counts[:, :1], 20.0, 1e4)
    for name, array in alone.arrays().items():
        assert array.tobytes() == all_of_them.arrays()[name][:1].tobytes(), name


def test_foreign_state_is_refused() -> None:
    """A state with a missing or unknown array is not read."""
    arrays = RateDetector.start(2, LAW, TERMS).arrays()
    with pytest.raises(ValueError, match="not those of a detector"):
        Detector.read(arrays)
    with pytest.raises(ValueError, match="not those of a rate detector"):
        RateDetector.read({})


def test_the_budget_is_shared() -> None:
    """Streams' false alarms add up to the budget, by weight."""
    limits = share_budget(2.0, 525_600.0, [3.0, 1.0])
    assert (525_600.0 / limits).sum() == pytest.approx(2.0)
    assert limits[1] == pytest.approx(3.0 * limits[0])
    with pytest.raises(ValueError, match="positive"):
        share_budget(0.0, 525_600.0, [1.0])
    with pytest.raises(ValueError, match="positive"):
        share_budget(1.0, 525_600.0, [1.0, 0.0])


@pytest.mark.parametrize(
    "wrong", [{"fall": 0.0}, {"fall": 1.0}, {"wander": -0.1}, {"steps": 0}, {"steps": 12}]
)
def test_terms_that_no_monitor_can_have_are_refused(wrong: dict[str, float]) -> None:
    """A change of nothing or of all, a negative spread, and bins shorter than a step are none."""
    with pytest.raises(ValueError, match="must"):
        DetectorTerms(**wrong)  # type: ignore[arg-type]
