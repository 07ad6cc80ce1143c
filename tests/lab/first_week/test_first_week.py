"""The first week: a log of a known world, and what the week brings in that world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_traffic import SLOT as BANNER
from report_traffic import traffic, written

from bandits.arrays import FloatArray
from lab.first_week.first_week import FirstWeek, play_first_week
from lab.first_week.log_counter import LogCounter
from lab.first_week.support import LogSupport
from lab.first_week.week import NUDGE, RULE, play_week
from lab.first_week.week_figures import week_figures
from lab.first_week.week_log import CONVERSIONS, TRIALS, WeekLog
from lab.first_week.week_sentences import sentences
from lab.first_week.week_terms import WeekTerms
from lab.first_week.worlds import DrawnWorld, draw_worlds
from nudge.config.slot_file import parse_slot
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.credit.import_values import RowError
from nudge.domain.credit.log_import import ImportRules
from nudge.domain.slots.slot import Slot
from nudge.lake.evaluation.logs import open_log

DAY = 86_400
BEGIN = 1_795_708_800  # midnight in Shanghai
NOW = float(BEGIN + 30 * DAY)
NAMES = ("10", "30", "50")
PAGES = ("home", "recharge")
TERMS = WeekTerms(7, 300.0, 0.05, 0.0, NOW)
SHORT = WeekTerms(4, 100.0, 0.05, 0.0, NOW)
COLUMNS = ("at", "variant", "reward", "page", "propensity", "rewarded_at")


def slot(**more: object) -> Slot:
    table: dict[str, object] = {
        "slot": "amount",
        "revision": 1,
        "on": "decision",
        "reward": {"objective": "conversion", "event": "paid", "window": "3d"},
        "stickiness": {"period": "1d"},
        "policy": {"kind": "beta"},
        "fallback": {"default": "30", "home": "50"},
        "context": [{"name": "page", "kind": "category", "cells": list(PAGES)}],
        "variants": [
            {"name": name, "value": int(name), "attributes": {"amount": int(name)}}
            for name in NAMES
        ],
    }
    return parse_slot(table | more, "test")


SLOT = slot()


def counter(of: Slot = SLOT) -> LogCounter:
    return LogCounter(of, ImportRules(of.name), COLUMNS, OperatorCalendar(), NOW)


def truth_of(seed: int) -> FloatArray:
    """Probabilities (page, variant) of a world."""
    return np.random.default_rng(seed).uniform(0.05, 0.3, (len(PAGES), len(NAMES)))


def log_of(
    seed: int,
    truth: FloatArray,
    choose: Callable[[np.random.Generator, int], int],
    rows: int = 3_000,
    of: Slot = SLOT,
) -> WeekLog:
    """A log of ten days in a world; `choose` draws the variant of a page's visitor."""
    rng, found = np.random.default_rng([seed, 1]), counter(of)
    for number in range(rows):
        page = int(rng.integers(len(PAGES)))
        arm = choose(rng, page)
        paid = int(rng.random() < truth[page, arm])
        row = {
            "at": BEGIN + number * 10 * DAY // rows,
            "variant": NAMES[arm],
            "reward": paid,
            "page": PAGES[page],
        }
        assert found.count(row)
    return found.finish(0)


def by_chance(rng: np.random.Generator, _: int) -> int:
    return int(rng.integers(len(NAMES)))


def by_rule(_: np.random.Generator, page: int) -> int:
    return (2, 1)[page]


def real_world(log: WeekLog, truth: FloatArray) -> DrawnWorld:
    places = [PAGES.index(str(group.context["page"])) for group in log.groups]
    return DrawnWorld(truth[places], np.ones(len(NAMES)))


def test_a_log_becomes_counts_of_groups_that_are_alike() -> None:
    """Each page is a group with its rule, and every exposure is in one sum."""
    log = log_of(1, truth_of(1), by_chance, 300)
    rules = {str(group.context["page"]): group.own for group in log.groups}
    assert rules == {"home": 2, "recharge": 1}
    assert (log.visitors, log.days, log.per_day) == (300, 10, 30.0)
    assert log.sums[:, :, CONVERSIONS].sum() == log.conversions > 0
    assert log.shares.sum() == pytest.approx(1)


def test_the_truth_of_the_week_lies_in_the_interval() -> None:
    """The week of the real world is in the 90 % interval in at least 8 of 12 logs.

    An interval that holds it in 90 of 100 has fewer with a chance of .004.
    """
    inside = np.zeros(3)
    for seed in range(12):
        truth = truth_of(seed)
        log = log_of(seed, truth, by_chance)
        found = play_first_week(log, SHORT, 19, seed)
        assert found.figures is not None
        run = play_week(log, found.support.known, real_world(log, truth), SHORT, 100 + seed)
        worth = run.worth.sum(axis=1)
        figures = found.figures
        pairs = (
            (figures.rule, worth[RULE]),
            (figures.nudge, worth[NUDGE]),
            (figures.difference, worth[NUDGE] - worth[RULE]),
        )
        inside += [spread.low <= value <= spread.high for spread, value in pairs]
    assert (inside >= 8).all(), inside


@pytest.mark.parametrize(
    ("choose", "why"),
    [(lambda _rng, _page: 1, "one_variant"), (by_rule, "no_variation")],
)
def test_a_log_without_variation_cannot_answer(
    choose: Callable[[np.random.Generator, int], int], why: str
) -> None:
    """A variant for everybody, or one for each page, says nothing of the others; the cure does."""
    found = play_first_week(log_of(1, truth_of(1), choose), TERMS, 20, 0)
    assert (found.why, found.figures) == (why, None)
    told = [one["en"] for one in sentences(found)]
    assert told[0].startswith("Cannot answer:")
    assert told[1].startswith("Show these variants to more visitors, chosen by chance")
    assert found.support.to_show["10"] >= found.support.needed


def test_a_log_that_never_shows_the_rules_variant_cannot_answer() -> None:
    """Without the rule's own variant there is nothing to compare with."""
    log = log_of(1, truth_of(1), lambda rng, page: int(rng.integers(3 if page else 2)))
    assert play_first_week(log, TERMS, 20, 0).why == "rule_unseen"


def test_an_extrapolated_variant_is_named_and_never_the_best() -> None:
    """A variant that was never shown is named, and in no world worth more than the known ones."""
    log = log_of(2, truth_of(2), lambda rng, _: int(rng.integers(1, 3)))
    support = LogSupport(log)
    assert support.why is None
    assert dict(support.extrapolated) == {"10": pytest.approx(1)}
    assert set(support.to_show) == {"10"}
    for world in draw_worlds(log, support.known, 20, 0):
        assert (world.rates[:, 0] <= world.rates[:, 1:].max(axis=1) + 1e-12).all()


def test_worlds_have_the_posteriors_own_width() -> None:
    """The mean rate of the log varies between worlds as a binomial share does.

    Of 200 worlds, a standard deviation is within 20 % of its value: four standard errors.
    """
    log = log_of(3, np.full((2, 3), 0.2), by_chance)
    rates = [w.rates for w in draw_worlds(log, LogSupport(log).known, 200, 0)]
    shown = log.sums[:, :, TRIALS] / log.visitors
    means = np.array([(shown * one).sum() for one in rates])
    assert means.std() == pytest.approx(np.sqrt(0.2 * 0.8 / log.visitors), rel=0.2)
    assert means.mean() == pytest.approx(log.conversions / log.visitors, rel=0.02)


def test_the_same_seed_gives_the_same_week() -> None:
    """Log, terms and seed determine the answer."""
    log = log_of(4, truth_of(4), by_chance)
    first, again = (play_first_week(log, SHORT, 3, 5).figures for _ in range(2))
    assert first == again


def test_a_shortfall_and_the_day_from_which_it_pays_are_those_of_the_curves() -> None:
    """A week that is behind by 20 on its first day and ahead by 20 on each other one."""
    terms = WeekTerms(3, 100.0, 0.0, 0.0, NOW)
    points = np.array(terms.points)
    lost = np.where(points[:-1] < 100, -0.2, 0.2) * np.diff(points)
    worth = np.stack([np.zeros(len(lost)), lost, lost])
    run = replace(
        play_week(log_of(1, truth_of(1), by_chance, 300), np.ones((2, 3), bool),
                  DrawnWorld(np.zeros((2, 3)), np.ones(3)), terms, 0),
        worth=worth,
    )  # fmt: skip
    found = week_figures([run] * 20, terms, NAMES)
    assert found.worst_day.day == 1
    assert found.worst_day.difference.mean == pytest.approx(-20)
    assert found.shortfall.at_most == pytest.approx(20)
    assert found.shortfall.deepest.visitors == 100
    assert found.pays_from == found.surely_from
    assert found.pays_from is not None
    assert found.pays_from.visitors == next(p for p in points if p >= 200)
    assert found.difference.mean == pytest.approx(20)


def test_conversions_count_when_they_come() -> None:
    """With payments that come after days, a week learns less than with payments at once."""
    truth = np.array([[0.3, 0.1, 0.05], [0.3, 0.1, 0.05]])
    quick, slow = counter(), counter()
    rng = np.random.default_rng(0)
    for number in range(3_000):
        arm, page = int(rng.integers(3)), PAGES[number % 2]
        paid = int(rng.random() < truth[number % 2, arm])
        row = {"at": BEGIN, "variant": NAMES[arm], "reward": paid, "page": page}
        quick.count(row)
        slow.count(row | ({"rewarded_at": BEGIN + 2 * DAY} if paid else {}))
    worth = {}
    for name, log in (("quick", quick.finish(0)), ("slow", slow.finish(0))):
        known, world = LogSupport(log).known, real_world(log, truth)
        runs = [play_week(log, known, world, TERMS, seed) for seed in range(3)]
        worth[name] = np.mean([run.worth[NUDGE].sum() for run in runs])
    assert slow.finish(0).delay is not None
    assert worth["slow"] < worth["quick"]


def test_propensities_that_contradict_the_cells_are_told() -> None:
    """The log chose by something that pays and that no cell holds: weights show it, cells do not.

    Without such a choice nothing is told.
    """
    for confounded in (True, False):
        rng, found = np.random.default_rng(7), counter()
        for _ in range(8_000):
            rich = bool(rng.integers(2))
            p = 0.8 if rich == confounded else 0.2
            p = p if confounded else 0.5
            arm = 2 if rng.random() < p else 1
            paid = int(rng.random() < (0.4 if rich else 0.05))
            found.count({
                "at": BEGIN, "variant": NAMES[arm], "reward": paid, "page": "home",
                "propensity": p if arm == 2 else 1 - p,
            })  # fmt: skip
        support = LogSupport(found.finish(0))
        assert set(support.disagreeing) == ({"30", "50"} if confounded else set())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"variant": "20"}, "unknown variant"),
        ({"at": None}, "at is missing"),
        ({"reward": "much"}, "reward"),
        ({"propensity": 0}, "propensity is not a probability"),
    ],
)
def test_a_row_that_cannot_be_read_says_its_column_and_the_cure(
    change: Mapping[str, object], words: str
) -> None:
    """Nothing is counted of it."""
    found = counter()
    row = {"at": BEGIN, "variant": "10", "reward": 1, "page": "home"}
    with pytest.raises(RowError, match=words):
        found.count(row | change)
    assert found.finish(1).visitors == 0


def test_rows_that_nobody_drew_are_left_out() -> None:
    """Forced variants, outages and open windows say nothing of what a variant brings."""
    found = counter()
    row = {"at": BEGIN, "variant": "10", "reward": 1, "page": "home"}
    for more in ({"reason": "forced"}, {"quarantined": True}, {"matured": False}, {"reward": None}):
        assert not found.count(row | more)
    log = found.finish(0)
    assert log.visitors == 0
    assert dict(log.left_out) == {
        "reason": 1, "quarantined": 1, "not_matured": 1, "not_exposed": 1
    }  # fmt: skip


def test_every_answer_speaks_both_languages() -> None:
    """Each sentence is there in Chinese and English, with all its values."""
    found: FirstWeek = play_first_week(log_of(5, truth_of(5), by_chance), SHORT, 3, 0)
    for one in sentences(found):
        assert set(one) == {"zh", "en"}
        assert not any("{" in text or "}" in text for text in one.values())


def test_revenue_is_told_in_yuan() -> None:
    """The rule's week is worth what the log's visitors of the rule have paid: here 4 yuan each."""
    of = slot(reward={"objective": "revenue", "event": "paid", "window": "3d"})
    rng, found = np.random.default_rng(0), counter(of)
    for number in range(3_000):
        arm, page = int(rng.integers(3)), PAGES[number % 2]
        yuan = 20 if rng.random() < 0.2 else 0
        found.count({"at": BEGIN, "variant": NAMES[arm], "reward": yuan, "page": page})
    answer = play_first_week(found.finish(0), SHORT, 10, 0)
    assert answer.unit == "yuan"
    assert answer.figures is not None
    assert answer.figures.rule.mean == pytest.approx(4 * SHORT.visitors, rel=0.15)


def test_the_lake_is_a_log(tmp_path: Path) -> None:
    """Its rows count by their reasons; windows that are open are left out, delays are known."""
    lake = written(tmp_path / "lake", traffic(3, 3_000))
    log = open_log(lake.root, "banner")
    found = LogCounter(BANNER, ImportRules("banner"), log.columns, OperatorCalendar(), NOW)
    for block in log.blocks(found.names):
        for row in block.row_batch().rows:
            found.count(row)
    counted = found.finish(0)
    assert set(counted.left_out) == {"reason", "not_matured"}
    assert counted.visitors + sum(counted.left_out.values()) == log.rows
    assert counted.known == counted.visitors > 1_000
    assert counted.delay is not None
    assert LogSupport(counted).why is None
