"""Kinds of cases: facts, and visitors who are held out."""

from __future__ import annotations

import msgpack
import pytest

from nudge.domain.care.case import (
    Case,
    CaseStep,
    case_of,
    decode_case,
    encode_case,
    facts_of,
    is_held_out,
    opening_record,
    problem_of,
    step_record,
    with_record,
)
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule

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
