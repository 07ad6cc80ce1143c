"""Targets, refusals, and what is printed."""

import json
from dataclasses import replace

import numpy as np
import pytest
from evaluation_samples import campaign, parts

from bandits.evaluation import (
    Always,
    Column,
    Log,
    TargetError,
    Uniform,
    evaluate,
    read_target,
)

VARIANTS = ("a", "b", "c")


def test_the_answer_has_the_documented_form() -> None:
    """The keys of the documented JSON, numbers that JSON knows, nothing else."""
    found = evaluate(campaign(2000), Always(1)).as_dict()
    assert list(found) == ["n", "ess", "max_weight", "answerable", "why", "on_policy", "estimators"]
    assert list(found["estimators"]) == ["ips", "snips", "dm", "dr"]
    assert json.loads(json.dumps(found)) == found
    for triple in found["estimators"].values():
        assert triple["low"] <= triple["value"] <= triple["high"]
    assert (found["answerable"], found["why"], found["n"]) == (True, None, 2000)


def test_a_log_worth_two_rows_is_refused() -> None:
    """10,000 rows of which two carry all the weight: no number, and the reason."""
    propensity = np.full(10_000, 1.0)
    variant = np.zeros(10_000, dtype=np.int64)
    variant[:2], propensity[:2] = 1, 2e-4
    found = evaluate(Log(variant, propensity, np.ones(10_000), 2), Always(1))
    assert found.diagnostics.ess == pytest.approx(2.0)
    assert not found.answerable
    assert "worth 2.0 rows" in str(found.why)
    assert found.as_dict()["estimators"]["ips"] == {"value": None, "low": None, "high": None}
    assert found.on_policy == 1.0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"propensity": np.full(2000, 0.0), "pmf": None}, "propensity outside"),
        ({"propensity": np.full(2000, 1.5), "pmf": None}, "propensity outside"),
        ({"propensity": np.full(2000, np.nan), "pmf": None}, "propensity outside"),
        ({"propensity": np.full(2000, 0.3)}, "unlike the logged distribution"),
        ({"propensity": np.full(2000, 0.9), "pmf": None}, "mean weight"),
        ({"reward": np.full(2000, np.nan)}, "no reward"),
        ({"subject": np.zeros(2000, dtype=np.int64)}, "1 subjects"),
    ],
)
def test_a_log_that_contradicts_itself_is_refused(change: dict[str, object], why: str) -> None:
    """Wrong propensities, missing rewards, a single subject: the reason names it."""
    found = evaluate(replace(campaign(2000), **change), Always(1))
    assert why in str(found.why)
    assert not any(found.estimates.values())


def test_what_could_not_have_been_drawn_is_refused() -> None:
    """A target on variants of logged probability 0 gets no number, even if it gets weight."""
    rng = np.random.default_rng(0)
    pmf = np.tile([0.5, 0.5, 0.0], (4000, 1))
    log = Log(rng.integers(0, 2, 4000), np.full(4000, 0.5), rng.random(4000), 3, pmf=pmf)
    found = evaluate(log, Uniform())
    assert found.diagnostics.unsupported == pytest.approx(1 / 3)
    assert "could not have been made" in str(found.why)
    assert evaluate(log, Always(0)).answerable


def test_an_empty_log_is_refused() -> None:
    """No rows, or none that fits: a reason and no division by 0."""
    empty = Log(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), 2)
    for log in (empty, []):
        found = evaluate(log, Uniform())
        assert (found.why, found.on_policy) == ("no row of the log fits the question", None)
        json.dumps(found.as_dict())


def test_rows_where_the_variant_is_not_eligible_are_left_out_and_counted() -> None:
    """`always:c` is asked on the rows where c may be shown; the mean beside it too."""
    log = campaign(3000)
    eligible = np.ones((3000, 3), dtype=bool)
    eligible[:, 2] = (log.variant == 2) | (np.arange(3000) % 2 == 0)
    found = evaluate(replace(log, eligible=eligible, pmf=None), Always(2))
    assert found.diagnostics.left_out == np.count_nonzero(~eligible[:, 2])
    assert found.diagnostics.n + found.diagnostics.left_out == 3000
    assert found.on_policy == pytest.approx(log.reward[eligible[:, 2]].mean())


def test_uniform_is_over_the_rows_own_list() -> None:
    """Two eligible variants get a half each, one all of it."""
    eligible = np.array([[True, True, False], [False, False, True]])
    log = Log(np.array([0, 2]), np.array([0.5, 1.0]), np.zeros(2), 3, eligible=eligible)
    assert Uniform()(log).logged.tolist() == [0.5, 1.0]


def test_a_column_of_probabilities_is_a_target() -> None:
    """One for the logged variant gives IPS and SNIPS; one for every variant gives all."""
    log = campaign(3000)
    every = np.tile([0.2, 0.3, 0.5], (3000, 1))
    logged = every[np.arange(3000), log.variant]
    some = evaluate(replace(log, targets={"p": logged}), Column("p"))
    full = evaluate(replace(log, targets={"p": every}), Column("p"))
    assert some.estimates["snips"] == full.estimates["snips"]
    assert (some.estimates["dm"], some.estimates["dr"]) == (None, None)
    assert full.estimates["dr"] is not None
    assert some.as_dict()["estimators"]["dr"]["value"] is None
    with pytest.raises(TargetError, match="no column 'q'"):
        evaluate(log, Column("q"))
    bad = replace(log, targets={"p": every * 2})
    assert "no distribution" in str(evaluate(bad, Column("p")).why)


def test_targets_are_read_from_text() -> None:
    """The three forms; what is unknown says what would be right."""
    assert read_target("uniform", VARIANTS) == Uniform()
    assert read_target("always:b", VARIANTS) == Always(1)
    assert read_target("column:p", VARIANTS) == Column("p")
    for text, cure in (("always:d", "a, b, c"), ("best", "uniform, always"), ("column:", "column")):
        with pytest.raises(TargetError, match=cure):
            read_target(text, VARIANTS)


def test_a_log_that_can_be_read_once_only_is_refused() -> None:
    """The reward model needs a pass of its own."""
    with pytest.raises(TypeError, match="read twice"):
        evaluate(iter(parts(campaign(100), [50])), Uniform())


def test_columns_that_do_not_fit_are_refused() -> None:
    """Lengths, shapes and indices are checked where the log is made."""
    with pytest.raises(ValueError, match="different lengths"):
        Log(np.zeros(2, dtype=np.int64), np.ones(3), np.ones(2), 2)
    with pytest.raises(ValueError, match="must lie in"):
        Log(np.array([0, 5]), np.ones(2), np.ones(2), 2)
    with pytest.raises(ValueError, match="finite"):
        Log(np.array([0]), np.ones(1), np.ones(1), 2, features=np.array([[np.nan]]))
