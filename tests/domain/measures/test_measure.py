"""Measures: which one is due for a case, what may be granted, and the words for why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nudge.domain.care.case import CaseStep, case_of, facts_of, is_held_out, opening_record
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule
from nudge.domain.care.watcher import Watcher
from nudge.domain.journal.records import Event
from nudge.domain.measures.measure import Measure, due_measure, measure_rules
from nudge.domain.measures.measure_options import MeasureOption
from nudge.domain.measures.measure_reasons import SENTENCES, MeasureReason, say, say_back
from nudge.domain.measures.measure_state import benefit_problem, refused_case
from nudge.domain.slots.rule import read_rule
from nudge.domain.slots.slot import Availability, Variant

AT = 1_000_000.0
SUBJECT = "5" * 32
WARNING = read_rule({"attribute": "stage", "is": "warning"})
LOW = Measure("low", WARNING, within=60.0, priority=1, held_share=0.0)
HIGH = Measure("high", read_rule({"attribute": "tier", "is": "high"}), priority=2, held_share=0.0)
MEASURES = {one.name: one for one in (LOW, HIGH)}
BOTH = {"stage": "warning", "tier": "high"}


def case(rule: WarningRule, **more: Any) -> Any:
    record = opening_record("0-a", SUBJECT, rule, "", AT, Signal(AT, "", ""))
    return replace(case_of(0, record, AT), **more)


WARNED = case(WarningRule("w", EventTest("complaint")))


def test_a_case_of_a_measure_has_its_own_and_its_date() -> None:
    """No measure of a higher priority takes its place; the date counts from the opening."""
    own = case(measure_rules([LOW])[0])
    assert (own.kind, own.fact("measure")) == (CaseKind.MEASURE, "low")
    assert due_measure(own, MEASURES, BOTH, AT) is LOW
    assert LOW.due(own) == AT + 60
    assert due_measure(own, MEASURES, {"stage": "stable", "tier": "high"}, AT) is None
    assert due_measure(own, {}, BOTH, AT) is None


def test_a_warning_has_the_first_of_the_highest_priority() -> None:
    """For a warning it is what is due for the visitor now, by priority and then by the file."""
    assert due_measure(WARNED, MEASURES, BOTH, AT) is HIGH
    assert due_measure(WARNED, MEASURES, {"stage": "warning"}, AT) is LOW
    same = {"a": replace(LOW, name="a"), "b": replace(LOW, name="b")}
    found = due_measure(WARNED, same, BOTH, AT)
    assert found is not None
    assert found.name == "a"
    assert due_measure(WARNED, MEASURES, {}, AT) is None


def option(reason: str | None, group: str = "") -> MeasureOption:
    return MeasureOption(Variant("v", None, availability=Availability(exclusive=group)), 0, reason)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([option(None, "g"), option("exclusive:h", "h")], None),
        ([option("exclusive:g", "g"), option(None)], MeasureReason.HAS_BENEFIT),
        ([option("rule", "g"), option("contradicts:h", "h")], MeasureReason.OFFERED_OTHER),
        ([option("rule", "g"), option(None)], MeasureReason.NOT_ELIGIBLE),
        ([option(None)], None),
        ([option("disabled")], MeasureReason.NOT_ELIGIBLE),
    ],
)
def test_a_benefit_is_what_may_be_granted(
    options: list[MeasureOption], reason: MeasureReason | None
) -> None:
    """Nothing is granted where only the variant without a benefit is left; it says why."""
    found = benefit_problem(options)
    assert (found[0] if found else None) == reason


def test_each_reason_has_its_sentence_in_both_languages() -> None:
    """No reason is without words, and each place in a sentence is filled."""
    assert SENTENCES.keys() == set(MeasureReason)
    for reason in MeasureReason:
        told = say(reason, {"zh": "某某", "en": "such"})
        assert told.keys() == {"zh", "en"}
        assert "{" not in told["zh"] + told["en"]
    assert "retention" in say_back("exclusive:retention")["zh"]
    assert "quiet_hours" in say_back("quiet_hours")["en"]


def test_nothing_is_asked_of_a_case_that_is_over() -> None:
    """Held out, granted, closed: each has its own reason."""
    facts = facts_of({"variant": "v", "measure": "low"})
    granted = WARNED.with_step(CaseStep(AT, "grant", "ann", facts=facts))
    closed = WARNED.with_step(CaseStep(AT, "close", "ann", outcome="stays"))
    for one, reason in (
        (replace(WARNED, held=True), MeasureReason.HELD),
        (granted, MeasureReason.GRANTED),
        (closed, MeasureReason.CLOSED),
    ):
        found = refused_case(one, LOW, {"v": {"zh": "流量包"}})
        assert found is not None
        assert found.reason == reason
    found = refused_case(granted, LOW, {"v": {"zh": "流量包"}})
    assert found is not None
    assert found.detail == {"zh": "流量包", "en": "v"}


def test_a_case_tells_the_words_for_which_its_rule_holds() -> None:
    """Stage and tier are facts of the case, as they were when it opened; numbers are not."""
    city = read_rule(
        {"all": [{"attribute": "city", "is": "杭州"}, {"attribute": "payments", "above": 0}]}
    )
    watched = Watcher(RuleBook(further=measure_rules([replace(LOW, when=city)])), 0, SUBJECT)
    for name, fields in (("loaded", {"city": "杭州"}), ("paid", {"amount": 50})):
        watched.take_event(Event(SUBJECT, name, name, "server", fields=fields), AT, AT)  # type: ignore[arg-type]
    (record,) = watched.records
    told = {key: value for key, value in record.fields.items() if key.startswith("fact_")}
    assert told == {"fact_city": "杭州", "fact_measure": "low"}


def test_a_measure_opens_once_while_its_rule_goes_on_to_hold() -> None:
    """Each payment asks the rule again; the case stands for one measure, not many signals."""
    pays = Measure("pays", read_rule({"attribute": "payments", "at_least": 1}), held_share=0.5)
    watched = Watcher(RuleBook(further=measure_rules([pays])), 0, SUBJECT)
    for number in range(5):
        fields = {"amount": 50, "~refundable": True}
        paid = Event(SUBJECT, f"p{number}", "paid", "server", fields=fields)
        watched.take_event(paid, AT + number, AT + number)
    (record,) = watched.records
    assert record.fields["kind"] == "measure"
    assert record.fields.get("held", False) == is_held_out("measure", SUBJECT, 0.5)
