"""The watcher over a visitor: rules, delays, what ends them, and one warning for one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.care import watcher as watcher_module
from nudge.domain.care.case import Case, case_of, with_record
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.signal import heard_event, heard_signal
from nudge.domain.care.text_reading import TextReading
from nudge.domain.care.warning_rule import (
    CaseLevel,
    Combination,
    EventTest,
    Thing,
    WarningPolicy,
    WarningRule,
)
from nudge.domain.care.watch import decode_watch, encode_watch
from nudge.domain.care.watcher import Watcher
from nudge.domain.journal.care_events import FOLLOWED
from nudge.domain.journal.records import Event
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm
from nudge.domain.slots.rule import Test

DAY = 86_400.0
START = 20_000 * DAY
SUBJECT = "a" * 32
LOW = EventTest("feedback", frozenset({"after_sales"}), score_at_most=5)
PAID = EventTest("paid")
BETTER = EventTest("feedback", same_scene=True, score_at_least=8)


def rule(name: str = "low", when: Any = LOW, **more: Any) -> WarningRule:
    return WarningRule(name, when, **more)


def watcher(*rules: WarningRule, **more: Any) -> Watcher:
    return Watcher(RuleBook(WarningPolicy(rules, **more)), 3, SUBJECT)


def event(kind: str, name: str = "e", source: Any = "server", **fields: Any) -> Event:
    return Event(SUBJECT, name, kind, source, fields=fields)


def feedback(score: float, scene: str = "after_sales", name: str = "f") -> Event:
    return event("feedback", name, "page", scene=scene, score=score)


def take(watched: Watcher, at: float, one: Event) -> None:
    """Take an event as the fold does: what was due before it comes first."""
    watched.advance(at)
    watched.take_event(one, at, at)


def cases(watched: Watcher) -> list[Case]:
    """The cases that the records make."""
    found: dict[str, Case] = {}
    for record in watched.records:
        name = str(record.fields["case"])
        at = record.at or 0.0
        known = found.get(name)
        found[name] = with_record(known, record, at) if known else case_of(3, record, at)
    return list(found.values())


def heard(of: Event, at: float, *groups: str, complaint: float = 0.0) -> Event:
    return heard_event(of, at, TextReading(groups, groups, complaint, ("慢",) if complaint else ()))


def test_a_rule_without_a_delay_warns_at_once() -> None:
    """The case has the signal's scene and score, and opens at its time."""
    watched = watcher(rule(level=CaseLevel.CRITICAL))
    take(watched, START, feedback(6))
    assert not watched.records
    take(watched, START + 5, feedback(5, name="g"))
    (case,) = cases(watched)
    assert (case.scene, case.score, case.level) == ("after_sales", 5, "critical")
    assert (case.opened, case.event) == (START + 5, ("g", "feedback"))


def test_a_delayed_rule_warns_once_its_time_has_passed() -> None:
    """A delayed case opens at the time at which it was due, whenever that is noticed."""
    watched = watcher(rule(after=DAY))
    take(watched, START, feedback(3))
    watched.advance(START + DAY)
    assert not watched.records
    watched.advance(START + 9 * DAY)
    (case,) = cases(watched)
    assert (case.began, case.opened) == (START, START + DAY)


def test_what_resolves_a_matter_ends_the_delay() -> None:
    """A payment does, or a better score in the same scene; a page's claim does not."""
    for resolving, ends in (
        (event("paid", amount=50), True),
        (event("paid", source="page", amount=50), False),
        (feedback(9, name="g"), True),
        (feedback(9, "billing", "g"), False),
    ):
        watched = watcher(rule(after=DAY, unless=(PAID, BETTER)))
        take(watched, START, feedback(3))
        take(watched, START + 60, resolving)
        watched.advance(START + 2 * DAY)
        assert bool(watched.records) is not ends


def test_what_resolves_a_matter_too_late_ends_nothing() -> None:
    """The delay had passed before the payment came: it is fired first."""
    watched = watcher(rule(after=DAY, unless=(PAID,)))
    take(watched, START, feedback(3))
    take(watched, START + DAY + 1, event("paid", amount=50))
    assert len(watched.records) == 1


def test_one_thing_is_warned_of_once() -> None:
    """A second signal joins the open case; a closed one is silent until its time is over."""
    watched = watcher(rule(once=10 * DAY))
    take(watched, START, feedback(3, name="a"))
    take(watched, START + DAY, feedback(4, name="b"))
    (case,) = cases(watched)
    assert case.signals == 2
    closed = event(FOLLOWED, "x", case=case.id, action="close", who="ann", outcome="kept")
    watched.take_step(closed, START + 2 * DAY, START + 2 * DAY)
    take(watched, START + 9 * DAY, feedback(2, name="c"))
    assert len(cases(watched)) == 1
    take(watched, START + 11 * DAY, feedback(2, name="d"))
    assert len(cases(watched)) == 2


def test_rules_of_one_topic_share_the_case_and_its_level_rises() -> None:
    """Two rules hold for one event: one case, one signal, the higher level."""
    worse = rule("very_low", EventTest("feedback", score_at_most=2), level=CaseLevel.CRITICAL)
    rules = [rule(topic="score"), WarningRule(**{**worse.__dict__, "topic": "score"})]
    watched = watcher(*rules)
    take(watched, START, feedback(1))
    (case,) = cases(watched)
    assert (case.signals, case.level, case.rule) == (1, "critical", "low")


def test_another_scene_is_another_thing_unless_the_rule_says_visitor() -> None:
    """Things are scenes by default."""
    any_low = EventTest("feedback", score_at_most=5)
    for thing, expected in ((Thing.SCENE, 2), (Thing.VISITOR, 1), (Thing.EVENT, 3)):
        watched = watcher(rule(when=any_low, thing=thing))
        for number, scene in enumerate(("a", "b", "a")):
            take(watched, START + number, feedback(1, scene, f"f{number}"))
        assert len(cases(watched)) == expected


def test_signals_are_counted_within_a_time() -> None:
    """The third failed payment within a week warns; three within two weeks do not."""
    failed = EventTest("payment_failed", count=3, within=7 * DAY)
    for step, warns in ((2 * DAY, True), (5 * DAY, False)):
        watched = watcher(rule(when=failed))
        for number in range(3):
            take(watched, START + number * step, event("payment_failed", f"p{number}"))
        assert bool(watched.records) is warns


def test_words_warn_when_they_are_heard_together_with_scene_and_score() -> None:
    """The event alone does not; the record of its words does, by the event's own score."""
    slow = EventTest("feedback", score_at_most=5, words=frozenset({"speed"}))
    trials = (
        (4, ("speed",), True),
        (4, ("price",), False),
        (7, ("speed",), False),
    )
    for score, groups, warns in trials:
        watched = watcher(rule(when=slow))
        said = feedback(score)
        take(watched, START, said)
        assert not watched.records
        watched.take_signal(heard_signal(heard(said, START, *groups), START), START + 1)
        assert bool(watched.records) is warns


def test_the_model_proposes_where_no_rule_warns() -> None:
    """A proposal has its own level; a case that is known of the scene leaves no room for one."""
    watched = watcher(rule(), proposes_at=0.8)
    said = feedback(7, "billing")
    take(watched, START, said)
    watched.take_signal(heard_signal(heard(said, START, complaint=0.7), START), START)
    assert not watched.records
    watched.take_signal(heard_signal(heard(said, START, complaint=0.9), START), START)
    (case,) = cases(watched)
    assert (case.level, case.words, case.complaint) == ("proposal", ("慢",), 0.9)
    low = feedback(2, name="g")
    take(watched, START, low)
    watched.take_signal(heard_signal(heard(low, START, complaint=0.99), START), START)
    assert [one.level for one in cases(watched)] == ["proposal", "warning"]


def test_time_alone_makes_a_visitor_overdue() -> None:
    """Nothing comes for weeks: the moment at which ten days are over is known and looked at."""
    watched = watcher(rule(when=Test("overdue_days", "above", 10)))
    for number in range(4):
        take(watched, START + number * 30 * DAY, event("paid", f"p{number}", amount=50))
    watched.advance(START + (120 + 1 + 9.9) * DAY)
    assert not watched.records
    watched.advance(START + (120 + 1 + 10.1) * DAY)
    (case,) = cases(watched)
    assert abs(case.opened - (START + 131 * DAY)) < 5
    assert watched.watch.due is None


def test_time_alone_makes_it_improbable_that_a_visitor_stays() -> None:
    """By the rhythm of all people silence is looked at each day, and warned of once."""
    rhythm = Rhythm(12, 3.0, 7.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.0)
    policy = WarningPolicy((rule(when=Test("alive", "below", 0.2)),))
    watched = Watcher(RuleBook(policy, rhythm=rhythm), 3, SUBJECT)
    for number in range(6):
        take(watched, START + number * 30 * DAY, event("paid", f"p{number}", amount=50))
    last = START + 150 * DAY
    history = PurchaseHistory(5, 150.0, 150.0)
    days = next(n for n in range(400) if rhythm.alive(history._replace(age=150.0 + n)) < 0.2)
    watched.advance(last + (days - 1) * DAY)
    assert not watched.records
    watched.advance(last + (days + 30) * DAY)
    (case,) = cases(watched)
    assert abs(case.opened - (last + days * DAY)) <= DAY
    assert watched.watch.due is None


def test_a_loaded_attribute_and_a_signal_together() -> None:
    """An idle SIM alone warns of nothing, nor does a complaint; both within the time do."""
    both = Combination(
        "all",
        (EventTest("complaint", within=7 * DAY), Test("sim_idle_days", "at_least", 30)),
    )
    watched = watcher(rule(when=both))
    take(watched, START, event("complaint", "c"))
    assert not watched.records
    take(watched, START + DAY, event("loaded", "l", sim_idle_days=45))
    assert len(watched.records) == 1


def test_attributes_can_spare_a_delayed_rule() -> None:
    """The attribute is looked at when the delay has passed."""
    watched = watcher(rule(after=DAY, unless=(Test("payments", "at_least", 1),)))
    take(watched, START, feedback(3))
    take(watched, START + 9, event("paid", amount=50))
    watched.advance(START + 2 * DAY)
    assert not watched.records


ACTS = st.sampled_from(["low", "paid", "good", "close", "wait"])


@given(acts=st.lists(st.tuples(ACTS, st.integers(1, 40)), max_size=25), cut=st.integers(0, 25))
def test_neither_kills_nor_late_looks_change_what_is_warned_of(
    acts: Sequence[tuple[str, int]], cut: int
) -> None:
    """One watcher looks after each act and is packed and unpacked; the other one never looks."""
    rules = (rule(after=DAY, unless=(PAID, BETTER), once=3 * DAY), rule("now", once=2 * DAY))
    eager, lazy = watcher(*rules), watcher(*rules)
    at = START
    for number, (act, hours) in enumerate(acts):
        at += hours * 3600.0
        made = {
            "low": feedback(2, name=f"f{number}"),
            "good": feedback(9, name=f"f{number}"),
            "paid": event("paid", f"p{number}", amount=30),
        }.get(act)
        for one in (eager, lazy):
            if made is not None:
                take(one, at, made)
            elif act == "close" and one.watch.past:
                one.advance(at)
                fields = {"case": one.watch.past[-1].case, "action": "close", "who": "ann"}
                one.take_step(
                    Event(SUBJECT, f"x{number}", FOLLOWED, "server", None, fields), at, at
                )
        eager.advance(at + 0.001)
        if number == cut:
            eager.watch = decode_watch(encode_watch(eager.watch))
    for one in (eager, lazy):
        one.advance(at + 30 * DAY)
    assert eager.records == lazy.records
    assert eager.watch == lazy.watch


def test_a_visitor_is_warned_of_no_more_often_than_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each warning stays known, so that an erasure finds its case; it leaves with the case."""
    monkeypatch.setattr(watcher_module, "MOST_WARNED", 3)
    watched = watcher(rule(when=EventTest("payment_failed"), thing=Thing.EVENT))
    for number in range(5):
        take(watched, START + number, event("payment_failed", f"f{number}"))
    assert len(cases(watched)) == len(watched.watch.past) == 3
    later = START + 840 * DAY
    watched.take_event(event("payment_failed", "late"), later, later)
    assert (len(cases(watched)), len(watched.watch.past)) == (4, 1)


def test_words_are_told_of_a_case_that_their_score_opened() -> None:
    """No rule asks for words: the case, or the one behind a delay, has them all the same."""
    watched = watcher(rule(), rule("later", LOW, after=DAY, topic="later"))
    low = feedback(2)
    take(watched, START, low)
    watched.take_signal(heard_signal(heard(low, START, "speed"), START), START + 1)
    watched.advance(START + 2 * DAY)
    at_once, later = cases(watched)
    assert (at_once.words, at_once.groups, at_once.level) == (("speed",), ("speed",), "warning")
    assert (at_once.signals, at_once.rule) == (1, "low")
    assert (later.words, later.opened) == (("speed",), START + DAY)
