"""Cases as notices tell them: at the moment of their rule, to its people, once."""

from __future__ import annotations

from nudge.domain.alarms.notice_policy import NoticePolicy, Person
from nudge.domain.alarms.notice_texts import alarm_text
from nudge.domain.alarms.notices import NoticeDesk
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.case import Case, CaseStep, case_of, opening_record
from nudge.domain.care.case_alarm import alarm_of, is_due, receivers_of
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import EventTest, Sending, WarningPolicy, WarningRule

HOUR = 3600.0
AT = 500_000 * HOUR + 600
LOW = EventTest("feedback", score_at_most=5)
PEOPLE = NoticePolicy({"ann": Person("ann", ("json://localhost",), "en")})


def policy(sending: Sending = Sending.HOURLY, tell: tuple[str, ...] = ("ann",)) -> WarningPolicy:
    title = {"zh": "评价低", "en": "A low score"}
    return WarningPolicy((WarningRule("low", LOW, title=title, tell=tell, sending=sending),))


def case(at: float = AT) -> Case:
    signal = Signal(at, "feedback", "f", "shop", 2.0)
    record = opening_record("0-ab", "5" * 32, WarningRule("low", LOW), "shop", at, signal)
    return case_of(0, record, at)


def test_a_case_is_told_at_the_end_of_its_hour() -> None:
    """Signals that come within the time of the rule's sending are one notice."""
    for sending, seconds in ((Sending.NOW, 60), (Sending.HOURLY, 3000)):
        assert not is_due(case(AT + 1), policy(sending), AT + 2)
        assert is_due(case(AT + 1), policy(sending), AT + seconds)
    assert not is_due(case(), policy(tell=()), AT + HOUR)
    assert not is_due(case(), WarningPolicy(), AT + HOUR)


def test_the_people_of_the_rule_are_told_until_somebody_has_it() -> None:
    """The level's own people are not; an assigned case is acknowledged."""
    one, rules = case(), policy()

    def due(now: Case) -> list[str]:
        alarms, receivers = [alarm_of(now, rules)], {now.id: receivers_of(now, rules)}
        desk = NoticeDesk(alarms, {}, PEOPLE, AT + HOUR, receivers=receivers)
        return [delivery.notice.addressee.person for delivery in desk.due()]

    assert due(one) == ["ann"]
    assert due(one.with_step(CaseStep(AT + 9, "assign", "bo", to="bo", action_id="x"))) == []


def test_the_text_says_how_to_follow_a_case_up() -> None:
    """A notice has the sentence of the case, and the command."""
    one, rules = case(), policy()
    alarm = alarm_of(one, rules)
    desk = NoticeDesk([alarm], {}, PEOPLE, AT + HOUR, receivers={one.id: ("ann",)})
    (delivery,) = desk.due()
    text = alarm_text(delivery.notice, {one.id: alarm}, "en", OperatorCalendar())
    assert text.title.startswith("[warning] Churn warning: A low score; scene: shop; score: 2")
    assert "nudge warnings assign 0-ab NAME" in text.body
