"""Cases of a simulated work list, written straight to a lake as the archive writes them."""

from __future__ import annotations

from dataclasses import replace

from funnel_traffic import DAY, START, Timed

from nudge.domain.care.case import CaseStep, case_of, facts_of, opening_record, step_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule
from nudge.domain.journal.records import Event
from nudge.domain.slots.slot import Scalar

RULE = WarningRule("left_pay", EventTest("payment_failed"), kind=CaseKind.WINBACK)


def subject(person: int) -> str:
    """The subject of a person."""
    return f"{person:032x}"


def opened(
    person: int, at: float = 0.0, rule: WarningRule = RULE, *, held: bool = False, **facts: Scalar
) -> Event:
    """The record by which a person's case opens, so many seconds behind the start."""
    told = replace(rule, facts=facts, held_share=float(held))
    signal = Signal(START + at, "payment_failed", f"f{person}")
    name = f"0-{person:x}-{at:g}-{rule.name}"
    return opening_record(name, subject(person), told, "", START + at, signal)


def step(record: Event, action: str, at: float, who: str = "ann", **more: Scalar) -> Timed:
    """A step on a case, so many seconds behind the start; further values are facts."""
    to, outcome = (str(more.pop(name, "")) for name in ("to", "outcome"))
    case = case_of(0, record, record.at or 0.0)
    name = f"{case.id}:{action}:{at:g}"
    one = CaseStep(START + at, action, who, to, outcome, name, facts=facts_of(more))
    return START + at, step_record(case, one)


def paid(person: int, at: float, amount: float = 50.0, source: str = "server") -> Timed:
    """A payment, so many seconds behind the start."""
    fields: dict[str, Scalar] = {"amount": amount}
    name = f"paid-{person}-{at:g}"
    return START + at, Event(subject(person), name, "paid", source, None, fields)  # type: ignore[arg-type] # a source


__all__ = ["DAY", "START", "opened", "paid", "step", "subject"]
