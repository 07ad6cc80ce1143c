"""Outcomes of many cases at a time: each row becomes steps, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nudge import clock
from nudge.domain.care.case import Case, CaseAction, CaseStep, is_news, problem_of
from nudge.domain.worklist.outcome_row import OutcomeRow
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.flows.care.case_actions import NoteSeal, note_name
from nudge.store.folds.case_store import CaseAct
from nudge.store.store import Store

LOOK: Final = 0.05
_BUSY: Final = "case: somebody else acts on it; import the refused rows again"


class OutcomeResult(NamedTuple):
    """The result of a row.

    Attributes:
        case: id.
        status: `taken`, `known` or `refused`.
        why: of a refusal, with the cure.
    """

    case: str
    status: str
    why: str = ""


@dataclass(frozen=True)
class OutcomeDesk:
    """The desk that takes outcomes.

    Attributes:
        work: policy of work lists.
        seal: of notes.
        who: acts where a row names nobody.
        patience: seconds that rows wait for steps of others to reach their cases.
    """

    store: Store
    work: WorkPolicy
    seal: NoteSeal
    who: str
    patience: float = 10.0

    def take(self, rows: Sequence[OutcomeRow]) -> list[OutcomeResult]:
        """Take some rows; return what became of each, in order.

        Raises:
            StoreAwayError: no answer; the same call goes on.
        """
        found: dict[int, OutcomeResult] = {}
        left, until = dict(enumerate(rows)), clock.monotonic() + self.patience
        while left:
            found |= self._take_each(left)
            left = {place: row for place, row in left.items() if place not in found}
            if left and clock.monotonic() >= until:
                busy = {n: OutcomeResult(row.case, "refused", _BUSY) for n, row in left.items()}
                found |= busy
                break
            if left:
                clock.sleep(LOOK)
        return [found[place] for place in range(len(rows))]

    def _take_each(self, rows: dict[int, OutcomeRow]) -> dict[int, OutcomeResult]:
        """Take rows; those on whose cases somebody else acted are missing from the answer."""
        cases = self.store.cases.read_many({row.case for row in rows.values()})
        found: dict[int, OutcomeResult] = {}
        acts: list[tuple[int, CaseAct]] = []
        for place, row in rows.items():
            case = cases.get(row.case)
            if case is None:
                found[place] = OutcomeResult(row.case, "refused", "case: no case has this id")
                continue
            steps = self._steps(case, row)
            if isinstance(steps, str):
                found[place] = OutcomeResult(row.case, "refused", steps)
            elif not steps:
                found[place] = OutcomeResult(row.case, "known")
            else:
                acts += [(place, act) for act in steps]
                cases[row.case] = steps[-1].case.with_step(steps[-1].step)
        done = self.store.cases.act_each([act for _, act in acts])
        taken: dict[int, bool] = {}
        for (place, _), ok in zip(acts, done, strict=True):
            taken[place] = taken.get(place, True) and ok
        told = {n: OutcomeResult(rows[n].case, "taken") for n, ok in taken.items() if ok}
        return found | told

    def _steps(self, case: Case, row: OutcomeRow) -> list[CaseAct] | str:
        """Return the steps of a row that the case has not taken yet, or what forbids them."""
        acts: list[CaseAct] = []
        for number, plain in enumerate(row.steps(case, self.work, self.who)):
            noted = number == 0 and bool(row.note)
            step = plain._replace(noted=noted)
            if not _is_new(case, step):
                continue
            if (problem := problem_of(case, step)) is not None:
                return f"case: {problem}"
            acts.append(CaseAct(case, step, self._note(step, row.note) if noted else None))
            case = case.with_step(step)
        return acts

    def _note(self, step: CaseStep, note: str) -> tuple[str, bytes]:
        name = note_name(step)
        return name, self.seal.seal(note, name)


def _is_new(case: Case, step: CaseStep) -> bool:
    """Return whether a step says something; an outcome that is told again by another row does."""
    if step.action == CaseAction.OUTCOME:
        return all(one.action_id != step.action_id for one in case.steps)
    return is_news(case, step)


def count_results(results: Iterable[OutcomeResult]) -> dict[str, int]:
    """Return how many rows had each status."""
    found = {"taken": 0, "known": 0, "refused": 0}
    for one in results:
        found[one.status] += 1
    return found
