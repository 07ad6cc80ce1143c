"""The settler of a round: look, draw, reserve the hours, write; again for what others were faster.

Each step takes values and returns new ones; nothing of a candidate changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.identity.sealing import Sealer
from nudge.domain.timing.plan_request import PlanRequest
from nudge.flows.plan.candidate import Candidate, PlanDraft, SettledPlan
from nudge.flows.plan.hour_desk import HourDesk
from nudge.flows.plan.plan_writer import PlanWriter
from nudge.flows.plan.planning_round import PlanningRound
from nudge.flows.plan.retry import Attempt, retry_lost
from nudge.store.plans import bulk
from nudge.store.plans.plans import PlanMemory
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.store.vault.visitors import VisitorView

TRIES: Final = 20
"""Looks at visitors because somebody else planned for them meanwhile, or took the last places of an
hour: each time somebody got on."""


PendingPlan = tuple[int, PlanRequest, Candidate | None]
"""Number of a question that is not settled yet, and its candidate; None: to be read (again)."""
Settled = tuple[int, SettledPlan]
Numbered = Mapping[int, Candidate]


@dataclass(frozen=True)
class PlanSettler:
    """Settles the questions of one round.

    Attributes:
        memory: makes what is remembered of each plan.
    """

    store: Store
    sealer: Sealer
    desk: PlanningRound
    memory: PlanMemory

    def settle(self, wishes: Sequence[PlanRequest]) -> dict[int, SettledPlan]:
        """Return what stands for each question, by its number, in order.

        Raises:
            StoreAwayError: no answer; any of the plans may have been written.
        """
        pending: list[PendingPlan] = [(number, wish, None) for number, wish in enumerate(wishes)]
        return dict(sorted(retry_lost(pending, self._settle, TRIES)))

    def open_each(
        self, wishes: Sequence[PlanRequest], *, extras: bool
    ) -> Iterator[tuple[int, Candidate]]:
        """Yield the candidate of each question with its place, as the store answers.

        With `extras` it reads what the visitors' other slots need as well.

        Raises:
            StoreAwayError: no answer.
        """
        for place, opened in self._open_visitors(wishes, extras=extras):
            yield place, self.desk.open_candidate(wishes[place], opened)

    def _open_visitors(
        self, wishes: Sequence[PlanRequest], *, extras: bool
    ) -> Iterator[tuple[int, VisitorView]]:
        if len(wishes) >= bulk.MANY:
            self.store.bulk.say()
        finder = VisitorFinder(self.store.visitors, self.store.people, self.sealer)
        # A scheduler is the operator's own server, whatever else its key may do.
        return finder.opened_each([wish.visitor_id for wish in wishes], besides=extras)

    def _settle(self, pending: Sequence[PendingPlan]) -> Attempt[Settled, PendingPlan]:
        candidates = self._open_pending(pending)
        now, later = _take_first_of_each(candidates)
        done, short, behind = self._write({i: candidates[i] for i in now})
        # A visitor who was planned for meanwhile is read again; one without an hour is not.
        lost: list[PendingPlan] = [(i, candidates[i].wish, candidates[i]) for i in short]
        lost += [(i, candidates[i].wish, None) for i in (*behind, *later)]
        return Attempt(done, lost)

    def _open_pending(self, pending: Sequence[PendingPlan]) -> dict[int, Candidate]:
        """Return the candidates by number, in the order of the questions."""
        unread = [(i, wish) for i, wish, candidate in pending if candidate is None]
        extras = any(wish.slots for _, wish in unread)
        opened = self.open_each([wish for _, wish in unread], extras=extras)
        found = {unread[place][0]: candidate for place, candidate in opened}
        return {i: candidate or found[i] for i, _, candidate in pending}

    def _write(self, candidates: Numbered) -> tuple[list[Settled], list[int], list[int]]:
        """Write plans.

        Returns:
            What stands; the numbers for which an hour had no place left; the numbers of visitors
            who were planned for meanwhile.
        """
        hours = HourDesk(self.store, self.desk.table, self.desk.at)
        drafts = self._draw(candidates, hours)
        fresh = {i: draft for i, draft in drafts.items() if draft.decision}
        short = hours.reserve(fresh)
        lost = set(short)
        writer = PlanWriter(self.store.plans, self.memory)
        written = writer.write({i: draft for i, draft in fresh.items() if i not in lost})
        behind = [i for i, plan in written if plan is None]
        hours.release(drafts[i] for i in behind)
        done = [(i, (one, one.outlook.standing)) for i, one in drafts.items() if not one.decision]
        done += [(i, (drafts[i], plan)) for i, plan in written if plan]
        return done, short, behind

    def _draw(self, candidates: Numbered, hours: HourDesk) -> dict[int, PlanDraft]:
        """Return the drafts, those of the larger expected gain first: they get the hours first."""
        desk, capacity = self.desk, hours.read_capacity(candidates.values())
        looks = {i: desk.look(one, capacity) for i, one in candidates.items()}
        order = sorted(looks, key=lambda i: -looks[i].gain)
        return {i: desk.draw(candidates[i], looks[i], capacity) for i in order}


def _take_first_of_each(candidates: Numbered) -> tuple[list[int], list[int]]:
    """Return the numbers of each subject's first candidate, and those of the others."""
    seen: set[str] = set()
    now: list[int] = []
    later: list[int] = []
    for i, one in candidates.items():
        subject = one.opened.subject
        (later if subject in seen else now).append(i)
        seen.add(subject)
    return now, later
