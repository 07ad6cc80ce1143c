"""Laws of the estimators, whatever the data."""

from dataclasses import replace

import numpy as np
import pytest
from evaluation_samples import RATES, campaign, paid, parts
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.evaluation import (
    ESTIMATORS,
    Always,
    EstimatorSuite,
    Evaluation,
    Log,
    ModelSums,
    Support,
    Target,
    TargetRows,
    Uniform,
    evaluate,
)

NAMES = ("ips", "snips", "dm", "dr", "sndr")


def numbers(evaluation: Evaluation) -> np.ndarray:
    found = [evaluation.estimates[name] for name in NAMES]
    return np.array([(x.value, x.low, x.high) for x in found if x is not None])


@settings(max_examples=20, deadline=None)
@given(st.floats(-50, 50), st.integers(0, 10**6))
def test_a_constant_reward_comes_back(reward: float, seed: int) -> None:
    """All estimators but IPS say c where every reward is c; IPS says c times the mean weight."""
    log = campaign(600, seed)
    found = evaluate(paid(log, np.full(600, reward)), Uniform())
    for name in ("snips", "dm", "dr", "sndr"):
        assert found.estimates[name].value == pytest.approx(reward, abs=1e-9)
    weight = found.diagnostics.mean_weight
    assert found.estimates["ips"].value == pytest.approx(reward * weight, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 900), max_size=6).map(sorted), st.sampled_from([0, 200]))
def test_parts_add_up_to_the_whole(cuts: list[int], subjects: int) -> None:
    """Batches of any sizes give the numbers of one pass, with subjects and without."""
    log = campaign(900, 3, subjects=subjects)
    whole = evaluate(log, Always(1))
    batched = evaluate(parts(log, cuts), Always(1))
    assert numbers(batched) == pytest.approx(numbers(whole), abs=1e-11)
    assert batched.as_dict()["ess"] == pytest.approx(whole.as_dict()["ess"])


def test_merging_is_the_same_in_any_order() -> None:
    """Suites of partitions add in any order, as far as sums of floats do."""
    one, two, three = (
        EstimatorSuite().add(part, Always(0)) for part in parts(campaign(900), [200, 500])
    )
    first = (one + two) + three
    last = three + (two + one)
    assert first.diagnostics.ess == pytest.approx(last.diagnostics.ess)
    for name in ("ips", "snips"):
        ends = [x.evaluation().estimates[name] for x in (first, last)]
        assert ends[0].low == pytest.approx(ends[1].low, abs=1e-12)


def test_the_logs_own_policy_gets_the_logs_own_mean() -> None:
    """A uniform target on a uniform log is the mean of the rewards, to 1e-12."""
    rng = np.random.default_rng(1)
    reward = rng.exponential(size=5000)
    log = Log(rng.integers(0, 3, 5000), np.full(5000, 1 / 3), reward, 3)
    found = evaluate(log, Uniform())
    for value in (found.on_policy, found.estimates["ips"].value, found.estimates["snips"].value):
        assert value == pytest.approx(reward.mean(), abs=1e-12)
    assert found.diagnostics.ess == pytest.approx(5000)


def test_a_hand_computed_case() -> None:
    """Four rows, two variants: the sums done on paper, repeated often enough to be answered."""
    times = 20
    log = Log(
        np.tile([0, 1, 1, 0], times),
        np.tile([0.5, 0.25, 0.75, 0.5], times),
        np.tile([1.0, 2.0, 0.0, 3.0], times),
        2,
    )
    found = evaluate(log, Always(1), splits=2)
    # Weights 0, 4, 4/3, 0: IPS (4 x 2) / 4, SNIPS 8 / (16 / 3), mean of the log 6 / 4.
    assert found.diagnostics.mean_weight == pytest.approx((4 + 4 / 3) / 4)
    assert found.diagnostics.ess == pytest.approx(times * (16 / 3) ** 2 / (16 + 16 / 9))
    assert found.diagnostics.max_weight == 4.0
    assert found.on_policy == 1.5
    suite = EstimatorSuite().add(log, Always(1))
    assert ESTIMATORS["ips"].linear(suite.sums.moments.total)[0] == pytest.approx(2.0)
    assert ESTIMATORS["snips"].linear(suite.sums.moments.total)[0] == pytest.approx(1.5)
    influence = np.tile([0.0, 4 * 0.5, 4 / 3 * -1.5, 0.0], times)
    error = np.sqrt((influence**2).sum() * 80 / 79) / (times * 16 / 3)
    assert ESTIMATORS["snips"].error(suite.sums) == pytest.approx(error)


def test_the_direct_method_is_the_table_of_means_where_the_model_is_one() -> None:
    """With one-hot cells DM is sum over cells of share x mean, up to the splits and the ridge."""
    log = campaign(20_000, 5)
    cell = log.features[:, 1] == 1.0
    table = [log.reward[(cell == c) & (log.variant == 2)].mean() for c in (False, True)]
    mean = np.average(table, weights=[np.mean(~cell), np.mean(cell)])
    found = evaluate(log, Always(2)).estimates["dm"]
    assert found.value == pytest.approx(mean, abs=2e-3)


@pytest.mark.parametrize("subjects", [0, 300])
def test_the_intervals_cover(subjects: int) -> None:
    """Over 300 logs each estimator's .95 interval holds the truth in .91 to .99 of them.

    The binomial standard error at 300 is .0126: 3 of them below .95.
    """
    truth = float(RATES[:, 0].mean())
    hits = dict.fromkeys(NAMES, 0)
    for seed in range(300):
        log = campaign(1500, seed + 10_000, subjects=subjects)
        found = evaluate(log, Always(0))
        for name in NAMES:
            hits[name] += found.estimates[name].contains(truth)
    for name, count in hits.items():
        assert 0.91 <= count / 300 <= 0.99, name


def test_rows_of_a_subject_are_one_answer() -> None:
    """Every row ten times under one subject: the intervals stay as wide as they were."""
    log = campaign(1000, 7)
    tenfold = Log(
        np.repeat(log.variant, 10),
        np.repeat(log.propensity, 10),
        np.repeat(log.reward, 10),
        3,
        subject=np.repeat(np.arange(1000), 10),
    )
    once = evaluate(Log(log.variant, log.propensity, log.reward, 3), Always(1))
    clustered = evaluate(tenfold, Always(1))
    for name in ("snips", "dr"):
        narrow, wide = once.estimates[name], clustered.estimates[name]
        # 2,048 groups know a standard error to 1.6 %; 1,000 subjects share some of them.
        assert wide.high - wide.low == pytest.approx(narrow.high - narrow.low, rel=0.15)


def test_a_model_takes_noise_away() -> None:
    """The doubly robust interval is narrower than that of IPS where the cells differ."""
    found = evaluate(campaign(20_000, 9), Uniform())
    width = {name: x.high - x.low for name, x in found.estimates.items()}
    assert width["dr"] < width["ips"]
    assert width["sndr"] < width["snips"]


def cells_of(log: Log, splits: np.ndarray) -> Log:
    """The log's rows as cells: those that agree in variant, features and split are one."""
    keys = np.column_stack([log.variant, log.features, splits])
    _, first, place = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    one = replace(log, splits=splits, pmf=(log.pmf > 0.0).astype(float)).rows(first)
    place = place.ravel()
    counts = np.bincount(place).astype(float)
    return replace(one, reward=np.bincount(place, log.reward), counts=counts, subject=None)


@pytest.mark.parametrize("target", [Uniform(), Always(2)])
def test_cells_are_their_rows(target: Target) -> None:
    """A log of cells gives the reward model and the support of its rows."""
    log = campaign(3000, 4, subjects=200)
    rows = TargetRows.of(log, target)
    cells = TargetRows.of(cells_of(log, rows.splits), target)
    assert len(cells.log) < 40
    models = [ModelSums.of(one).fit() for one in (rows, cells)]
    assert models[1].coefficients == pytest.approx(models[0].coefficients, abs=1e-12)
    assert models[1].pulls == pytest.approx(models[0].pulls, abs=1e-9)
    of_rows, of_cells = Support.of(rows), Support.of(cells)
    assert of_cells.target_mass == pytest.approx(of_rows.target_mass)
    assert of_cells.unsupported_mass == of_rows.unsupported_mass == 0.0


def test_the_doubly_robust_estimates_are_their_formulas() -> None:
    """DR and SNDR by the papers' formulas on the rows, with the standard errors of their means."""
    log = campaign(2000, 6)
    rows = TargetRows.of(log, Always(1))
    model = ModelSums.of(rows).fit()
    found = model.predict(rows)
    weights = (log.variant == 1) / log.propensity
    surprise = weights * (log.reward - found.logged)
    sums = EstimatorSuite().add(log, Always(1), model).sums
    value, _ = ESTIMATORS["dr"].linear(sums.moments.total)
    terms = found.expected + surprise
    assert value == pytest.approx(terms.mean())
    assert ESTIMATORS["dr"].error(sums) == pytest.approx(terms.std(ddof=1) / np.sqrt(2000))
    shift = surprise.sum() / weights.sum()
    value, _ = ESTIMATORS["sndr"].linear(sums.moments.total)
    assert value == pytest.approx(found.expected.mean() + shift)
    parts = (found.expected - found.expected.mean()) / 2000
    parts += (surprise - shift * weights) / weights.sum()
    assert ESTIMATORS["sndr"].error(sums) == pytest.approx(np.sqrt((parts**2).sum() * 2000 / 1999))
