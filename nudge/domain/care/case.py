"""A case: a warning, and what people did about it until it was closed. Pure.

A case is a function of the journal's records: `warned` opens it or joins it, `followed` is what a
person did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import starmap
from typing import Any, Final, NamedTuple

import msgpack

from nudge.domain.care.signal import Signal, joined_parts, parts_of
from nudge.domain.care.warning_rule import CaseKind, CaseLevel, WarningRule
from nudge.domain.care.watch import PastWarning
from nudge.domain.journal.care_events import ENGINE, FOLLOWED, WARNED
from nudge.domain.journal.records import Event, Ref
from nudge.domain.slots.slot import Scalar

KEEP: Final = 800
"""Days for which a case is kept after it was opened."""
MOST_STEPS: Final = 200
"""Steps of people after which a case takes no more."""
MOST_JOINS: Final = 20
"""Signals that are told of one case."""
Facts = tuple[tuple[str, Scalar], ...]
"""Name and value of each fact, by name."""
RETURNED: Final = "returned"
"""Outcome of a case of win-back whose visitor has paid, as the engine tells it."""
FACT: Final = "fact_"
"""Beginning of the fields of a record that tell facts of a case, or of a step."""
_DIGITS: Final = 9
"""Most digits of a partition: longer numbers are no ids, and may be too long to read."""
_STEPS: Final = 17
"""Place of the steps in an encoded case; what later versions know of a case follows it."""
_RANKS: Final = {level.value: rank for rank, level in enumerate(CaseLevel)}


class CaseAction(StrEnum):
    """Action of a step: of the engine (open, join), of a call list (export), or of a person."""

    OPEN = "open"
    JOIN = "join"
    ASSIGN = "assign"
    CONTACT = "contact"
    GRANT = "grant"
    OUTCOME = "outcome"
    CLOSE = "close"
    REOPEN = "reopen"
    EXPORT = "export"


_SILENT: Final = (CaseAction.JOIN, CaseAction.EXPORT)
"""Actions that leave the state as it is."""
ACTIONS: Final = tuple(one for one in CaseAction if one not in (CaseAction.OPEN, CaseAction.JOIN))
"""Actions that people may take."""


class CaseState(StrEnum):
    """State of a case, as its last step left it."""

    OPEN = "open"
    ASSIGNED = "assigned"
    CONTACTED = "contacted"
    OUTCOME = "outcome"
    CLOSED = "closed"


_AFTER: Final[Mapping[CaseAction, CaseState]] = {
    CaseAction.OPEN: CaseState.OPEN,
    CaseAction.ASSIGN: CaseState.ASSIGNED,
    CaseAction.CONTACT: CaseState.CONTACTED,
    CaseAction.GRANT: CaseState.CONTACTED,
    CaseAction.OUTCOME: CaseState.OUTCOME,
    CaseAction.CLOSE: CaseState.CLOSED,
    CaseAction.REOPEN: CaseState.OPEN,
}


class CaseStep(NamedTuple):
    """A step of a case's history.

    Attributes:
        at: seconds.
        who: name of the person or of the API key; `nudge` for the engine.
        to: person to whom it was assigned.
        outcome: name, of an outcome.
        action_id: of the caller; of a signal that joined, the event's id.
        noted: there is a note in the vault, under the action's id.
        facts: of the step, such as the seconds of a call, or the decision of a measure.
        decision: that a grant carries out; None for other steps.
        engine: a fold took it, by a payment or a server's word; nobody acted.
    """

    at: float
    action: str
    who: str
    to: str = ""
    outcome: str = ""
    action_id: str = ""
    noted: bool = False
    facts: Facts = ()
    decision: Ref | None = None
    engine: bool = False

    def fact(self, name: str) -> Scalar | None:
        """Return a fact by its name; None where the step does not tell it."""
        return next((value for key, value in self.facts if key == name), None)


@dataclass(frozen=True)
class Case:
    """A case of a visitor.

    Attributes:
        id: a function of visitor, topic, thing and time, so that opening it again changes nothing.
        partition: of its records.
        subject: of the visitor.
        rule: its name; `proposal` for the complaint model's.
        level: of the warning; the highest of those that joined it.
        scene: of the signal; empty where it has none.
        score: of the signal, if any.
        words: phrases of the lexicon, or of the model, in the text.
        complaint: the model's probability; 0 where it is not told.
        event: id and type of the event that began it; empty where time did.
        began: seconds, of that event.
        opened: seconds, when the rule held and its delay had passed.
        signals: that it stands for.
        number: of records of signals.
        steps: history, the oldest first; the first one opens it.
        kind: of a `CaseKind`.
        held: the visitor is held out: nobody acts on the case.
        facts: that the case tells beside, such as the stage at which a visitor left.
        late: ids of people's steps that fitted no more when their turn came: they changed nothing.
    """

    id: str
    partition: int
    subject: str
    rule: str
    topic: str
    thing: str
    level: str
    scene: str
    score: float | None
    words: tuple[str, ...]
    groups: tuple[str, ...]
    complaint: float
    event: tuple[str, str]
    began: float
    opened: float
    signals: int
    number: int
    steps: tuple[CaseStep, ...]
    kind: str = CaseKind.WARNING.value
    held: bool = False
    facts: Facts = ()
    late: tuple[str, ...] = ()

    @property
    def state(self) -> CaseState:
        """The state after the last step that changes it; an assignment stays over a reopening."""
        state = CaseState.OPEN
        for step in self.steps:
            if step.action not in _SILENT:
                state = _AFTER[CaseAction(step.action)]
        return state

    @property
    def assignee(self) -> str:
        """The person to whom the case was assigned last; empty for nobody."""
        return next((x.to for x in reversed(self.steps) if x.action == CaseAction.ASSIGN), "")

    @property
    def outcome(self) -> str:
        """The last outcome; empty without one."""
        return next((x.outcome for x in reversed(self.steps) if x.outcome), "")

    @property
    def changed(self) -> float:
        """The second of the last step."""
        return max(step.at for step in self.steps)

    @property
    def revision(self) -> int:
        """The number of actions of people that were read, those that came too late among them.

        Steps of the engine do not count: the store compares this number with the actions that were
        appended, and one of those that is not read yet must not be overlooked.
        """
        return self.taken(engine=False) + len(self.late)

    def taken(self, *, engine: bool) -> int:
        """Return the number of steps of people, or of the engine, behind the opening."""
        return sum(x.action in ACTIONS and x.engine is engine for x in self.steps)

    def fact(self, name: str) -> Scalar | None:
        """Return a fact by its name; None where the case does not tell it."""
        return next((value for key, value in self.facts if key == name), None)

    @property
    def grant(self) -> CaseStep | None:
        """The step that granted a measure; None while nobody took it."""
        return next((step for step in self.steps if step.action == CaseAction.GRANT), None)

    def with_step(self, step: CaseStep) -> Case:
        """Return the case with one more step in its history."""
        return replace(self, steps=(*self.steps, step))


def problem_of(case: Case, step: CaseStep) -> str | None:
    """Return why a person's step does not fit a case; None where it does."""
    action, state = step.action, case.state
    if case.held and action != CaseAction.CLOSE:
        return "is refused: the visitor is held out, to tell what comes without contact"
    if action == CaseAction.REOPEN:
        return None if state is CaseState.CLOSED else "is refused: the case is not closed"
    if state is CaseState.CLOSED:
        return "is refused: the case is closed; reopen it first"
    if action == CaseAction.CLOSE and not (step.outcome or case.outcome or case.held):
        return "is refused: the case has no outcome; give one"
    if action != CaseAction.CLOSE and case.taken(engine=step.engine) >= MOST_STEPS:
        return f"is refused: the case has {MOST_STEPS} steps"
    return None


def is_news(case: Case, step: CaseStep) -> bool:
    """Return False where a step has been taken, or would leave the case as it is."""
    if step.action_id and any(one.action_id == step.action_id for one in case.steps):
        return False
    state = case.state
    if step.action == CaseAction.GRANT:
        return case.grant is None  # a case has one measure
    if step.action == CaseAction.ASSIGN:
        return not (state is CaseState.ASSIGNED and case.assignee == step.to)
    if step.action == CaseAction.OUTCOME:
        return not (state is CaseState.OUTCOME and case.outcome == step.outcome) or step.noted
    if step.action == CaseAction.CLOSE:
        return state is not CaseState.CLOSED
    return step.action != CaseAction.REOPEN or state is CaseState.CLOSED


def case_id(partition: int, subject: str, topic: str, thing: str, at: float) -> str:
    """Return the id of a case; its beginning says in which partition it is."""
    text = "\n".join((subject, topic, thing, repr(at)))
    return f"{partition}-{hashlib.blake2b(text.encode(), digest_size=9).hexdigest()}"


def partition_of(name: str) -> int | None:
    """Return the partition that a case's id names; None for any other text."""
    number, dash, _ = name.partition("-")
    is_number = number.isascii() and number.isdigit() and len(number) <= _DIGITS
    return int(number) if dash and is_number else None


def is_held_out(kind: str, subject: str, share: float) -> bool:
    """Return whether a visitor's cases of a kind are held out.

    A visitor stays on one side while the share does not change, and a larger share keeps whom a
    smaller one held out.

    Args:
        kind: of the cases.
        subject: of the visitor.
        share: of visitors, 0 to 1.
    """
    drawn = hashlib.blake2b(f"held\n{kind}\n{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(drawn, "big") < share * 2.0**64


def opening_record(
    name: str, subject: str, rule: WarningRule, thing: str, at: float, signal: Signal
) -> Event:
    """Return the record by which a case opens.

    Args:
        name: id of the case.
        subject: of the visitor.
        rule: that holds.
        thing: that it warns of.
        at: seconds.
        signal: that began it.
    """
    fields: dict[str, Scalar] = {
        "case": name,
        "topic": rule.shared_topic,
        "thing": thing,
        "rule": rule.name,
        "level": rule.level.value,
        "began": signal.at,
    }
    fields |= {} if rule.kind is CaseKind.WARNING else {"kind": rule.kind.value}
    fields |= {"held": True} if is_held_out(rule.kind, subject, rule.held_share) else {}
    fields |= _fact_fields(facts_of(rule.facts))
    return Event(subject, name, WARNED, "server", fields=fields | _told(signal), at=at)


def joining_record(
    past: PastWarning,
    subject: str,
    rule: tuple[str, str],
    at: float,
    signal: Signal,
    *,
    again: bool,
    facts: Mapping[str, Scalar] | None = None,
) -> Event:
    """Return the record by which a signal joins a case.

    Args:
        past: the warning, with the record's own number.
        subject: of the visitor.
        rule: name and level.
        at: seconds.
        signal: that joins.
        again: it is of the event that the case told last: another rule holds for it.
        facts: that the case tells from now on in place of those of the same names.
    """
    fields: dict[str, Scalar] = {"case": past.case, "number": past.number}
    fields |= {"rule": rule[0], "level": rule[1]} | _told(signal)
    fields |= _fact_fields(facts_of(facts or {}))
    fields |= {"again": True} if again else {}
    return Event(subject, f"{past.case}:{past.number}", WARNED, "server", fields=fields, at=at)


def step_record(case: Case, step: CaseStep) -> Event:
    """Return the record of a person's step."""
    fields: dict[str, Scalar] = {"case": case.id, "action": step.action, "who": step.who}
    fields |= {"to": step.to} if step.to else {}
    fields |= {"outcome": step.outcome} if step.outcome else {}
    fields |= {"noted": True} if step.noted else {}
    fields |= _fact_fields(step.facts)
    return Event(
        case.subject, step.action_id, FOLLOWED, "server", step.decision, fields, at=step.at
    )


def engine_step(case: str, subject: str, step: CaseStep) -> Event:
    """Return the record of a step that the engine takes on a visitor's case.

    Args:
        case: id.
        subject: of the visitor, as it is known now.
        step: with an id made of its cause, so that taking it again changes nothing.
    """
    fields: dict[str, Scalar] = {"case": case, "action": step.action, "who": step.who}
    fields |= {ENGINE: True} | ({"outcome": step.outcome} if step.outcome else {})
    fields |= _fact_fields(step.facts)
    return Event(subject, step.action_id, FOLLOWED, "server", fields=fields, at=step.at)


def is_of_case(record: Event, case: Case) -> bool:
    """Return whether a record of a step is the case's own, and not a move of it."""
    return record.subject == case.subject or bool(record.fields.get(ENGINE))


def _told(signal: Signal) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {
        "of": signal.event_id,
        "of_type": signal.type,
        "scene": signal.scene,
        "groups": joined_parts(signal.groups),
        "words": joined_parts(signal.phrases or signal.model_words),
    }
    if signal.score is not None:
        found["score"] = signal.score
    if signal.complaint:
        found["complaint"] = signal.complaint
    return {name: value for name, value in found.items() if value != ""}


def facts_of(table: Mapping[str, Scalar]) -> Facts:
    """Return the facts of a table."""
    return tuple(sorted(table.items()))


def _fact_fields(facts: Facts) -> dict[str, Scalar]:
    return {f"{FACT}{name}": value for name, value in facts}


def _facts_in(fields: Mapping[str, Scalar]) -> Facts:
    size = len(FACT)
    return facts_of({k[size:]: v for k, v in fields.items() if k[:size] == FACT})


def case_of(partition: int, record: Event, at: float) -> Case:
    """Return the case that a record opens."""
    fields: Any = record.fields
    return Case(
        id=str(fields["case"]),
        partition=partition,
        subject=record.subject,
        rule=str(fields["rule"]),
        topic=str(fields["topic"]),
        thing=str(fields["thing"]),
        level=str(fields["level"]),
        scene=str(fields.get("scene", "")),
        score=fields.get("score"),
        words=parts_of(fields.get("words")),
        groups=parts_of(fields.get("groups")),
        complaint=float(fields.get("complaint") or 0.0),
        event=(str(fields.get("of", "")), str(fields.get("of_type", ""))),
        began=float(fields["began"]),
        opened=at,
        signals=1,
        number=1,
        steps=(CaseStep(at, CaseAction.OPEN.value, "nudge"),),
        kind=str(fields.get("kind", CaseKind.WARNING.value)),
        held=bool(fields.get("held")),
        facts=_facts_in(fields),
    )


def with_record(case: Case, record: Event, at: float) -> Case:
    """Return a case with one more record of its own: a signal that joined, or a person's step.

    A step that does not fit is not taken: the engine's own came between, such as a payment's.
    """
    fields: Any = record.fields
    if record.type == WARNED:
        return _joined(case, fields, at)
    step = CaseStep(
        at,
        str(fields["action"]),
        str(fields["who"]),
        str(fields.get("to", "")),
        str(fields.get("outcome", "")),
        record.event_id,
        bool(fields.get("noted")),
        _facts_in(fields),
        record.decision,
        bool(fields.get(ENGINE)),
    )
    if is_news(case, step) and problem_of(case, step) is None:
        return case.with_step(step)
    known = step.engine or step.action_id in (*case.late, *(x.action_id for x in case.steps))
    return case if known else replace(case, late=(*case.late, step.action_id))


def _joined(case: Case, fields: Any, at: float) -> Case:  # noqa: ANN401 (a record's own fields)
    number = int(fields.get("number", 1))
    if number <= case.number:
        return case
    joined = replace(
        case,
        number=number,
        signals=case.signals + (not fields.get("again")),
        words=tuple(dict.fromkeys((*case.words, *parts_of(fields.get("words")))))[:MOST_JOINS],
        groups=tuple(sorted({*case.groups, *parts_of(fields.get("groups"))})),
        level=max(case.level, str(fields["level"]), key=lambda one: _RANKS.get(one, 0)),
        facts=facts_of(dict(case.facts) | dict(_facts_in(fields))),
    )
    step = CaseStep(at, CaseAction.JOIN.value, "nudge", action_id=str(fields.get("of", "")))
    return joined.with_step(step)


def encode_case(case: Case) -> bytes:
    """Encode a case as bytes."""
    packed: bytes = msgpack.packb(list(case.__dict__.values()))
    return packed


def decode_case(data: bytes) -> Case:
    """Decode a case that `encode_case` encoded, also in a version before."""
    rows: list[Any] = list(msgpack.unpackb(data, use_list=False))
    rows[_STEPS] = tuple(starmap(CaseStep, rows[_STEPS]))
    return Case(*rows)
