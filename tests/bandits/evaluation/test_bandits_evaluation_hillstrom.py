"""A real randomised campaign: the truth is in the file."""

import csv
from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import one_hot

from bandits.evaluation import Column, Log, evaluate, read_target

FILE = Path(__file__).parents[2] / "data" / "hillstrom_sample.csv"
VARIANTS = ("Mens E-Mail", "Womens E-Mail", "No E-Mail")
OUTCOMES = ("visit", "conversion", "spend")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    if not FILE.exists():
        pytest.skip("the sample is not there")
    with FILE.open(newline="") as file:
        return list(csv.DictReader(file))


def log_of(rows: list[dict[str, str]], outcome: str) -> Log:
    """The campaign with its known propensity of a third."""
    names = ("history_segment", "mens", "womens", "zip_code", "newbie", "channel")
    columns = [np.unique([row[name] for row in rows], return_inverse=True)[1] for name in names]
    levels = np.stack(columns, axis=1).astype(np.int64)
    variant = np.array([VARIANTS.index(row["segment"]) for row in rows])
    reward = np.array([float(row[outcome]) for row in rows])
    features = one_hot(levels, (levels.max(axis=0) + 1).tolist())
    return Log(variant, np.full(len(rows), 1 / 3), reward, 3, features=features)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("arm", range(3))
def test_a_fixed_policy_gets_the_average_of_those_it_was_given_to(
    rows: list[dict[str, str]], outcome: str, arm: int
) -> None:
    """Each variant's average lies in the interval of every estimator, and SNIPS is that average."""
    log = log_of(rows, outcome)
    truth = log.reward[log.variant == arm].mean()
    found = evaluate(log, read_target(f"always:{VARIANTS[arm]}", VARIANTS))
    assert found.answerable
    for estimate in found.estimates.values():
        assert estimate.contains(truth)
    assert found.estimates["snips"].value == pytest.approx(truth, abs=1e-12)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_uniform_policy_is_what_was_done(rows: list[dict[str, str]], outcome: str) -> None:
    """IPS and SNIPS of uniform equal the file's average to 1e-12."""
    log = log_of(rows, outcome)
    found = evaluate(log, read_target("uniform", VARIANTS))
    for name in ("ips", "snips"):
        assert found.estimates[name].value == pytest.approx(log.reward.mean(), abs=1e-12)
    assert found.on_policy == pytest.approx(log.reward.mean(), abs=1e-12)


def test_a_rule_by_customer_gets_what_its_parts_got(rows: list[dict[str, str]]) -> None:
    """Mens mail to those who bought men's goods, womens to the others: the parts' averages."""
    log = log_of(rows, "visit")
    mens = np.array([row["mens"] == "1" for row in rows])
    choice = np.where(mens, 0, 1)
    every = np.eye(3)[choice]
    parts = [log.reward[(log.variant == a) & (choice == a)].mean() for a in (0, 1)]
    truth = np.average(parts, weights=[mens.mean(), 1 - mens.mean()])
    asked = Log(
        log.variant, log.propensity, log.reward, 3, features=log.features, targets={"p": every}
    )
    for estimate in evaluate(asked, Column("p")).estimates.values():
        assert estimate.contains(truth)
