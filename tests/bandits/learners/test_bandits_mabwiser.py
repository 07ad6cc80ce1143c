"""MABWiser learner: exact propensities, the floor, its own seed, exact weights."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bandits
from bandits.config import read_config
from bandits.config_mabwiser import LEARNING, LINEAR
from bandits.counts import CountTable
from bandits.features import CellSpec
from bandits.learners import fit
from bandits.learners.mabwiser import make_mab, rank_answers, sample_expectations
from bandits.learners.mabwiser_rows import fit_cells, level_columns

pytest.importorskip("mabwiser")

DAY = 86400
EVERY = np.ones(3, dtype=bool)
SETTINGS: dict[str, dict[str, object]] = {
    "LinTS": {"alpha": 0.2},
    "LinUCB": {"alpha": 0.5, "l2_lambda": 2},
    "Softmax": {"tau": 0.05},
    "EpsilonGreedy": {"epsilon": 0.2},
}
ROWS = [
    ("1", 0, 4000, 240), ("1", 1, 4000, 120), ("1", 2, 4000, 120),
    ("2", 0, 3000, 90), ("2", 1, 3000, 300), ("2", 2, 3000, 90),
]  # fmt: skip


def config_of(name: str, reward: str = "conversion", **policy: object) -> bandits.LearnerConfig:
    options = {"learning_policy": name, **SETTINGS.get(name, {})}
    context = [{"name": "channel", "cells": ["web", "app"]}]
    arms = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    table = {"kind": "mabwiser", "options": options, **policy}
    return read_config(
        {"arms": arms, "context": context, "policy": table, "reward": {"kind": reward}}
    )


def table_of(*rows: tuple[str, int, int, int], at: int = 0) -> CountTable:
    return CountTable.from_rows((at, cell, arm, n, s, s, s) for cell, arm, n, s in rows)


@pytest.mark.parametrize("name", LEARNING)
def test_each_policy_is_published_with_exact_propensities(name: str) -> None:
    """Propensities of every policy sum to 1 and keep the floor under every mask."""
    policy = bandits.load_policy(bandits.dump(fit(config_of(name), table_of(*ROWS), 0.0, seed=4)))
    contexts = {"channel": np.array(["web", "app", "tv", None], dtype=object)}
    for mask in ([True, True, True], [True, False, True], [False, True, False]):
        pmf = policy.distribution(contexts, np.array(mask))
        assert pmf.sum(axis=1) == pytest.approx(np.ones(4))
        assert (pmf[:, mask] >= 0.02 - 1e-12).all()
        assert (pmf[:, ~np.array(mask)] == 0.0).all()


@pytest.mark.parametrize("name", LEARNING)
def test_the_seed_alone_decides(name: str) -> None:
    """Equal seeds give equal bytes; before any data every arm gets a fair share."""
    config, table = config_of(name), table_of(*ROWS)
    blobs = [bandits.dump(fit(config, table, 0.0, seed=s)) for s in (1, 1, 2)]
    assert blobs[0] == blobs[1] != blobs[2]
    cold = fit(config, CountTable(), 0.0, seed=1).distribution_one({"channel": "web"}, EVERY)
    # A third of 128 draws: standard error .042.
    assert cold == pytest.approx([1 / 3] * 3, abs=0.17)


@pytest.mark.parametrize("name", LINEAR)
def test_the_linear_policies_see_the_cell(name: str) -> None:
    """Linear policies give each cell's best arm the highest propensity."""
    policy = fit(config_of(name), table_of(*ROWS), 0.0)
    assert policy.distribution_one({"channel": "web"}, EVERY).argmax() == 0
    assert policy.distribution_one({"channel": "app"}, EVERY).argmax() == 1


def test_weighted_cells_are_the_rows_that_they_stand_for() -> None:
    """LinUCB gives the same order from weights as from expanded counts, since it is deterministic.

    The scaler makes the expansion necessary; with features of equal scale it changes little.
    """
    rows = [("1", 0, 400, 40), ("1", 1, 100, 12), ("2", 0, 50, 3), ("2", 1, 300, 40)]
    pure = fit(config_of("LinUCB"), table_of(*rows), 0.0)
    scaled = fit(config_of("LinUCB", options=_lin(scale=True)), table_of(*rows), 0.0)
    for channel in ("web", "app"):
        one = pure.distribution_one({"channel": channel}, EVERY)
        assert one.max() == pytest.approx(0.96)
        assert scaled.distribution_one({"channel": channel}, EVERY).sum() == pytest.approx(1.0)


def _lin(**more: object) -> dict[str, object]:
    return {"learning_policy": "LinUCB", **SETTINGS["LinUCB"], **more}


def test_the_weights_are_exact() -> None:
    """One weighted row for a cell fits LinGreedy exactly as its exposures one by one."""
    mab = pytest.importorskip("mabwiser.mab")
    rng = np.random.default_rng(0)
    arms, cells = rng.integers(0, 2, 500), rng.integers(0, 3, 500)
    hits = (rng.random(500) < 0.3).astype(float)
    x = np.concatenate([np.ones((500, 1)), np.eye(3)[cells]], axis=1)
    one_by_one = mab.MAB([0, 1], mab.LearningPolicy.LinGreedy(epsilon=0.0))
    one_by_one.fit(arms, hits, x)
    table = CountTable()
    for arm, cell, hit in zip(arms.tolist(), cells.tolist(), hits.tolist(), strict=True):
        table.add_exposure(0, str(cell), arm)
        table.add_reward(0, str(cell), arm, int(hit), int(hit), int(hit))

    spec = CellSpec.build(config_of("LinTS").context)
    mine = make_mab(2, "LinGreedy", {"epsilon": 0.0}, 1)
    fit_cells(mine, table.weigh_buckets(0.0, np.inf), spec, 2, 0.0, scaled=False)
    queries = level_columns(spec, np.arange(3))
    expected = [
        [answer[arm] for arm in (0, 1)] for answer in one_by_one.predict_expectations(queries)
    ]
    assert sample_expectations(mine, queries, 1, 2)[:, 0] == pytest.approx(
        np.array(expected), abs=1e-9
    )


def test_many_counts_are_learned_in_batches_and_scaled() -> None:
    """Ten million exposures are scaled down and fitted, and the better arm wins."""
    table = table_of(("1", 0, 5_000_000, 150_000), ("1", 1, 5_000_000, 200_000))
    for name in ("ThompsonSampling", "UCB1"):
        assert fit(config_of(name), table, 0.0).distribution_one({}, EVERY)[0] < 0.1


def test_old_weeks_fade_and_outages_do_not_count() -> None:
    """Forgetting and quarantine are weights on buckets, as for every learner."""
    old = table_of(("1", 0, 4000, 400), ("1", 1, 4000, 40))
    new = table_of(("1", 0, 900, 9), ("1", 1, 900, 90), at=60 * DAY)
    config = config_of("LinTS")
    web = {"channel": "web"}
    assert fit(config, old + new, 60.5 * DAY).distribution_one(web, EVERY)[1] > 0.6
    left_out = fit(config, old + new, 60.5 * DAY, quarantined=[(60 * DAY, 61 * DAY)])
    assert left_out.distribution_one(web, EVERY)[1] < 0.5


def test_revenue_is_in_units_of_the_mean_amount() -> None:
    """Half the conversions at four times the amount win, whatever the currency's smallest unit."""
    rows = [("1", 0, 3000, 300, 1000), ("1", 1, 3000, 150, 4000), ("1", 2, 3000, 30, 1000)]
    table = CountTable.from_rows(
        (0, cell, arm, n, s, s * fen, s * fen * fen) for cell, arm, n, s, fen in rows
    )
    for name in ("LinTS", "ThompsonSampling", "EpsilonGreedy"):
        policy = fit(config_of(name, "revenue"), table, 0.0)
        assert policy.distribution_one({"channel": "web"}, EVERY).argmax() == 1


def test_rows_of_another_revision_are_left_out() -> None:
    """Rows of an unknown cell and of a removed arm are left out without an error."""
    table = table_of(("9.9", 1, 500, 50), ("1", 7, 10, 1), ("x", 2, 50, 5), *ROWS)
    assert fit(config_of("LinTS"), table, 0.0).distribution_one({}, EVERY).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"learning_policy": "Best"}, "Use one of EpsilonGreedy"),
        ({"learning_policy": "UCB1", "epsilon": 0.1}, "not a parameter of UCB1"),
        ({"learning_policy": "EpsilonGreedy", "epsilon": 2}, "from 0 to 1"),
        ({"learning_policy": "LinTS", "scale": "yes"}, "true or false"),
        ({"learning_policy": "Softmax", "tau": 0}, "tau"),
    ],
)
def test_wrong_options_are_named_where_the_slot_is_read(
    options: dict[str, object], text: str
) -> None:
    """Invalid options raise a ConfigError when the slot is read, before any learner runs."""
    arms = [{"name": "a"}, {"name": "b"}]
    with pytest.raises(bandits.ConfigError, match=text):
        read_config({"arms": arms, "policy": {"kind": "mabwiser", "options": options}})


def test_parameters_may_stand_in_the_policy_table() -> None:
    """Parameters may stand in the policy table, without a table `options`."""
    arms = [{"name": "a"}, {"name": "b"}]
    table = {"kind": "mabwiser", "learning_policy": "LinTS", "alpha": 0.2}
    config = read_config({"arms": arms, "policy": table})
    assert config.policy.options == {"learning_policy": "LinTS", "alpha": 0.2}


def test_mabwiser_is_loaded_only_where_it_learns() -> None:
    """Reading such a slot and serving its snapshot imports neither MABWiser nor its libraries."""
    blob = bandits.dump(fit(config_of("LinTS"), table_of(*ROWS), 0.0)).hex()
    code = (
        "import sys, bandits, bandits.learners.mabwiser\n"
        "config = {'arms': [{'name': 'a'}], 'policy': {'kind': 'mabwiser'}}\n"
        "bandits.read_config(config)\n"
        f"bandits.load_policy(bytes.fromhex('{blob}')).distribution({{}})\n"
        "assert not {'mabwiser', 'pandas', 'sklearn', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6), st.integers(0, 99))
def test_ranks_keep_the_order(values: list[float], seed: int) -> None:
    """A larger answer has a larger rank, however close they are."""
    answers = np.array(values)
    found = rank_answers(answers, np.random.default_rng(seed))
    assert sorted(found.tolist()) == list(range(len(values)))
    for i, one in enumerate(values):
        for j, other in enumerate(values):
            assert not (one > other and found[i] < found[j])


def test_ties_are_split_evenly() -> None:
    """Two equal arms get half of the draws each: standard error .005 at 10,000."""
    found = rank_answers(np.tile([0.3, 0.7, 0.7], (10_000, 1)), np.random.default_rng(0))
    assert np.mean(found.argmax(axis=1) == 1) == pytest.approx(0.5, abs=0.025)
    assert not (found.argmax(axis=1) == 0).any()
