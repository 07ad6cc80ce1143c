"""Driver of a history: visits happen tick by tick, in as few calls as the service takes."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from lab.history.event_box import EventBox, Message
from lab.history.people import Customers, Person
from lab.history.plan import HistoryPlan
from lab.history.staff_doors import StaffDoors
from lab.history.traffic import TICK, Traffic
from lab.history.visit import visit
from lab.history.wall_clock import WallClock
from lab.simulate.journey import EventCall, Journey, PageCall, Shown, SlotChoice, Wait
from lab.simulate.visitors import draw_visitor, generator

ROUNDS: Final = 3
"""Looks at pages in one tick: a visitor may open so many pages in it."""
AT_ONCE: Final = 100
"""Visitors of one call for decisions."""
PATIENCE: Final = 900.0
"""Seconds behind a failed payment after which the operator writes."""


@dataclass(order=True)
class _Visit:
    """A visit that goes on at a moment; `page` is the one that it waits for."""

    at: float
    number: int
    person: Person = field(compare=False)
    script: Journey = field(compare=False)
    page: PageCall | None = field(compare=False, default=None)


class _Asker(NamedTuple):
    visit: _Visit
    page: PageCall


class Driver:
    """The driver of visits. Use it from one thread.

    Attributes:
        counts: visitors, decisions and events so far.
    """

    def __init__(
        self, doors: StaffDoors, wall: WallClock, plan: HistoryPlan, customers: Customers
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._doors, self._wall, self._plan = doors, wall, plan
        self._customers, self._traffic = customers, Traffic(plan.visitors, plan.zone, plan.rushes)
        self._told, self._reported = EventBox(doors.pages), EventBox(doors.server)
        self._rng = generator(plan.seed, 0)
        self._expected = [(one.at, number) for number, one in enumerate(customers.each)]
        heapq.heapify(self._expected)
        self._due: list[_Visit] = []
        self._failed: dict[str, float] = {}

    def run_until(self, end: float, tick: float = TICK) -> None:
        """Let visits happen until a moment, to which the wall clock moves.

        Args:
            end: seconds.
            tick: seconds of which all comes in few calls.
        """
        while self._wall.at < end:
            self._tick(self._wall.at, min(end, self._wall.at + tick))

    def report(self, message: Message) -> None:
        """Have a server report an event, once its moment has come."""
        self._reported.put(message)

    def take_failed(self) -> list[str]:
        """Return the customers whose payment has failed and who have not paid, each once."""
        late = self._wall.at - PATIENCE
        found = [name for name, at in self._failed.items() if at < late]
        for name in found:
            del self._failed[name]
        return found

    def _tick(self, start: float, end: float) -> None:
        for at in self._traffic.arrivals(start, end, self._rng):
            self._arrive(at)
        while self._expected and self._expected[0][0] < end:
            self._return(*heapq.heappop(self._expected))
        for number in range(1, ROUNDS + 1):
            self._wall.go_to(start + (end - start) * number / ROUNDS)
            self._open_pages()
        self._told.send(self._wall.at)
        self._reported.send(self._wall.at)

    def _arrive(self, at: float) -> None:
        """Let a visitor come of whom nobody knows."""
        number = self.counts["visitors"] + 1
        rng = generator(self._plan.seed, number)
        name = f"v-{self._plan.seed}-{number}"
        self._begin(Person(name, draw_visitor(number, rng), at), rng)

    def _return(self, at: float, number: int) -> None:
        """Let a customer come, and expect the next visit."""
        person = self._customers.each[number]
        person.at = at
        again = self._customers.next_visit(person)
        if again is not None:
            heapq.heappush(self._expected, (again, number))
        self._begin(person, self._customers.rng(person))

    def _begin(self, person: Person, rng: np.random.Generator) -> None:
        self.counts["visitors"] += 1
        script = visit(person, rng, self._plan.outages)
        heapq.heappush(self._due, _Visit(person.at, self.counts["visitors"], person, script))

    def _open_pages(self) -> None:
        """Advance all visits that are due, and answer the pages that they open."""
        asking: dict[tuple[str, str, bool], list[_Asker]] = defaultdict(list)
        while self._due and self._due[0].at <= self._wall.at:
            one = heapq.heappop(self._due)
            page = one.page or self._advance(one)
            if page is not None:
                key = page.page, page.channel, one.person.is_customer
                asking[key].append(_Asker(one, page))
        for askers in asking.values():
            for first in range(0, len(askers), AT_ONCE):
                self._ask(askers[first : first + AT_ONCE])

    def _ask(self, askers: list[_Asker]) -> None:
        """Ask for the decisions of one page, and advance who gets them."""
        (person, page) = askers[0].visit.person, askers[0].page
        # Customers are signed in: their server asks for them, which knows them.
        door = self._doors.server if person.is_customer else self._doors.pages
        body = {"channel": page.channel, "page": page.page, "slots": page.slots}
        visitors = [_visitor(one) for one in askers]
        answers = door.post("/v1/decisions", {**body, "visitors": visitors}).body["results"]
        for one, answer in zip(askers, answers, strict=True):
            self._answer(one.visit, answer)

    def _answer(self, one: _Visit, answer: dict[str, Any]) -> None:
        decisions: dict[str, dict[str, str]] = answer["decisions"]
        self.counts["decisions"] += len(decisions)
        one.person.device = answer.get("device_token") or one.person.device
        one.person.at = self._wall.at
        shown = {slot: _choice(given) for slot, given in decisions.items()}
        if self._advance(one, shown) is not None:
            heapq.heappush(self._due, one)

    def _advance(self, one: _Visit, answer: Shown | None = None) -> PageCall | None:
        """Advance a visit to the next page, which it waits for; None at its end."""
        while True:
            try:
                action = next(one.script) if answer is None else one.script.send(answer)
            except StopIteration:
                return None
            answer = None
            if isinstance(action, Wait):
                one.person.at += action.seconds
            elif isinstance(action, EventCall):
                self._tell(one.person, action)
            elif isinstance(action, PageCall):
                one.page, one.at = action, one.person.at
                return action

    def _tell(self, person: Person, tell: EventCall) -> None:
        person.told += 1
        self.counts["events"] += 1
        message: Message = {
            "event_id": f"{person.visitor_id}-{person.told}",
            "type": tell.type,
            "visitor_id": person.visitor_id,
            "at": round(person.at, 3),
            **tell.fields,
        }
        if tell.decision_id:
            message["decision_id"] = tell.decision_id
        (self._reported if tell.server else self._told).put(message)
        if person.is_customer and tell.type == "payment_failed":
            self._failed[person.visitor_id] = person.at
        elif tell.type == "paid":
            self._failed.pop(person.visitor_id, None)


def _visitor(one: _Asker) -> dict[str, Any]:
    person = one.visit.person
    found: dict[str, Any] = {"visitor_id": person.visitor_id, "context": one.page.context}
    return found | ({"device_token": person.device} if person.device else {})


def _choice(given: dict[str, str]) -> SlotChoice:
    return SlotChoice(given["decision_id"], given["variant"], given["reason"])
