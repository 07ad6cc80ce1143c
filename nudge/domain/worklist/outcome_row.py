"""Rows of outcomes, as a call centre's file or an API call brings them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.care.case import Case, CaseAction, CaseStep
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.instants import parse_past
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.values.words import parse_word
from nudge.domain.worklist.contact_facts import NO_CONTACT, ContactNote
from nudge.domain.worklist.work_policy import WorkPolicy

COLUMNS: Final = (
    *("case", "outcome", "at", "agent", "channel", "seconds", "reached", "cost", "note", "close"),
)
"""Columns of a file of outcomes; `case` is needed."""
MAX_ID: Final = 64
MAX_NOTE: Final = 500
LONGEST_CALL: Final = 86_400.0
DEAREST: Final = 1_000_000.0


@dataclass(frozen=True)
class OutcomeRow:
    """A row of outcomes.

    Attributes:
        case: id.
        outcome: name; empty where only a contact is told.
        at: seconds, when it happened.
        agent: who acted; empty for who imports.
        contact: what is told of it.
        note: free words, numbers masked.
        close: the case is closed with it.
    """

    case: str
    outcome: str
    at: float
    agent: str = ""
    contact: ContactNote = NO_CONTACT
    note: str = ""
    close: bool = False

    @property
    def digest(self) -> str:
        """The digest of the row: the same row twice is one."""
        one = self.contact
        parts = (self.case, self.outcome, repr(self.at), self.agent, one.channel, repr(one.seconds))
        more = (repr(one.reached), repr(one.cost), self.note, repr(self.close))
        return hashlib.blake2b("\n".join((*parts, *more)).encode(), digest_size=12).hexdigest()

    def steps(self, case: Case, policy: WorkPolicy, who: str) -> Iterator[CaseStep]:
        """Yield the steps that the row takes on its case; the note is of the first.

        Args:
            case: of the row.
            policy: of work lists, for costs.
            who: imports.
        """
        actor, name = self.agent or who, f"outcome:{self.digest}"
        if self.contact.is_told or not self.outcome:
            facts = self.contact.facts(policy, case.kind)
            yield CaseStep(
                self.at, CaseAction.CONTACT.value, actor, action_id=f"{name}:contact", facts=facts
            )
        if self.outcome:
            yield CaseStep(
                self.at, CaseAction.OUTCOME.value, actor, outcome=self.outcome, action_id=name
            )
        if self.close:
            yield CaseStep(self.at, CaseAction.CLOSE.value, actor, action_id=f"{name}:close")


@dataclass(frozen=True)
class OutcomeReader:
    """The reader of rows: each value comes in by its door.

    Attributes:
        outcomes: names of [[outcomes]].
        agents: names of who may act.
        channels: of the contact policy; any word where empty.
        now: seconds.
    """

    outcomes: Collection[str]
    agents: Collection[str]
    channels: Collection[str]
    now: float

    def read(self, row: Mapping[str, object]) -> OutcomeRow | str:
        """Return a row as it is meant, or why it cannot be used, with the cure."""
        given = {name: value for name, value in row.items() if value not in (None, "")}
        try:
            return self._read(given)
        except ValueRefusedError as error:
            return str(error)

    def _read(self, row: Mapping[str, object]) -> OutcomeRow:
        outcome = self._one_of(row, "outcome", self.outcomes, "[[outcomes]] of warnings.toml")
        agent = self._one_of(row, "agent", self.agents, "agents of worklist.toml or warnings.toml")
        channel = self._one_of(row, "channel", self.channels, "channels of contact.toml")
        seconds = _number(row, "seconds", LONGEST_CALL)
        contact = ContactNote(
            channel, seconds, _value(row, "reached", parse_flag), _number(row, "cost", DEAREST)
        )
        if "case" not in row:
            raise ValueRefusedError("case: is missing; give the id that the export has")
        if not outcome and not contact.is_told:
            raise ValueRefusedError("outcome: is missing; give an outcome, or tell of a contact")
        note = mask_numbers(_word(row, "note", MAX_NOTE))
        close = bool(_value(row, "close", parse_flag))
        at = _value(row, "at", lambda value: parse_past(value, self.now))
        when = self.now if at is None else at
        return OutcomeRow(
            _word(row, "case", MAX_ID), outcome, when, agent, contact, note, close=close
        )

    def _one_of(
        self, row: Mapping[str, object], name: str, known: Collection[str], where: str
    ) -> str:
        word = _word(row, name, MAX_ID)
        if word and known and word not in known:
            raise ValueRefusedError(f"{name}: is not listed in {where}; use {', '.join(known)}")
        if word and not known and name != "channel":
            raise ValueRefusedError(f"{name}: nothing is listed in {where}; list it there")
        return word


def _value(row: Mapping[str, object], name: str, parse: Callable[[object], Any]) -> Any:  # noqa: ANN401 (as the door gives it)
    if name not in row:
        return None
    try:
        return parse(row[name])
    except ValueRefusedError as error:
        raise ValueRefusedError(f"{name}: {error}") from error


def _word(row: Mapping[str, object], name: str, longest: int) -> str:
    return _value(row, name, lambda value: parse_word(value, longest)) or ""


def _number(row: Mapping[str, object], name: str, most: float) -> float | None:
    found: float | None = _value(row, name, parse_quantity)
    if found is not None and not 0 <= found <= most:
        raise ValueRefusedError(f"{name}: is out of range; give 0 to {most:g}")
    return found
