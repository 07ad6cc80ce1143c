"""The watcher: takes a visitor's entries one by one, and warns when a rule holds. Pure.

All is a function of the visitor's own entries in their order: what is due is fired before the next
entry is taken, at the time at which it was due. So batches do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bandits.units import DAY
from nudge.domain.care.case import (
    KEEP,
    MOST_JOINS,
    CaseAction,
    case_id,
    joining_record,
    opening_record,
)
from nudge.domain.care.person_facts import FACT_TYPES, decode_facts, facts_with_event
from nudge.domain.care.rule_book import BookedRule, Occasion, RuleBook
from nudge.domain.care.signal import ACT, CASE_CLOSED, Signal, signal_of
from nudge.domain.care.trail import (
    Trail,
    Trails,
    act_signal,
    is_worth,
    merged_trails,
    next_asking,
    trail_attributes,
    trail_facts,
    trail_signal,
    with_act,
    with_decision,
    with_exposure,
    with_failure,
    without_paid,
)
from nudge.domain.care.warning_rule import (
    PROPOSAL,
    CaseKind,
    CaseLevel,
    Thing,
    WarningRule,
    attribute_rules,
)
from nudge.domain.care.watch import (
    MOST_PENDING,
    MOST_SIGNALS,
    MOST_WARNED,
    NOTHING,
    Delay,
    PastWarning,
    Watch,
    recall_watch,
)
from nudge.domain.care.winback_steps import contact_steps, returned_steps
from nudge.domain.journal.records import Event
from nudge.domain.slots.slot import Scalar

_WORDS_ALONE: Final = "words"
"""Name in place of a rule's, of a record that adds words to a case of the same event."""
_NO_SIGNAL: Final = Signal(0.0, "", "")


@dataclass
class Watcher:
    """The watcher over one visitor while entries are read.

    Attributes:
        book: of the rules.
        partition: of the journal.
        watch: as it is by now.
        records: to append: cases that open, and signals that join them. A case that came by a
            merger may be of another partition: its records belong there.
    """

    book: RuleBook
    partition: int
    subject: str
    watch: Watch = NOTHING
    records: list[Event] = field(default_factory=list)
    _known: tuple[bytes, float, Mapping[str, Scalar]] | None = None

    def advance(self, mark: float) -> None:
        """Fire what was due before a watermark, in the order of time.

        Args:
            mark: seconds.
        """
        self.watch = recall_watch(self.watch, mark)
        while (due := self.watch.due) is not None and due < mark:
            if self.watch.look == due:
                self.watch = self.watch._replace(look=None)
                self._ask_person(due, self._attributes(due))
            elif any(one.due == due for one in self.watch.delays):
                self._end_delays(due)
            else:
                self._end_trail(due)

    def take_event(self, event: Event, at: float, stamp: float) -> None:
        """Take an event of the visitor.

        Args:
            event: of any type.
            at: seconds, of the event.
            stamp: seconds, of its arrival.
        """
        signal = signal_of(event, at)
        if signal is not None:
            self.take_signal(signal, stamp)
        elif self.book.trails is not None and (act := act_signal(event, at)) is not None:
            self._take_act(act, stamp)
        if event.type in FACT_TYPES:
            self._take_fact(event, at, stamp)

    def take_page(self, page: tuple[str, str], at: float, stamp: float) -> None:
        """Take channel and city group that a decision's page told.

        Args:
            page: channel, and city group; empty where it is not known.
            at: seconds, of the decision.
            stamp: seconds, of its arrival.
        """
        if (plan := self.book.trails) is not None:
            self._keep_trails(with_decision(self.watch.trails, page, at, stamp, plan))

    def take_offer(self, offer: tuple[str, str], at: float, stamp: float) -> None:
        """Take an offer that was shown.

        Args:
            offer: slot and variant.
            at: seconds, of the exposure.
            stamp: seconds, of its arrival.
        """
        if (plan := self.book.trails) is not None:
            self._keep_trails(with_exposure(self.watch.trails, offer, at, stamp, plan))

    def take_signal(self, signal: Signal, stamp: float) -> None:
        """Take a signal: of an event, or of the record of what was found in its text.

        Args:
            signal: of the visitor.
            stamp: seconds, of its arrival.
        """
        if signal.type == ACT:
            self._take_act(signal, stamp)
            return
        self._touch(stamp)
        self._follow_path(signal, stamp)
        held = self._take_signal(signal)
        if held:
            return
        if signal.phrases:
            self._tell_words(signal)
        if signal.complaint and signal.complaint >= self.book.policy.proposes_at:
            self._propose(signal)

    def take_step(self, event: Event, at: float, stamp: float) -> None:
        """Take what a person did about a case of the visitor."""
        action, case = event.fields.get("action"), event.fields.get("case")
        past = next((one for one in self.watch.past if one.case == case), None)
        if past is not None and action in (CaseAction.CLOSE, CaseAction.REOPEN):
            changed = past._replace(is_open=action == CaseAction.REOPEN)
            self.watch = self.watch.with_past(changed)
        if action == CaseAction.CLOSE:
            self._touch(stamp)
            self._end_by(Signal(at, CASE_CLOSED, event.event_id))

    def take_warned(self, event: Event, at: float) -> None:
        """Take the record of a case that opened, or of a signal that joined it.

        The watch knows it already. Where rules have changed since, a rebuild does not come to it by
        itself: what was warned of stays known.
        """
        fields: Mapping[str, Any] = event.fields
        case, number = str(fields["case"]), int(fields.get("number", 1))
        past = next((one for one in self.watch.past if one.case == case), None)
        if past is not None:
            if number > past.number:
                self.watch = self.watch.with_past(past._replace(number=number))
        elif "topic" in fields:
            rule = self.book.by_name.get(str(fields["rule"]))
            once = rule.rule.once if rule else self.book.policy.proposal_once
            key = (str(fields["topic"]), str(fields["thing"]))
            of = str(fields.get("of", ""))
            since = float(fields["began"]) if fields.get("kind") == CaseKind.WINBACK else 0.0
            past = PastWarning(*key, case, at + once, event=of, since=since)
            self.watch = self.watch.with_past(past)

    def _take_act(self, act: Signal, stamp: float) -> None:
        """Take an act of the visitor; feedback is a signal as well."""
        if (plan := self.book.trails) is not None:
            self._keep_trails(with_act(self.watch.trails, act, stamp, plan))

    def _keep_trails(self, trails: Trails) -> None:
        if trails is not self.watch.trails:
            self.watch = self.watch._replace(trails=trails)

    def _follow_path(self, signal: Signal, stamp: float) -> None:
        """Take a payment that failed or went through, or a word about a contact."""
        plan = self.book.trails
        if signal.type == "paid":
            if self.watch.trails:
                self._keep_trails(without_paid(self.watch.trails, signal.at))
            self.watch, steps = returned_steps(self.watch, self.subject, signal)
            self.records += steps
        elif signal.type == "payment_failed" and plan is not None:
            self._keep_trails(with_failure(self.watch.trails, signal, stamp, plan))
        elif signal.type in ("contacted", "winback_outcome"):
            self.records += contact_steps(self.watch, self.subject, self.book.purpose, signal)

    def _end_trail(self, due: float) -> None:
        """Ask the rules of win-back about the visits whose time has come."""
        plan, over = self.book.trails, [one for one in self.watch.trails if one.due == due]
        rest = tuple(one for one in self.watch.trails if one.due != due)
        self.watch = self.watch._replace(trails=rest)
        for trail in over:
            if plan is None:
                break  # nobody is won back any more
            after = next_asking(trail, plan) if not self._ask_trail(trail, due) else None
            if after is not None:
                left = (*self.watch.trails, after)
                self.watch = self.watch._replace(trails=tuple(sorted(left)))
        if self.watch._replace(touched=0.0) == NOTHING:
            self.watch = NOTHING  # of somebody who only looked nothing is left

    def _ask_trail(self, trail: Trail, due: float) -> bool:
        """Open a case, or let the visit join one; return whether the visit needs no more asking."""
        plan = self.book.trails
        if plan is None or trail.asked >= len(plan.waits):
            return True
        signal, wait = trail_signal(trail, plan), plan.waits[trail.asked]
        asking = [x for x in self.book.about(signal) if plan.after.get(x.rule.name) == wait]
        if not asking or not is_worth(trail, plan):
            return False
        known = self._attributes(due)
        paid = known.get("last_paid_at")
        if isinstance(paid, int | float) and paid >= trail.began:
            return True
        context = {**known, **trail_attributes(trail, plan)}
        asked = Occasion(due, signal, (), lambda _: context)
        held = next((one for one in asking if one.holds(asked)), None)
        if held is not None:
            self._touch(due)
            rule = replace(held.rule, facts={**held.rule.facts, **trail_facts(trail, plan)})
            self._warn(rule, "", due, signal._replace(scene=""), trail.began)
        return held is not None

    def _touch(self, stamp: float) -> None:
        if stamp > self.watch.touched:
            self.watch = self.watch._replace(touched=stamp)

    def _take_signal(self, signal: Signal) -> bool:
        """Take a signal; return whether a rule held."""
        self._end_by(signal)
        if self.book.longest and self.book.counts(signal):
            self._remember(signal)
        about = self.book.about(signal)
        if not about:
            return False
        asked = Occasion(signal.at, signal, self.watch.signals, self._attributes)
        held = [one for one in about if one.holds(asked)]
        for one in held:
            self._begin(one.rule, signal.at, signal)
        return bool(held)

    def _remember(self, signal: Signal) -> None:
        """Remember a signal; that of its words takes the place of the event's own."""
        since = signal.at - self.book.longest
        named = (signal.type, signal.event_id)
        rest = (x for x in self.watch.signals if (x.type, x.event_id) != named and x.at >= since)
        self.watch = self.watch._replace(signals=(*rest, signal.brief)[-MOST_SIGNALS:])

    def _take_fact(self, event: Event, at: float, stamp: float) -> None:
        facts = facts_with_event(self.watch.facts, at, event)
        if facts == self.watch.facts:
            return
        self._touch(stamp)
        self.watch = self.watch._replace(facts=facts)
        if self.book.about_person():
            self._ask_person(at, self._attributes(at))

    def _ask_person(self, at: float, context: Mapping[str, Scalar]) -> None:
        """Ask the rules on attributes, and note when time alone may change what they say."""
        asked = Occasion(at, None, self.watch.signals, lambda _: context)
        for one in self.book.about_person():
            if one.holds(asked):
                self._begin(_telling(one.rule, context), at, _NO_SIGNAL._replace(at=at))
        self.watch = self.watch._replace(look=self.book.next_look(context, at))

    def _attributes(self, at: float) -> Mapping[str, Scalar]:
        if self._known is None or self._known[:2] != (self.watch.facts, at):
            context = decode_facts(self.watch.facts).context(at, self.book.rhythm)
            self._known = (self.watch.facts, at, self.book.describe(context, at))
        return self._known[2]

    def _begin(self, rule: WarningRule, at: float, signal: Signal) -> None:
        """Warn, or wait for the rule's delay; a delay that runs already is not begun again."""
        thing = thing_of(rule, signal)
        if not rule.after:
            self._warn(rule, thing, at, signal)
            return
        running = any((x.rule, x.thing) == (rule.name, thing) for x in self.watch.delays)
        if not running and len(self.watch.delays) < MOST_PENDING:
            one = Delay(rule.name, thing, at + rule.after, signal)
            self.watch = self.watch._replace(delays=(*self.watch.delays, one))

    def _end_by(self, signal: Signal) -> None:
        """End the delays that a signal resolves."""
        if not self.watch.delays:
            return
        rest = tuple(one for one in self.watch.delays if not self._resolves(signal, one))
        if len(rest) < len(self.watch.delays):
            self.watch = self.watch._replace(delays=rest)

    def _resolves(self, signal: Signal, delay: Delay) -> bool:
        booked = self.book.by_name.get(delay.rule)
        return booked is not None and booked.is_ended_by(signal, delay.signal)

    def _end_delays(self, due: float) -> None:
        """End the delays that have passed; each warns unless attributes spare it."""
        over = [one for one in self.watch.delays if one.due == due]
        rest = tuple(one for one in self.watch.delays if one.due != due)
        self.watch = self.watch._replace(delays=rest)
        for delay in over:
            booked = self.book.by_name.get(delay.rule)
            if booked is not None and not self._is_spared(booked, due, delay.signal):
                self._warn(booked.rule, delay.thing, due, delay.signal)

    def _is_spared(self, booked: BookedRule, at: float, signal: Signal) -> bool:
        asked = Occasion(at, signal, self.watch.signals, self._attributes)
        return any(one(asked) for one in booked.spares)

    def _propose(self, signal: Signal) -> None:
        """Propose a warning, unless something is known of the same scene."""
        known = {
            *((one.thing, one.event) for one in self.watch.past if one.is_open),
            *((one.thing, one.signal.event_id) for one in self.watch.delays),
        }
        if any(thing == signal.scene or of == signal.event_id for thing, of in known):
            return
        rule = WarningRule(PROPOSAL, (), CaseLevel.PROPOSAL, once=self.book.policy.proposal_once)  # type: ignore[arg-type]
        self._warn(rule, signal.scene, signal.at, signal)

    def _tell_words(self, signal: Signal) -> None:
        """Add words to what their event began by its score alone: its case, or a delay."""
        event = signal.event_id
        for past in self.watch.past:
            if event and past.event == event and past.is_open and past.number < MOST_JOINS:
                told = past._replace(number=past.number + 1)
                self.watch = self.watch.with_past(told)
                rule = (_WORDS_ALONE, CaseLevel.PROPOSAL.value)
                record = joining_record(told, self.subject, rule, signal.at, signal, again=True)
                self.records.append(record)
        delays = tuple(
            one._replace(signal=signal) if event and one.signal.event_id == event else one
            for one in self.watch.delays
        )
        self.watch = self.watch._replace(delays=delays)

    def _warn(
        self, rule: WarningRule, thing: str, at: float, signal: Signal, since: float = 0.0
    ) -> None:
        """Open a case, or let the signal join the open one; what was warned of lately is silent."""
        topic, told = rule.shared_topic, (rule.name, rule.level.value)
        past = self.watch.of_thing(topic, thing)
        if past is None or not (past.is_open or at < past.until):
            if not self._has_room(at):
                return
            name = case_id(self.partition, self.subject, topic, thing, at)
            event = signal.event_id
            one = PastWarning(topic, thing, name, at + rule.once, event=event, since=since)
            self.watch = self.watch.with_past(one)
            self.records.append(opening_record(name, self.subject, rule, thing, at, signal))
        elif rule.kind is CaseKind.MEASURE:
            return  # it is due already: that its rule still holds is no further signal
        elif past.is_open and past.number < MOST_JOINS:
            joined = past._replace(number=past.number + 1, event=signal.event_id)
            self.watch = self.watch.with_past(joined)
            again = bool(signal.event_id) and past.event == signal.event_id
            facts = rule.facts if rule.kind is CaseKind.WINBACK else None
            self.records.append(
                joining_record(joined, self.subject, told, at, signal, again=again, facts=facts)
            )

    def _has_room(self, at: float) -> bool:
        """Forget what is over for long; return whether one more warning may be known."""
        past = self.watch.past
        if len(past) >= MOST_WARNED:
            past = tuple(one for one in past if one.until + KEEP * DAY >= at)
            self.watch = self.watch._replace(past=past)
        return len(past) < MOST_WARNED


def _telling(rule: WarningRule, context: Mapping[str, Scalar]) -> WarningRule:
    """Return a measure's rule with the words that it holds for, as facts: stage, tier."""
    if rule.kind is not CaseKind.MEASURE:
        return rule
    asked = {test.attribute for one in attribute_rules(rule.when) for test in one.tests()}
    words = {name: context[name] for name in asked if isinstance(context.get(name), str)}
    return replace(rule, facts={**words, **rule.facts})


def thing_of(rule: WarningRule, signal: Signal) -> str:
    """Return the thing that a rule would warn of."""
    if rule.thing is Thing.EVENT:
        return f"{signal.type}:{signal.event_id}" if signal.event_id else repr(signal.at)
    return signal.scene if rule.thing is Thing.SCENE else ""


def arriving_watch(mine: Watch, other: Watch) -> Watch:
    """Return the watch over a visitor who was known as two; facts come by a record of their own.

    Args:
        mine: of the subject that stays.
        other: of the subject that left.
    """
    cases = {one.case for one in mine.past}
    running = {(one.rule, one.thing) for one in mine.delays}
    events = {(one.type, one.event_id) for one in mine.signals}
    signals: Sequence[Signal] = [
        *mine.signals,
        *(one for one in other.signals if (one.type, one.event_id) not in events),
    ]
    return mine._replace(
        touched=max(mine.touched, other.touched),
        signals=tuple(sorted(signals, key=lambda x: (x.at, x.type, x.event_id)))[-MOST_SIGNALS:],
        delays=(
            *mine.delays,
            *(one for one in other.delays if (one.rule, one.thing) not in running),
        )[:MOST_PENDING],
        past=(*(one for one in other.past if one.case not in cases), *mine.past),
        trails=merged_trails(mine.trails, other.trails),
    )
