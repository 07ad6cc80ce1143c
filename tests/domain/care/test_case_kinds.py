"""Kinds of cases: facts, and visitors who are held out."""

from __future__ import annotations

import msgpack
import pytest

from nudge.domain.care.case import (
    MOST_STEPS,
    Case,
    CaseState,
    CaseStep,
    case_of,
    decode_case,
    encode_case,
    engine_step,
    facts_of,
    is_held_out,
    opening_record,
    problem_of,
    step_record,
    with_record,
)
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule
from nudge.domain.journal.records import Event

SUBJECT = "5" * 32
FACTS = {"stage": "pay", "amount": 50.0}


def made(held_share: float = 0.0) -> Case:
    """Return a case of win-back."""
    rule = WarningRule(
        "left_pay",
        EventTest("payment_failed"),
        kind=CaseKind.WINBACK,
        facts=FACTS,
        held_share=held_share,
    )
    signal = Signal(5.0, "payment_failed", "f")
    return case_of(0, opening_record("0-ab", SUBJECT, rule, "", 9.0, signal), 9.0)


def test_kind_and_facts_come_from_the_rule_by_the_record() -> None:
    """Kind and facts of a case are those of the rule that opened it, also behind the store."""
    case = decode_case(encode_case(made()))
    assert (case.kind, dict(case.facts), case.held) == ("winback", FACTS, False)
    assert case.fact("stage") == "pay"
    assert case.fact("other") is None


def test_facts_of_a_step_survive_record_and_store() -> None:
    """The facts of a step are in its record, and in the case behind the store."""
    step = CaseStep(10.0, "contact", "ann", action_id="a", facts=facts_of({"seconds": 90.0}))
    case = with_record(made(), step_record(made(), step), 10.0)
    assert decode_case(encode_case(case)).steps[-1] == step


def test_a_case_of_the_version_before_is_read_as_a_warning() -> None:
    """A case that was stored before there were kinds is a warning without facts."""
    case = made()
    old = list(case.__dict__.values())[:18]
    old[17] = [one[:7] for one in case.steps]
    found = decode_case(msgpack.packb(old))
    assert (found.kind, found.held, found.facts) == ("warning", False, ())
    assert found.steps == case.steps


@pytest.mark.parametrize("action", ["assign", "contact", "grant", "outcome"])
def test_nobody_acts_on_whom_is_held_out(action: str) -> None:
    """A held-out case takes no step but its closing, which needs no outcome."""
    case = made(held_share=1.0)
    assert case.held
    assert problem_of(case, CaseStep(10.0, action, "ann")) is not None
    assert problem_of(case, CaseStep(10.0, "close", "nudge")) is None


def test_the_held_out_share_is_kept_and_nested() -> None:
    """About the asked share is held out (4 deviations); a larger one holds the same, too."""
    names = [f"{number:032x}" for number in range(4000)]
    small = {one for one in names if is_held_out("winback", one, 0.1)}
    assert abs(len(small) - 400) < 4 * (4000 * 0.1 * 0.9) ** 0.5
    assert small <= {one for one in names if is_held_out("winback", one, 0.2)}
    assert not any(is_held_out("winback", one, 0.0) for one in names)
    assert all(is_held_out("winback", one, 1.0) for one in names)


def engine_contact(number: int) -> Event:
    """Return the record of a contact of which a server told."""
    step = CaseStep(10.0, "contact", "nudge", action_id=f"contacted:{number}")
    return engine_step("0-ab", SUBJECT, step)


def test_the_revision_counts_actions_of_people_alone() -> None:
    """A step of the engine must not hide one of a person that is not read yet: two would act."""
    case = with_record(made(), engine_contact(1), 10.0)
    assert (case.revision, case.state) == (0, CaseState.CONTACTED)
    step = CaseStep(11.0, "assign", "ann", "ann", action_id="a")
    case = with_record(case, step_record(case, step), 11.0)
    assert decode_case(encode_case(case)).revision == 1


def test_a_step_that_came_too_late_is_counted_once() -> None:
    """A payment closed the case before: the step changes nothing, and the next one is taken."""
    case = made()
    late = step_record(case, CaseStep(12.0, "contact", "ann", action_id="late"))
    paid = CaseStep(11.0, "close", "nudge", "", "returned", "returned:close:p")
    case = with_record(case, engine_step(case.id, SUBJECT, paid), 11.0)
    for _ in range(2):
        case = with_record(case, late, 12.0)
    assert (case.state, case.revision, case.late) == (CaseState.CLOSED, 1, ("late",))


def test_a_server_that_tells_without_end_leaves_people_their_steps() -> None:
    """The engine's steps are bounded by themselves, and a payment closes the case all the same."""
    case = made()
    for number in range(MOST_STEPS + 5):
        case = with_record(case, engine_contact(number), 10.0)
    assert len(case.steps) == 1 + MOST_STEPS
    assert problem_of(case, CaseStep(11.0, "contact", "ann", action_id="a")) is None
    paid = CaseStep(12.0, "close", "nudge", "", "returned", "returned:close:p")
    closed = with_record(case, engine_step(case.id, SUBJECT, paid), 12.0)
    assert closed.state is CaseState.CLOSED
