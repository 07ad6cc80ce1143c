"""Default learner: what it learns from which counts, and that it always publishes."""

import numpy as np
import pytest
from bandit_samples import CONFIG, contexts_of, masks_of

import bandits
from bandits.config import read_config
from bandits.counts import CountTable
from bandits.delay import DelayCounts
from bandits.learners import fit
from bandits.learners.auto import FitMemory
from bandits.learners.auto import fit as fit_auto
from bandits.learners.auto.learner import maturity

DAY = 86400
AMOUNTS = (10, 30, 50, 100, 300)
EVERY = np.ones(3, dtype=bool)


def config_of(count: int = 3, **policy: object) -> bandits.LearnerConfig:
    context = [{"name": "channel", "cells": ["web", "app"]}]
    arms = [{"name": f"a{i}"} for i in range(count)]
    return read_config({"arms": arms, "context": context, "policy": policy})


def amounts_of(**policy: object) -> bandits.LearnerConfig:
    cells = [str(amount) for amount in AMOUNTS]
    context = [{"name": "last_amount", "cells": cells}, {"name": "stage", "cells": ["x", "y"]}]
    arms = [{"name": str(a), "attributes": {"amount": a}} for a in AMOUNTS]
    return read_config({"arms": arms, "context": context, "policy": policy})


def table_of(*rows: tuple[str, int, int, int], at: int = 0) -> CountTable:
    return CountTable.from_rows((at, cell, arm, n, s, s, s) for cell, arm, n, s in rows)


def share(policy: bandits.Policy, arm: int, **context: object) -> float:
    return float(policy.distribution_one(context, np.ones(len(policy.arms), dtype=bool))[arm])


def test_a_slot_that_names_no_kind_gets_it() -> None:
    """The default kind publishes an ensemble over features, as does its former name."""
    table = table_of(("1", 0, 400, 40), ("2", 1, 400, 60))
    for kind in ({}, {"kind": "logistic"}):
        policy = fit(config_of(**kind), table, 0.0)
        assert policy.kind == "ensemble.features"  # type: ignore[attr-defined]
        again = bandits.load_policy(bandits.dump(policy))
        assert bandits.dump(again) == bandits.dump(policy)


def test_the_same_counts_give_the_same_bytes() -> None:
    """A snapshot follows from seed, configuration and table, in whatever order rows came."""
    rows = [("1", 0, 40, 4), ("1", 1, 30, 6), ("2", 2, 50, 4)]
    tables = table_of(*rows), table_of(*rows[::-1])
    blobs = [bandits.dump(fit(config_of(), table, 0.0, seed=1)) for table in tables]
    assert blobs[0] == blobs[1]
    assert blobs[0] != bandits.dump(fit(config_of(), tables[0], 0.0, seed=2))


def test_before_any_data_all_arms_are_alike() -> None:
    """Without counts and without a rule every arm gets 1 / K, within the error of 128 draws."""
    policy = fit(config_of(), CountTable(), 0.0)
    assert policy.distribution_one({}, EVERY) == pytest.approx([1 / 3] * 3, abs=0.15)


def test_arms_share_what_their_distance_to_the_last_amount_says() -> None:
    """The effect learned from visitors of four amounts holds for a fifth that was never seen.

    In each cell the matching arm converts at 10 %, all others at 2 %; nobody with a last amount
    of 50 has come yet. An unshared table would have to try all five arms there.
    """
    rows = [
        (f"{level + 1}.1", arm, 2000, 200 if arm == level else 40)
        for level in (0, 1, 3, 4)
        for arm in range(5)
    ]
    policy = fit(amounts_of(), table_of(*rows), 0.0)
    assert share(policy, 2, last_amount=50, stage="x") > 0.8


def test_a_rule_leads_until_the_data_say_otherwise() -> None:
    """`prior = "last_amount"` makes the match likely at once; enough visitors overrule it."""
    at_once = fit(amounts_of(prior="last_amount"), CountTable(), 0.0)
    without = fit(amounts_of(), CountTable(), 0.0)
    assert share(at_once, 3, last_amount=100) > share(without, 3, last_amount=100)
    rows = [
        (f"{level + 1}.1", arm, 3000, 300 if arm == min(level + 1, 4) else 60)
        for level in range(5)
        for arm in range(5)
    ]
    taught = fit(amounts_of(prior="last_amount"), table_of(*rows), 0.0)
    assert share(taught, 4, last_amount=100, stage="x") > 0.8


def test_a_new_arm_gets_traffic_at_once() -> None:
    """An arm without counts gets more than .1: its prior is the pool with the arms' spread."""
    table = table_of(*((cell, arm, 2000, 100 + 8 * arm) for cell in "12" for arm in range(3)))
    policy = fit(config_of(4), table, 0.0)
    assert share(policy, 3, channel="web") > 0.1


def test_an_arm_that_is_gone_is_left_out_and_comes_back_with_its_history() -> None:
    """Rows of a removed arm are left out without an error, and count again when it returns."""
    table = table_of(("1", 0, 3000, 60), ("1", 1, 3000, 60), ("1", 3, 3000, 300))
    assert fit(config_of(3), table, 0.0).arms == ("a0", "a1", "a2")
    assert share(fit(config_of(4), table, 0.0), 3, channel="web") > 0.6


def test_cells_of_another_revision_teach_what_arms_are_worth() -> None:
    """Cells of another revision count as "not known" in every attribute, and never raise."""
    table = table_of(("9.9", 1, 5000, 500), ("x", 0, 5000, 50), ("-", 2, 5000, 50))
    assert share(fit(config_of(), table, 0.0), 1, channel="web") > 0.9


def test_outages_do_not_count() -> None:
    """A bucket in a quarantined interval has weight 0, and its weight again once released."""
    table = table_of(("1", 0, 3000, 300), ("1", 1, 3000, 150))
    table = table + table_of(("1", 0, 6000, 0), ("1", 1, 30, 0), at=2 * DAY)
    out = [(2.0 * DAY, 2.1 * DAY)]
    assert share(fit(config_of(2), table, 3.0 * DAY, quarantined=out), 0, channel="web") > 0.9
    assert share(fit(config_of(2), table, 3.0 * DAY), 0, channel="web") < 0.5


def test_exposures_are_evidence_when_nine_conversions_of_ten_have_come() -> None:
    """Maturity is the shorter of the delay's .9 quantile and the window; 0 without both."""
    law = DelayCounts.empty(4.0 * DAY).add(np.full(200, 0.5 * DAY), np.full(200, 4.0 * DAY))
    assert maturity(None, law.distribution()) == pytest.approx(0.5 * DAY, rel=0.15)
    assert maturity(0.1 * DAY, law.distribution()) == 0.1 * DAY
    assert maturity(2.0 * DAY, None) == 2.0 * DAY
    assert maturity(None, None) == 0.0


def test_conversions_that_are_still_to_come_make_nobody_forget() -> None:
    """The half-life stays long where the window says that conversions are still to come.

    Rates stay the same for three weeks, and the last two days have no conversion yet. Without the
    window the counts look as if conversions had stopped.
    """
    days = [
        table_of(
            ("1", 0, 400, 0 if day >= 19 else 40),
            ("1", 1, 400, 0 if day >= 19 else 20),
            at=DAY * day + 600 * part,
        )
        for day in range(21)
        for part in range(4)
    ]
    table = sum(days, CountTable())
    told = read_config(
        {
            "arms": [{"name": "a"}, {"name": "b"}],
            "context": [{"name": "channel", "cells": ["web"]}],
            "reward": {"window": "2d"},
        }
    )
    for config, long in ((told, True), (config_of(2), False)):
        memory = FitMemory()
        for _ in range(4):
            policy = fit_auto(config, table, 21.0 * DAY, memory=memory)
        weights = {float(k): w for k, w in policy.meta["half_lives"].items()}  # type: ignore[attr-defined]
        assert (sum(w for h, w in weights.items() if h >= 7 * DAY) > 0.7) == long


def test_revenue_prefers_what_earns_more() -> None:
    """An arm with half the conversions at four times the amount wins under revenue alone."""
    rows = [
        (0, "1", 0, 3000, 300, 300 * 1000, 300 * 1000**2),
        (0, "1", 1, 3000, 150, 150 * 4000, 150 * 4000**2),
    ]
    arms, context = [{"name": "a"}, {"name": "b"}], [{"name": "channel", "cells": ["web"]}]
    for reward, best in (("conversion", 0), ("revenue", 1)):
        config = read_config({"arms": arms, "context": context, "reward": {"kind": reward}})
        policy = fit(config, CountTable.from_rows(rows), 0.0)
        policy = bandits.load_policy(bandits.dump(policy))
        assert share(policy, best, channel="web") > 0.9


def test_twenty_arms_and_a_rate_of_one_in_a_thousand_are_no_error() -> None:
    """Sparse counts over many arms give finite draws and a floor on every arm."""
    rng = np.random.default_rng(0)
    rows = [(str(rng.integers(0, 3)), arm, 500, int(rng.random() < 0.4)) for arm in range(20)]
    pmf = fit(config_of(20), table_of(*rows), 0.0).distribution_one({}, np.ones(20, dtype=bool))
    assert pmf.min() >= 0.01
    assert pmf.sum() == pytest.approx(1.0)


def test_a_memory_changes_the_way_and_not_the_end() -> None:
    """Fits from a memory reach the propensities of a fit without one.

    Both publish 2,000 draws, so shares differ by at most 5 standard errors of two such counts,
    plus what the scales have not settled yet.
    """
    config = config_of(draws=2000, half_life="never")
    table, memory = table_of(("1", 0, 900, 90), ("1", 1, 900, 70), ("2", 2, 900, 80)), FitMemory()
    for _ in range(6):
        warm = fit_auto(config, table, 0.0, memory=memory)
    cold = fit_auto(config, table, 0.0)
    for channel in ("web", "app", "tv"):
        a, b = (p.distribution_one({"channel": channel}, EVERY) for p in (warm, cold))
        assert np.abs(a - b).max() < 5 * np.sqrt(0.5 / 2000) + 0.05


def test_every_mask_keeps_the_floor_and_one_visitor_gets_what_the_batch_gives() -> None:
    """Propensities keep the floor under 2,000 random masks, and one visitor's equal the batch's."""
    learner = bandits.make_learner({**CONFIG, "policy": {"kind": "auto"}}, seed=3)
    n, rng = 3000, np.random.default_rng(1)
    arms = rng.integers(0, 4, n)
    learner.expose(np.arange(n), contexts_of(n, 1), arms, np.linspace(0, DAY, n))
    hits = np.flatnonzero(rng.random(n) < np.array([0.02, 0.05, 0.1, 0.04])[arms])
    learner.reward(hits, np.ones(len(hits)), DAY)
    policy = bandits.load_policy(learner.snapshot(DAY))
    contexts, masks = contexts_of(2000, 2), masks_of(2000, 4)
    masks[:50], masks[50] = True, False
    batch = policy.distribution(contexts, masks)
    assert (batch[masks] >= policy.floor).all()  # type: ignore[attr-defined]
    assert (batch[~masks] == 0.0).all()
    for i in range(300):
        context = {name: column[i].item() for name, column in contexts.items()}
        assert (policy.distribution_one(context, masks[i]) == batch[i]).all()
