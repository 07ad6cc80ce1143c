"""Answers schedulers: many customers at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.identity.sealing import Sealer
from nudge.domain.slots.segments import Segments
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_answer import PlanAnswerer
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest, unplanned
from nudge.domain.timing.windows import Calendar
from nudge.errors import StoreAwayError, UnknownSlotError
from nudge.flows.plan.candidate import Candidate
from nudge.flows.plan.extra_slots import ExtraSlots
from nudge.flows.plan.minute_table import MinuteTable, minute_of
from nudge.flows.plan.plan_writer import PlanWriter
from nudge.flows.plan.planning_round import PlanningRound
from nudge.store.plans import bulk
from nudge.store.plans.plans import PlanMemory
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.store.vault.visitor_finder import VisitorFinder
from nudge.store.vault.visitors import VisitorView

TRIES: Final = 20
"""How often customers are looked at anew because somebody else planned for them meanwhile, or took
the last places of an hour: each time somebody got on."""


@dataclass
class LatestTable:
    """The latest table: it holds for a minute, and until the policy is another one.

    Attributes:
        last: the table, if there is one.
    """

    last: MinuteTable | None = None

    def of(self, calendar: Calendar, catalogue: Catalogue, minute: float) -> MinuteTable:
        """The table of a minute."""
        served, found = catalogue.slots[SLOT], self.last
        if found is None or found.served is not served or found.minute != minute:
            found = self.last = MinuteTable(calendar, served, minute)
        return found


@dataclass(frozen=True)
class Planner:
    """Answers schedulers; safe to share between threads.

    Attributes:
        store: of the installation.
        sealer: hashes, ids and tokens.
        holdout: global share of subjects who are never personalised.
        calendar: of the contact policy.
        segments: that visitors may belong to.
    """

    store: Store
    sealer: Sealer
    holdout: float
    calendar: Calendar
    segments: Segments = field(default_factory=dict)
    _tables: LatestTable = field(default_factory=LatestTable, compare=False)
    _kept: PlanMemory = field(default_factory=PlanMemory, compare=False)

    @property
    def _besides(self) -> ExtraSlots:
        return ExtraSlots(self.store)

    def plan(self, catalogue: Catalogue, wish: PlanRequest, source: str, at: float) -> PlanAnswer:
        """When to write to a customer, and with what: `plan_each` of one."""
        return self.plan_each(catalogue, [wish], source, at)[0]

    def plan_each(
        self, catalogue: Catalogue, wishes: Sequence[PlanRequest], source: str, at: float
    ) -> list[PlanAnswer]:
        """When to write to customers, and with what; some round trips for all together.

        Where the gateway's hours are short, those of the larger expected gain come first.

        Args:
            catalogue: slots and policies to decide by.
            wishes: the questions. Where one customer has several, the later see the earlier.
            source: id of the API key.
            at: seconds, now.

        Raises:
            UnknownSlotError: a slot is not configured.
            StoreAwayError: no answer; any of them may be planned, and the same call finds them.
        """
        for wish in wishes:
            check(catalogue, wish)
        return [
            timing
            for distinct in rounds(wishes)
            for timing in self._round(catalogue, distinct, source, at)
        ]

    def gains(
        self, catalogue: Catalogue, wishes: Sequence[PlanRequest], source: str, at: float
    ) -> list[float]:
        """What the policy expects of writing to each, in the reward's unit; nothing is planned."""
        desk = self._desk(catalogue, source, at)
        gains = [0.0] * len(wishes)
        nothing_used = Capacity()
        for i, one in self._opened(wishes, besides=False):
            case = desk.case(wishes[i], one)
            desk.look(case, nothing_used)
            gains[i] = 0.0 if case.blocked else case.gain
        return gains

    def is_short(
        self, catalogue: Catalogue, purpose: str, channel: str, count: int, at: float
    ) -> bool:
        """Whether the hours of some window may not suffice for so many customers.

        Args:
            catalogue: slots and policies.
            purpose: of the contacts.
            channel: of the contacts.
            count: customers.
            at: seconds, now.
        """
        table = self._tables.of(self.calendar, catalogue, minute_of(at))
        most = table.limit(purpose, channel)
        if most is None:
            return False
        used = self.store.capacity.used(channel)
        return any(room < count for room in table.rooms(purpose, channel, most, used))

    def _round(
        self, catalogue: Catalogue, wishes: Sequence[PlanRequest], source: str, at: float
    ) -> list[PlanAnswer]:
        desk = self._desk(catalogue, source, at)
        besides = any(wish.slots for wish in wishes)
        cases: dict[int, Candidate] = {}
        unseen, waiting = list(range(len(wishes))), list(range(len(wishes)))
        for _ in range(TRIES):
            for place, one in self._opened([wishes[i] for i in unseen], besides=besides):
                number = unseen[place]
                cases[number] = desk.case(wishes[number], one)
            now, later = _first_of_each(cases, waiting)
            short, behind = self._settled(desk, {i: cases[i] for i in now})
            unseen, waiting = [*behind, *later], [*short, *behind, *later]
            if not waiting:
                settled = [cases[i] for i in range(len(wishes))]
                self._besides.choose(catalogue, desk, settled)
                return self._answers(catalogue, settled)
        raise StoreAwayError("too many plan for the same customers at once; ask again")

    def _opened(
        self, wishes: Sequence[PlanRequest], *, besides: bool
    ) -> Iterator[tuple[int, VisitorView]]:
        """With the place of each in `wishes`, as they come."""
        if len(wishes) >= bulk.MANY:
            self.store.bulk.say()
        asking = VisitorFinder(self.store.visitors, self.store.people, self.sealer)
        # A scheduler is the operator's own server, whatever else its key may do.
        return asking.opened_each([wish.visitor_id for wish in wishes], besides=besides)

    def _settled(
        self, desk: PlanningRound, cases: Mapping[int, Candidate]
    ) -> tuple[list[int], list[int]]:
        """Plan for customers; those for whom an hour had no place left, or who were planned for."""
        settling = PlanWriter(self.store, desk, self._kept)
        capacity = settling.capacity(cases.values())
        for case in cases.values():
            desk.look(case, capacity)
        order = sorted(cases, key=lambda i: -cases[i].gain)
        for i in order:
            desk.draw(cases[i], capacity)
        fresh = [i for i in order if cases[i].drawn]
        short = settling.short([(i, cases[i]) for i in fresh])
        lost = set(short)
        behind = settling.appended({i: cases[i] for i in fresh if i not in lost})
        return short, behind

    def _answers(self, catalogue: Catalogue, cases: Sequence[Candidate]) -> list[PlanAnswer]:
        answering = PlanAnswerer(self.sealer, self.calendar.policy, catalogue.slots)
        names = answering.names([case.plan for case in cases if case.plan])
        return [
            answering.timing(
                case.wish, case.known, case.plans, case.plan, next(names), case.besides
            )
            if case.plan
            else unplanned(case.wish.visitor_id, self._zone(case.known), case.blocked)
            for case in cases
        ]

    def _zone(self, known: ContactFacts) -> str:
        return self.calendar.policy.zone_of(known).key

    def _desk(self, catalogue: Catalogue, source: str, at: float) -> PlanningRound:
        table = self._tables.of(self.calendar, catalogue, minute_of(at))
        return PlanningRound(table, self.segments, self.holdout, self.sealer.draw_key, source, at)


def _first_of_each(
    cases: Mapping[int, Candidate], numbers: Iterable[int]
) -> tuple[list[int], list[int]]:
    """Of those who turn out to be one subject the first, and the others."""
    seen: set[str] = set()
    now: list[int] = []
    later: list[int] = []
    for i in numbers:
        subject = cases[i].opened.subject
        (later if subject in seen else now).append(i)
        seen.add(subject)
    return now, later


def check(catalogue: Catalogue, wish: PlanRequest) -> None:
    """Refuse what names slots that do not exist.

    Raises:
        UnknownSlotError: naming the slot.
    """
    for name in (SLOT, *wish.slots):
        if name not in catalogue.slots:
            raise UnknownSlotError(f"slot {name!r} is not configured", {"slots": [name]})


def rounds(wishes: Sequence[PlanRequest]) -> Iterator[list[PlanRequest]]:
    """The wishes, cut before each customer who is there already: one plan counts for the next."""
    found: list[PlanRequest] = []
    seen: set[str] = set()
    for wish in wishes:
        if wish.visitor_id in seen:
            yield found
            found, seen = [], set()
        found.append(wish)
        seen.add(wish.visitor_id)
    if found:
        yield found
