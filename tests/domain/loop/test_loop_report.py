"""The closed loop's figures: what acting added, for whom, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from loop_draws import DAY, HORIZON, LoopWorld, draw_cases

from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.loop.loop_question import LoopQuestion, LoopTerms, loop_question
from nudge.domain.loop.loop_report import loop_report
from nudge.domain.loop.loop_table import loop_csv
from nudge.errors import InvalidRequestError

QUESTION = LoopQuestion(0.0, 31 * DAY)
LATER = 31 * DAY + HORIZON
HELPS = LoopWorld(adds=lambda agent: np.full(len(agent), 0.15))


def told(cases: LoopCases, by: str = "", until: float = LATER) -> Any:
    """The report of cases."""
    return loop_report(replace(QUESTION, by=by), cases, until, LoopTerms(hour_cost=36.0))


def test_acting_that_helps_is_told_and_acting_that_does_nothing_is_not() -> None:
    """Five worlds of each kind: intervals hold the truth, and nothing is told of nothing."""
    for seed in range(5):
        helped = told(draw_cases(HELPS, seed))["whole"]["holdout"]
        assert helped["verdict"] == "helps"
        low, high = helped["difference"]["interval"]
        assert low < 0.105 < high  # 0.15 of the seven tenths who would not pay
        nothing = told(draw_cases(LoopWorld(), seed + 100))["whole"]["holdout"]
        assert nothing["verdict"] == "no_difference"
        assert "看不出差别" in nothing["zh"]
        assert "No difference can be told" in nothing["en"]


def test_without_a_holdout_no_comparison_exists() -> None:
    """The report without held-out cases says so, with the cure, and has no figures."""
    found = told(draw_cases(LoopWorld(held=0.0), 1))["whole"]["holdout"]
    assert (found["answerable"], found["why"], found["difference"]) == (False, "nobody_held", None)
    assert "held_share" in found["zh"]
    assert "held_share" in found["en"]


def test_cases_whose_horizon_runs_are_told_apart_and_not_judged() -> None:
    """Of young cases nothing is said about who was not kept."""
    cases = draw_cases(HELPS, 2)
    found = told(cases, until=float(cases.opened[0]))["whole"]
    assert found["not_over"] == found["cases"]
    assert found["holdout"]["why"] == "not_over"
    assert found["steps"][-1]["of"] == 0
    assert found["steps"][-1]["share"] is None


def test_few_people_are_counted_and_not_judged() -> None:
    """Fewer than twenty people: counts and money, no shares and no comparison."""
    cases = draw_cases(HELPS, 3)
    acted, held = np.flatnonzero(~cases.held), np.flatnonzero(cases.held)
    some = cases.take(np.concatenate([acted[:10], held]))
    found = told(some)["whole"]
    assert found["holdout"]["why"] == "few"
    assert [one["share"] for one in found["steps"]] == [None] * 7
    assert found["steps"][0]["cases"] == 10


def test_steps_have_shares_times_and_costs() -> None:
    """Assigned of found, contacted of assigned; medians from the step before; money by step."""
    cases = draw_cases(LoopWorld(), 4)
    n = len(cases)
    cases = replace(cases, talk_seconds=np.full(n, 100.0), contact_cost=np.full(n, 0.5))
    found = told(cases)["whole"]
    steps = {one["step"]: one for one in found["steps"]}
    acted = int((~cases.held).sum())
    assert (steps["found"]["cases"], steps["assigned"]["of"]) == (acted, acted)
    assert steps["contacted"]["seconds_from_before"] == pytest.approx(60.0)
    assert steps["contacted"]["share"] == pytest.approx(0.8, abs=0.05)
    assert found["money"]["time_cost"] == pytest.approx(acted)
    assert steps["contacted"]["cost"] == pytest.approx(acted / 2)
    assert found["money"]["cost"] == pytest.approx(1.5 * acted)


def test_groups_are_compared_each_and_judged_together() -> None:
    """Stages differ in what comes by itself; each has its own holdout, at one level for all."""
    found = told(draw_cases(HELPS, 5), by="stage")
    assert {one["value"] for one in found["groups"]} == {"home", "amount", "pay"}
    assert {one["holdout"]["answerable"] for one in found["groups"]} == {True}
    levels = [one["holdout"]["difference"]["level"] for one in found["groups"]]
    assert max(levels) > 0.95


def test_agents_with_easier_cases_are_not_called_better() -> None:
    """Agents get stages by rule: the shares kept differ, like cases do not, so nobody is ranked."""
    loud = 0
    for seed in range(10):
        found = told(draw_cases(LoopWorld(), seed), by="agent")
        shares = [one["kept"]["value"] for one in found["results"]]
        assert max(shares) - min(shares) > 0.08
        loud += found["ranking"]["en"].startswith("Some")
        assert found["whole"]["holdout"] is not None
        assert {one["holdout"] for one in found["groups"]} == {None}
    assert loud <= 2


def test_an_agent_who_keeps_more_is_told_and_ranked_first() -> None:
    """One agent adds a quarter, the others nothing: better than the others, and than no contact."""
    world = LoopWorld(cases=6_000, adds=lambda agent: np.where(agent == 1, 0.25, 0.0))
    found = told(draw_cases(world, 6), by="agent")
    results = {one["name"]: one for one in found["results"]}
    assert results["bo"]["rank"] == 1
    assert results["bo"]["against_held"]["verdict"] == "better"
    assert results["bo"]["against_others"]["verdict"] == "better"
    assert {results[name]["against_held"]["verdict"] for name in ("ann", "cy")} == {"unclear"}


def test_who_is_assigned_late_is_compared_with_who_had_not_paid_by_then() -> None:
    """Slow assignment leaves those who do not pay by themselves; agents are not blamed for it."""
    wrong = 0
    for seed in range(10):
        found = told(draw_cases(LoopWorld(slow=8.0), seed + 50), by="agent")
        wrong += any(one["against_held"]["verdict"] != "unclear" for one in found["results"])
    assert wrong <= 2


def test_only_a_person_s_first_case_of_a_kind_is_compared() -> None:
    """A second case is a consequence of what was done about the first."""
    cases = draw_cases(LoopWorld(cases=400), 7)
    twice = cases.take(np.sort(np.concatenate([np.arange(400), np.arange(400)])))
    once, both = (told(one)["whole"]["holdout"] for one in (cases, twice))
    assert (once["people"], once["difference"]) == (both["people"], both["difference"])


def test_the_table_has_a_row_for_each_step_group_and_agent() -> None:
    """Steps, money, holdout and results are rows; cells that a spreadsheet would run are texts."""
    text = loop_csv(told(draw_cases(HELPS, 8), by="agent"))
    rows = [line.split(",")[0] for line in text.splitlines()[1:] if line]
    assert {"step", "money", "holdout", "result"} <= set(rows)
    assert rows.count("step") == 7 * 5


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ({"by": "age"}, "by"),
        ({"kind": "sale"}, "kind"),
        ({"kept_within": "soon"}, "kept_within"),
        ({"kept_within": "0"}, "kept_within"),
        ({"kept_within": "never"}, "kept_within"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_question_that_makes_no_sense_names_its_part(texts: dict[str, str], named: str) -> None:
    """Unknown words, times and parameters are refused by name, with the cure."""
    with pytest.raises(InvalidRequestError, match=named):
        loop_question(texts, LATER, QUESTION.calendar)


def test_a_question_is_read_back_from_its_plain_form() -> None:
    """The worker reads what the web wrote."""
    asked = loop_question(
        {"by": "agent", "kind": "winback", "kept_within": "7d"}, LATER, QUESTION.calendar
    )
    assert LoopQuestion.read(asked.plain) == asked
