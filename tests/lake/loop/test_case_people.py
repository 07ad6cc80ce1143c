"""People of live cases: what was known at the opening, who was held out, and who paid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from funnel_traffic import DAY, START, written
from lake_samples import DECISION
from loop_traffic import RULE, opened, paid, subject

from nudge.domain.loop.loop_question import LoopQuestion
from nudge.lake.engine.query import connect
from nudge.lake.loop.case_people import case_people

QUESTION = LoopQuestion(START, START + 10 * DAY, kind="winback", kept_within=DAY)


def test_features_are_those_of_the_opening_and_no_later_ones(tmp_path: Path) -> None:
    """Facts of the record, attributes of the latest decision before it; a later one is not seen."""
    decisions = [
        (START + at, replace(DECISION, subject=subject(2), context={"payments": at}))
        for at in (10, 20, 40)
    ]
    later = opened(2, 50.0, stage="home")
    record = opened(2, 30.0, stage="pay", amount=50.0)
    records = [*decisions, (START + 30, record), (START + 50, later), paid(2, 60)]
    lake = written(tmp_path / "lake", records, 1)
    (one,) = case_people(connect(lake), QUESTION, START + 5 * DAY)
    assert (one.rule, one.held, one.back) == (RULE.name, False, True)
    assert one.facts == {"stage": "pay", "amount": 50.0}
    assert one.attributes == {"payments": 20}


def test_whose_horizon_runs_is_not_among_them(tmp_path: Path) -> None:
    """A case whose day is not over tells nothing; the held out are told as such."""
    records = [(START, opened(2, held=True)), (START + 2 * DAY, opened(4, 2 * DAY))]
    lake = written(tmp_path / "lake", records, 1)
    found = list(case_people(connect(lake), QUESTION, START + 2.5 * DAY))
    assert [(one.held, one.back, one.attributes) for one in found] == [(True, False, {})]
    assert list(case_people(connect(lake), QUESTION, START)) == []
