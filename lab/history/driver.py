"""Driver of a history: it lets visits happen, tick by tick, in as few calls as the service takes."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lab.history.service_calls import ServiceCalls
from lab.history.traffic import TICK, Traffic
from lab.history.visit import Person, visit
from lab.history.wall_clock import WallClock
from lab.simulate.journey import EventCall, Journey, PageCall, SlotChoice, Wait
from lab.simulate.visitors import draw_visitor, generator

ROUNDS: Final = 3
"""Looks at pages in one tick: a visitor may open so many pages in it."""
AT_ONCE: Final = 100
"""Visitors of one call for decisions."""
MOST_EVENTS: Final = 1000


@dataclass(order=True)
class _Visit:
    """A visit that goes on at a moment."""

    at: float
    number: int
    person: Person = field(compare=False)
    script: Journey = field(compare=False)
    page: PageCall | None = field(compare=False, default=None)


class Driver:
    """The driver of visits. Use it from one thread.

    Attributes:
        counts: decisions, visitors and events so far.
    """

    def __init__(
        self, pages: ServiceCalls, server: ServiceCalls, wall: WallClock, traffic: Traffic, seed: int
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._pages, self._server, self._wall = pages, server, wall
        self._traffic, self._seed = traffic, seed
        self._rng = generator(seed, 0)
        self._due: list[_Visit] = []
        self._told: list[dict[str, Any]] = []
        self._reported: list[dict[str, Any]] = []

    def run_until(self, end: float) -> None:
        """Let visits happen until a moment, to which the wall clock moves."""
        while self._wall.at < end:
            self._tick(self._wall.at, min(end, self._wall.at + TICK))

    def _tick(self, start: float, end: float) -> None:
        for at in self._traffic.arrivals(start, end, self._rng):
            self._arrive(at)
        for number in range(1, ROUNDS + 1):
            self._wall.go_to(start + (end - start) * number / ROUNDS)
            self._round()
        self._wall.go_to(end)
        self._send(self._pages, self._told)
        self._send(self._server, self._reported)

    def _arrive(self, at: float) -> None:
        self.counts["visitors"] += 1
        number = self.counts["visitors"]
        rng = generator(self._seed, number)
        person = Person(f"v-{self._seed}-{number}", draw_visitor(number, rng), at)
        heapq.heappush(self._due, _Visit(at, number, person, visit(person, rng)))

    def _round(self) -> None:
        """Advance all visits that are due, and answer the pages that they open."""
        asking: dict[tuple[str, str], list[_Visit]] = defaultdict(list)
        while self._due and self._due[0].at <= self._wall.at:
            one = heapq.heappop(self._due)
            if one.page is None:
                self._advance(one, None)
            if one.page is not None:
                asking[one.page.page, one.page.channel].append(one)
        for visits in asking.values():
            for first in range(0, len(visits), AT_ONCE):
                self._ask(visits[first : first + AT_ONCE])

    def _ask(self, asking: list[_Visit]) -> None:
        page = asking[0].page
        assert page is not None
        body = {"channel": page.channel, "page": page.page, "slots": page.slots}
        visitors = [_visitor(one) for one in asking]
        answers = self._pages.post("/v1/decisions", {**body, "visitors": visitors})["results"]
        for one, answer in zip(asking, answers, strict=True):
            decisions = answer["decisions"]
            self.counts["decisions"] += len(decisions)
            one.person.device = answer.get("device_token") or one.person.device
            one.person.at, one.page = self._wall.at, None
            shown = {
                slot: SlotChoice(given["decision_id"], given["variant"], given["reason"])
                for slot, given in decisions.items()
            }
            self._advance(one, shown)

    def _advance(self, one: _Visit, shown: dict[str, SlotChoice] | None) -> None:
        """Advance a visit to its next page, or to its end."""
        answer = shown
        while True:
            try:
                action = next(one.script) if answer is None else one.script.send(answer)
            except StopIteration:
                return
            answer = None
            if isinstance(action, Wait):
                one.person.at += action.seconds
            elif isinstance(action, EventCall):
                self._tell(one.person, action)
            elif isinstance(action, PageCall):
                one.page, one.at = action, one.person.at
                if shown is not None:
                    heapq.heappush(self._due, one)
                return

    def _tell(self, person: Person, tell: EventCall) -> None:
        person.told += 1
        message = {
            "event_id": f"{person.visitor_id}-{person.told}",
            "type": tell.type,
            "visitor_id": person.visitor_id,
            "at": round(person.at, 3),
            **tell.fields,
        }
        if tell.decision_id:
            message["decision_id"] = tell.decision_id
        (self._reported if tell.server else self._told).append(message)
        self.counts["events"] += 1

    def _send(self, to: ServiceCalls, waiting: list[dict[str, Any]]) -> None:
        """Send the events whose moment has come, the oldest first."""
        waiting.sort(key=lambda one: float(one["at"]))
        ready = [one for one in waiting if one["at"] <= self._wall.at]
        del waiting[: len(ready)]
        for part in _parts(ready):
            answer = to.post("/v1/events", {"events": part})
            self.counts["rejected"] += len(answer["rejected"])
            if answer["rejected"] and self.counts["rejected"] < 10: print(answer["rejected"][:3], part[0])


def _visitor(one: _Visit) -> dict[str, Any]:
    assert one.page is not None
    found: dict[str, Any] = {"visitor_id": one.person.visitor_id, "context": one.page.context}
    return found | ({"device_token": one.person.device} if one.person.device else {})


def _parts(ready: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, len(ready), MOST_EVENTS):
        yield ready[first : first + MOST_EVENTS]
