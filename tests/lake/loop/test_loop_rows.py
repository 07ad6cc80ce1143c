"""Rows of the closed loop: what the lake tells of each case."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from funnel_traffic import DAY, START, Timed, written
from loop_traffic import opened, paid, step, subject

from nudge.domain.journal.records import Event
from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.loop.loop_question import LoopQuestion, LoopTerms
from nudge.lake.engine.query import connect
from nudge.lake.loop.loop_rows import loop_cases

QUESTION = LoopQuestion(START, START + 10 * DAY)
TERMS = LoopTerms(
    frozenset({"talked"}), frozenset({"stays"}), frozenset({"team"}), (("call", 2.0),)
)


def cases_of(
    tmp_path: Path, records: Iterable[Timed], question: LoopQuestion = QUESTION
) -> LoopCases:
    """The cases of a small lake."""
    return loop_cases(connect(written(tmp_path / "lake", records, 1)), question, TERMS)


def test_a_case_is_told_with_its_steps_and_its_money(tmp_path: Path) -> None:
    """First times of each step, the agent of the first assignment, sums of cost, time and money."""
    record = opened(2, stage="pay", reason="balance")
    found = cases_of(
        tmp_path,
        [
            (START, record),
            step(record, "assign", 10, to="team", team="team"),
            step(record, "assign", 20, to="bo", team="team"),
            step(record, "contact", 30, channel="call", seconds=60, reached=False),
            step(record, "contact", 40, channel="sms", seconds=30, reached=True, cost=0.5),
            step(record, "assign", 45, to="cy", team="other"),
            step(record, "grant", 50, amount=8.0, measure="welcome"),
            step(record, "outcome", 60, outcome="stays"),
            paid(2, 70, 30.0),
            paid(2, 80, 20.0),
        ],
    )
    row = {name: float(one[0]) for name, one in vars(found).items() if name != "words"}
    times = ("assigned", "agent_since", "contacted", "reached", "granted", "said", "paid")
    assert [row[name] - START for name in times] == [10, 20, 30, 40, 50, 60, 70]
    sums = ("contacts", "contact_cost", "talk_seconds", "grant_cost", "revenue")
    assert [row[name] for name in sums] == [2, 2.5, 90, 8, 50]
    words = {name: found.labels(name) for name in found.words}
    assert words == {
        "kind": ["winback"],
        "rule": ["left_pay"],
        "stage": ["pay"],
        "reason": ["balance"],
        "tier": [""],
        "measure": [""],
        "team": ["team"],
        "agent": ["bo"],
    }


def test_an_untouched_case_has_no_step_and_a_held_one_says_so(tmp_path: Path) -> None:
    """A step that did not come has no time; the record of the opening says who is held out."""
    found = cases_of(tmp_path, [(START, opened(2)), (START + 1, opened(4, 1.0, held=True))])
    assert found.held.tolist() == [False, True]
    assert np.isnan(np.array([found.assigned, found.contacted, found.reached, found.paid])).all()
    assert found.revenue.tolist() == [0.0, 0.0]


def test_only_a_server_s_payment_behind_the_opening_and_within_the_horizon_keeps(
    tmp_path: Path,
) -> None:
    """Earlier, later, claimed and taken back payments keep nobody."""
    days = 30 * DAY
    refund = Event(
        subject(8), "r", "refunded", "server", None, {"refund_of": "paid-8-5", "amount": 50.0}
    )
    records = [(START + 1, opened(person, 1.0)) for person in (2, 4, 6, 8, 10)]
    records += [paid(2, 0.5), paid(4, days + 2), paid(6, 5, source="page"), paid(8, 5)]
    records += [(START + 6, refund), paid(10, days + 0.5)]
    found = cases_of(tmp_path, records)
    assert (~np.isnan(found.paid)).tolist() == [False, False, False, False, True]


def test_money_is_the_latest_case_s_and_a_payment_keeps_each_case(tmp_path: Path) -> None:
    """No yuan is counted twice, and both cases ended well."""
    records = [(START, opened(2)), (START + 9, opened(2, 9.0)), paid(2, 20, 30.0), paid(2, 5, 7.0)]
    found = cases_of(tmp_path, records)
    assert (found.paid - START).tolist() == [5.0, 20.0]
    assert found.revenue.tolist() == [7.0, 30.0]


def test_whoever_turned_out_to_be_another_pays_for_the_case_of_either(tmp_path: Path) -> None:
    """A payment under the id that somebody turned out to be keeps the case of the earlier id."""
    told = Event(
        subject(2), "i", "identified", "server", None, {"into": subject(4), "partition": 0}
    )
    found = cases_of(tmp_path, [(START, opened(2)), (START + 3, told), paid(4, 20)])
    assert (found.paid - START).tolist() == [20.0]


def test_a_question_takes_cases_of_its_time_and_kind(tmp_path: Path) -> None:
    """A case opened at the end, before the start or of another kind is not in the answer."""
    records = [
        (START - 1, opened(2, -1.0)),
        (START, opened(4)),
        (START + 9 * DAY, opened(6, 9 * DAY)),
    ]
    assert len(cases_of(tmp_path, records, LoopQuestion(START, START + 9 * DAY))) == 1
    one = LoopQuestion(START, START + 9 * DAY, kind="measure")
    assert len(cases_of(tmp_path / "more", records, one)) == 0
