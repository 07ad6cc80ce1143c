"""Actions of people on cases: assign, contact, outcome, close, reopen. Idempotent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from nudge import clock, faults
from nudge.domain.care.case import Case, CaseAction, CaseStep, is_news, problem_of
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.domain.journal.care_events import FOLLOWED
from nudge.domain.journal.event import text_name
from nudge.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from nudge.store.store import Store

PATIENCE: Final = 2.0
"""Seconds that an action waits until the one before has reached the case."""
LOOK: Final = 0.05


class NoteSeal(Protocol):
    """The seal of notes: `VaultSeal`."""

    def seal(self, text: str, about: str) -> bytes:
        """Return a sealed text."""
        ...


@dataclass(frozen=True)
class CaseDesk:
    """The desk at which people act on cases.

    Attributes:
        policy: of now: agents and outcomes.
        seal: of notes, which may name somebody and so belong into the vault.
    """

    store: Store
    policy: WarningPolicy
    seal: NoteSeal

    def act(self, name: str, step: CaseStep, note: str = "", revision: int | None = None) -> Case:
        """Take a step on a case; return it as it stands, also where it had been taken before.

        Args:
            name: id of the case.
            step: by a person, with the action's id; its `at` is now.
            note: free words without numbers; empty for none.
            revision: of the case as the person saw it; None where that does not matter.

        Raises:
            NotFoundError: no case has this id.
            InvalidRequestError: the step does not fit the case or the policy.
            ChangedMeanwhileError: somebody else acted since.
            StoreAwayError: no answer; the same call goes on.
        """
        self._check(step)
        until = clock.monotonic() + PATIENCE
        while True:
            case, done = self._caught_up(name, step.action_id, until)
            if not is_news(case, step):
                return case
            if done:
                return case.with_step(step)
            _refuse(case, step, revision)
            faults.point("case.before_append")
            if self.store.cases.act(case, step, self._note(step, note)):
                faults.point("case.after_append")
                return case.with_step(step)
            if clock.monotonic() >= until:
                raise ChangedMeanwhileError("somebody else acted on the case; look and try again")
            clock.sleep(LOOK)

    def _caught_up(self, name: str, action_id: str, until: float) -> tuple[Case, bool]:
        """Return a case with the steps before, and whether this one was the last of them.

        The step before may be on its way to the fold: without it the case looks as it was.
        """
        while True:
            case = self._find(name)
            pending = self.store.cases.pending(case)
            done = bool(action_id) and pending.last == action_id
            if done or pending.revision <= case.revision or clock.monotonic() >= until:
                return case, done
            clock.sleep(LOOK)

    def _find(self, name: str) -> Case:
        found = self.store.cases.read(name)
        if found is None:
            raise NotFoundError("no case has this id")
        return found

    def _note(self, step: CaseStep, note: str) -> tuple[str, bytes] | None:
        if not note:
            return None
        name = note_name(step)
        return name, self.seal.seal(note, name)

    def _check(self, step: CaseStep) -> None:
        """Check that a step has what its action needs, and names whom and what there is.

        Raises:
            InvalidRequestError: it does not.
        """
        if bool(step.to) != (step.action == CaseAction.ASSIGN):
            raise _wrong("to", "belongs to the action `assign`, which needs it")
        if step.to and step.to not in self.policy.agents:
            raise _wrong("to", _listed("agents", self.policy.agents))
        if step.facts and step.action not in (CaseAction.CONTACT, CaseAction.GRANT):
            names = ", ".join(name for name, _ in step.facts)
            raise _wrong(step.facts[0][0], f"belongs to the action `contact`; leave out {names}")
        if step.outcome and step.action not in (CaseAction.OUTCOME, CaseAction.CLOSE):
            raise _wrong("outcome", "belongs to the actions `outcome` and `close`")
        if step.action == CaseAction.OUTCOME and not step.outcome:
            raise _wrong("outcome", "is missing; name one of [[outcomes]] in warnings.toml")
        if step.outcome and step.outcome not in self.policy.outcomes:
            raise _wrong("outcome", _listed("[[outcomes]]", self.policy.outcomes))


def _refuse(case: Case, step: CaseStep, revision: int | None) -> None:
    """Refuse a step that does not fit the case.

    Raises:
        ChangedMeanwhileError: the case has another revision.
        InvalidRequestError: its state does not allow the step.
    """
    if revision is not None and revision != case.revision:
        text = f"the case is at revision {case.revision}; look at it and act again"
        raise ChangedMeanwhileError(text)
    if (problem := problem_of(case, step)) is not None:
        raise _wrong("action", problem)


def note_name(step: CaseStep) -> str:
    """Return the name of a step's note in the vault."""
    return text_name("server", FOLLOWED, step.action_id)


def _listed(table: str, names: Iterable[str]) -> str:
    return f"is not listed in {table} of warnings.toml; use one of {', '.join(names) or 'none'}"


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
