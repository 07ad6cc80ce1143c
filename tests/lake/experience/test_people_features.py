"""People of the lake: what is known comes from before the moment, leaving from after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from funnel_traffic import DAY, Timed, written
from leaving_people import END, MOMENT, event, life, subject

from nudge.domain.care.factors.factor_query import FactorQuestion
from nudge.flows.care.factor_lake import lake_factors
from nudge.lake.engine.query import connect
from nudge.lake.experience.people_features import KIND, LEFT, SEGMENT, people_features
from nudge.lake.files.reader import Lake

PEOPLE = 900
QUESTION = FactorQuestion(MOMENT, END)


def rows_of(tmp_path: Path, events: Iterable[Timed], question: FactorQuestion = QUESTION) -> Any:
    """The people of a small lake, in order of their subjects."""
    lake = written(tmp_path / "lake", events, partitions=1)
    return people_features(connect(lake), question, {}).rows


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Nine hundred people, who leave where they score the network low."""
    rng = np.random.default_rng(11)
    events = [one for person in range(PEOPLE) for one in life(person, rng)]
    return written(tmp_path_factory.mktemp("leaving") / "lake", events)


def test_features_equal_a_recount_by_hand(tmp_path: Path) -> None:
    """Scores by scene, counts and payments of one person, up to the moment and no later."""
    events = [
        event(1, MOMENT - 50 * DAY, "paid", amount=60.0),
        event(1, MOMENT - 20 * DAY, "paid", amount=30.0),
        event(1, MOMENT - 5 * DAY, "feedback", "page", scene="bill", score=4),
        event(1, MOMENT - 4 * DAY, "feedback", "page", scene="bill", score=8),
        event(1, MOMENT - 4 * DAY, "payment_failed", "page"),
        event(1, MOMENT - 3 * DAY, "complaint"),
        event(1, MOMENT - 2 * DAY, "sms_sent"),
        event(1, MOMENT + 1 * DAY, "paid", amount=50.0),
        event(1, MOMENT + 2 * DAY, "complaint"),
        event(1, MOMENT + 3 * DAY, "feedback", "page", scene="bill", score=0),
        event(1, MOMENT - 70 * DAY, "complaint"),
    ]
    (row,) = rows_of(tmp_path, events)
    assert (row[LEFT], row[KIND]) == (False, None)
    told = {name: row[name] for name in ("score_bill", "failed_payments", "complaints", "contacts")}
    assert told == {"score_bill": 6.0, "failed_payments": 1, "complaints": 1, "contacts": 1}
    payments = ("recharges", "usual_recharge", "recharge_change", "days_since_recharge")
    assert [row[name] for name in payments] == [2, 45.0, -0.5, 20]


def test_nothing_after_the_moment_is_known_before_it(tmp_path: Path) -> None:
    """No leak: who is first heard of afterwards is nobody, and who left before is gone."""
    events = [
        event(1, MOMENT + 1 * DAY, "complaint", leaving="need_gone"),
        event(2, MOMENT - 1 * DAY, "complaint", leaving="need_gone"),
        event(3, MOMENT - 1 * DAY, "complaint"),
        event(3, MOMENT, "complaint", leaving="need_gone"),
        event(4, MOMENT - 1 * DAY, "complaint"),
        event(4, END, "complaint", leaving="need_gone"),
    ]
    rows = rows_of(tmp_path, events)
    assert [(row[LEFT], row[KIND]) for row in rows] == [(True, "told:need_gone"), (False, None)]


def test_leaving_is_told_or_seen_in_payments_of_as_long_a_time(tmp_path: Path) -> None:
    """A word outranks payments; payments that stop or fall to half are seen; one tells nothing."""
    paid = {1: (50, 50, 50, 50), 2: (50, 50, 0, 0), 3: (50, 50, 0, 20), 4: (0, 50, 0, 0)}
    events = [
        event(person, MOMENT + (n * 28 - 50) * DAY, "paid", amount=float(amount))
        for person, amounts in paid.items()
        for n, amount in enumerate(amounts)
        if amount
    ]
    told = event(2, MOMENT + DAY, "winback_outcome", leaving="number_changed")
    kinds = [row[KIND] for row in rows_of(tmp_path / "seen", events)]
    assert kinds == [None, "seen:no_recharge", "seen:spending_falls", None]
    kinds = [row[KIND] for row in rows_of(tmp_path / "told", [*events, told])]
    assert kinds == [None, "told:number_changed", "seen:spending_falls", None]
    week = FactorQuestion(MOMENT, MOMENT + 7 * DAY)
    assert {row[KIND] for row in rows_of(tmp_path / "week", events, week)} == {None}


def test_a_planted_cause_is_named_from_the_lake(lake: Lake) -> None:
    """The network's score lowers leaving; nothing else is named; kinds are told apart."""
    found: Any = lake_factors(lake, FactorQuestion(MOMENT, END, segment="stage"), {})
    named = {
        (cut["cut"], one["factor"])
        for cut in found["cuts"]
        for one in cut["effects"]
        if one["verdict"] in {"raises", "lowers"}
    }
    assert ("all", "score_network") in named
    assert {factor for _, factor in named} == {"score_network"}
    groups = {cut["group"] for cut in found["cuts"]}
    assert groups == {"", "new", "stable", "warning", "told:other_operator", "seen:no_recharge"}
    assert found["people"] == found["people_known"] == PEOPLE
    kind = next(cut for cut in found["cuts"] if cut["group"] == "seen:no_recharge")
    assert "不再充值（从充值记录看出）" in kind["sentence"]["zh"]


def test_one_kind_and_one_scene(lake: Lake) -> None:
    """A kind leaves out who left otherwise; a scene tells its effects, all others held equal."""
    asked = FactorQuestion(MOMENT, END, scene="network", kind="other_operator")
    found: Any = lake_factors(lake, asked, {})
    assert [cut["cut"] for cut in found["cuts"]] == ["all"]
    assert found["people"] < PEOPLE
    assert [one["factor"] for one in found["cuts"][0]["effects"]] == ["score_network"]


def test_few_people_are_told_how_many_it_takes(tmp_path: Path) -> None:
    """An empty lake and a small one cannot tell, and say how many have to leave and to stay."""
    few = [event(person, MOMENT - DAY, "complaint") for person in range(9)]
    for n, events in enumerate(([], few)):
        small = written(tmp_path / f"lake{n}", [*events, event(99, END, "complaint")], 1)
        found: Any = lake_factors(small, QUESTION, {})
        assert found["cuts"][0]["needed"] > 0
        assert "暂时无法判断" in found["headline"]["zh"]
        assert found["model"]["rules"] == []


def test_segments_are_those_of_the_last_decision_before(lake: Lake) -> None:
    """A person's segment is the attribute as it was known before the moment."""
    rows = people_features(connect(lake), FactorQuestion(MOMENT, END, segment="stage"), {}).rows
    assert "stage" not in rows[0]
    assert [row[SEGMENT] for row in rows[:4]] == ["new", "stable", "warning", "new"]
    assert len(subject(0)) == 32


def test_a_segment_may_be_named_as_a_behaviour_is(lake: Lake) -> None:
    """An attribute `complaints` divides the people; how often they complained stays a factor."""
    rows = people_features(
        connect(lake), FactorQuestion(MOMENT, END, segment="complaints"), {}
    ).rows
    assert {row[SEGMENT] for row in rows} == {None}
    assert {row["complaints"] for row in rows} == {0}
