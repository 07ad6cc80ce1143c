"""The operator's own rule: which arm it shows to whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bandits.baseline.choice import make_baseline, make_belief
from bandits.baseline.rankings import Baseline, arms_of_cells
from bandits.config import read_config

AMOUNTS = (10, 30, 50, 100)
FALLBACK = {"default": "50", "home": "100"}


def config(**changes: Any) -> Any:
    """A slot of four amounts on two pages."""
    table: dict[str, Any] = {
        "arms": [{"name": str(one), "attributes": {"amount": one}} for one in AMOUNTS],
        "context": [
            {"name": "last_amount", "kind": "number", "cells": list(AMOUNTS)},
            {"name": "page", "kind": "category", "cells": ["home", "recharge"]},
        ],
    }
    return read_config(table | changes)


def own(found: Any, context: dict[str, object], without: tuple[str, ...] = ()) -> str | None:
    """Name of the arm that the baseline of a slot shows."""
    baseline = make_baseline(found)
    assert baseline is not None
    eligible = np.array([name not in without for name in found.names])
    arm = baseline.arm_one(context, eligible)
    return None if arm < 0 else str(found.names[arm])


def test_the_first_that_is_set_is_the_baseline() -> None:
    """A rule stands before a prior, and a prior before the fallback of the page."""
    rule = {"by": "page", "arms": {"home": "30"}}
    prior = {"prior": "last_amount"}
    every = config(rule=rule, policy=prior, fallback=FALLBACK)
    assert own(every, {"page": "home", "last_amount": 10}) == "30"
    assert own(every, {"page": "recharge", "last_amount": 10}) == "50"
    without = config(policy=prior, fallback=FALLBACK)
    assert own(without, {"page": "home", "last_amount": 10}) == "10"
    assert own(without, {"page": "home"}) == "100"
    assert own(config(fallback=FALLBACK), {"page": "home", "last_amount": 10}) == "100"
    assert make_baseline(config()) is None


def test_an_arm_that_may_not_be_shown_gives_way_to_the_next() -> None:
    """The nearest amount comes next; a rule that names one arm gives way to the fallback."""
    near = config(policy={"prior": "last_amount"}, fallback=FALLBACK)
    assert own(near, {"last_amount": 50}, without=("50",)) == "30"
    assert own(near, {"last_amount": 50}, without=("50", "30")) == "100"
    rule = config(rule={"by": "page", "arms": {}, "rest": "10"}, fallback=FALLBACK)
    assert own(rule, {"page": "recharge"}, without=("10",)) == "50"
    assert own(rule, {"page": "recharge"}, without=("10", "50")) is None


def test_odds_rank_the_arms_and_the_fallback_comes_first_among_equals() -> None:
    """Odds in numbers are a baseline: the likeliest arm, and of two the one shown today."""
    found = config(
        policy={"prior": {"50": 3, "100": 3, "30": 2, "10": 1}}, fallback={"default": "100"}
    )
    assert own(found, {}) == "100"
    assert own(found, {}, without=("100",)) == "50"
    assert own(found, {}, without=("100", "50")) == "30"


def test_a_fallback_alone_is_no_belief() -> None:
    """Nobody said that the fallback is good, so it is worth no visitors."""
    assert make_belief(config(fallback=FALLBACK)) is None
    assert make_belief(config(policy={"prior": "last_amount"}, fallback=FALLBACK)) is not None


PAGES = st.sampled_from(["home", "recharge", "other", None])
LAST = st.one_of(st.none(), st.floats(1, 600), st.just("x"))


@given(
    st.lists(st.tuples(PAGES, LAST), min_size=1, max_size=8),
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=8, max_size=8),
)
def test_one_and_many_and_a_snapshot_agree(rows: list[Any], masks: list[list[bool]]) -> None:
    """The arms of a batch are those of each visitor, also from a header."""
    found = config(policy={"prior": "last_amount"}, fallback=FALLBACK)
    baseline = make_baseline(found)
    assert baseline is not None
    again = Baseline.from_header(baseline.header())
    eligible = np.array(masks[: len(rows)])
    columns = {
        "page": np.array([page for page, _ in rows], dtype=object),
        "last_amount": np.array([last for _, last in rows], dtype=object),
    }
    many = baseline.arms(columns, eligible).tolist()
    contexts = [{"page": page, "last_amount": last} for page, last in rows]
    pairs = list(zip(contexts, eligible, strict=True))
    assert many == [baseline.arm_one(*pair) for pair in pairs]
    assert many == [again.arm_one(*pair) for pair in pairs]


def test_a_cell_has_the_arm_of_its_visitors() -> None:
    """Cells are judged by a value of their levels."""
    found = config(policy={"prior": "last_amount"}, fallback=FALLBACK)
    baseline = make_baseline(found)
    assert baseline is not None
    levels = np.array([[0, 1], [0, 2], [2, 0], [5, 1]])
    arms = arms_of_cells(baseline, found.context, levels, 4).tolist()
    assert [AMOUNTS[arm] for arm in arms] == [100, 50, 10, 100]
