"""Driver of a simulation: it runs journeys against the service, in threads and real time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lab.simulate.agenda import Agenda
from lab.simulate.journey import (
    Action,
    EventCall,
    Expectation,
    Journey,
    PageCall,
    Shown,
    SlotChoice,
    Wait,
    journey,
)
from lab.simulate.tally import Tally
from lab.simulate.truth import BANNER_TIMES, reward_probability
from lab.simulate.visitors import draw_visitor, generator
from nudge.client.api import Api
from nudge.client.outbox import Outbox, deliver_to
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.slot import Scalar

LEARNABLE = DecisionReason.POLICY
MAX_SLOTS = 3
"""Most slots of one page."""
_LOOK = 0.2


@dataclass(frozen=True)
class SimulationPlan:
    """The plan of a simulation: visitors, rate, speed and seed.

    Attributes:
        run: part of every id, so that runs stay apart; a repeated run changes nothing.
        visitors: number of visitors.
        rate: new visitors a second; 0 for as many as the service can serve.
        seed: seed of all randomness.
        workers: number of threads.
        speed: simulated seconds in a second: a live clock cannot be moved, so delays are shortened.
        boost: factor on the number of visitors who begin a recharge.
    """

    run: str
    visitors: int
    rate: float = 50.0
    seed: int = 0
    workers: int = 8
    speed: float = 1800.0
    boost: float = 1.0


@dataclass(frozen=True)
class ServiceAccess:
    """Access to the service, as a page and as a server.

    Attributes:
        page: client with the key of pages.
        server: client with a server's key: its payments are facts.
        slots: slot of the service -> event that rewards in it; no other slots are asked for.
    """

    page: Api
    server: Api
    slots: Mapping[str, str]


@dataclass
class Visit:
    """The visit of one visitor, with the state of its journey.

    Attributes:
        visitor_id: external id.
        script: the journey.
        token: token of the visitor's device, from the last answer.
        told: number of events so far, from which their ids derive.
    """

    visitor_id: str
    script: Journey
    token: str | None = None
    told: int = 0


class Driver:
    """The driver of one run; `run` blocks until all visits have ended, or until Ctrl-C."""

    def __init__(self, plan: SimulationPlan, ways: ServiceAccess) -> None:
        self.tally = Tally()
        self.interrupted = False
        self._plan = plan
        self._ways = ways
        self._agenda: Agenda[Visit] = Agenda(self._arrive, plan.visitors, plan.rate)
        self._page = Outbox(deliver_to(ways.page))
        self._server = Outbox(deliver_to(ways.server))

    def run(self, look: Callable[[Tally], None]) -> Tally:
        """Run all visits, and call `look` several times a second.

        Raises:
            NudgeError: the service is away or refuses a call.
        """
        threads = [threading.Thread(target=self._work) for _ in range(self._plan.workers)]
        for thread in threads:
            thread.start()
        try:
            _watch(threads, lambda: look(self.tally))
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self._agenda.stop()
            _watch(threads, lambda: None)
        if self._agenda.failure is not None:
            raise self._agenda.failure
        self._page.close()
        self._server.close()
        # A call made again may get its own first answer: with three slots at most, three of them.
        retried = MAX_SLOTS * (self._ways.page.repeats + self._ways.server.repeats)
        self.tally.repeated = max(0, self.tally.sticky - retried)
        return self.tally

    def _arrive(self, number: int) -> Visit:
        rng = generator(self._plan.seed, number)
        script = journey(draw_visitor(number, rng), rng, self._plan.boost)
        return Visit(f"{self._plan.run}-{number}", script)

    def _work(self) -> None:
        try:
            while (visit := self._agenda.next()) is not None:
                away = self._advance(visit)
                if away is None:
                    self.tally.add_visit()
                    self._agenda.back()
                else:
                    self._agenda.back(visit, away / self._plan.speed)
        except BaseException as error:  # noqa: BLE001 - raised again by run, in the main thread
            self._agenda.stop(error)

    def _advance(self, visit: Visit) -> float | None:
        """Continue a visit until a pause, and return its simulated seconds; None at the end."""
        answer: Shown | None = None
        while True:
            try:
                action = next(visit.script) if answer is None else visit.script.send(answer)
            except StopIteration:
                return None
            if isinstance(action, Wait):
                return action.seconds
            answer = self._act(visit, action)

    def _act(self, visit: Visit, action: Action) -> Shown | None:
        if isinstance(action, PageCall):
            return self._ask(visit, action)
        if isinstance(action, EventCall):
            self._tell(visit, action)
        elif isinstance(action, Expectation) and action.drawn.reason == LEARNABLE:
            chance = reward_probability(action.outcomes, self._ways.slots[action.slot])
            self.tally.add_exposure(action.slot, action.drawn.variant, chance)
            if action.best:
                self.tally.add_fit(fits=action.drawn.variant in action.best, chance=_chance(action))
        return None

    def _ask(self, visit: Visit, ask: PageCall) -> Shown:
        slots = [slot for slot in ask.slots if slot in self._ways.slots]
        if not slots:
            return {}
        body: dict[str, object] = {
            "visitor_id": visit.visitor_id,
            "channel": ask.channel,
            "page": ask.page,
            "slots": slots,
            "context": ask.context,
        }
        if visit.token:
            body["device_token"] = visit.token
        answer = self._ways.page.post("/v1/decisions", body)
        visit.token = answer.get("device_token") or visit.token
        decisions: dict[str, dict[str, str]] = answer["decisions"]
        for slot, given in decisions.items():
            self.tally.add_decision(slot, given["variant"], sticky=bool(given["sticky"]))
        return {slot: _drawn(given) for slot, given in decisions.items()}

    def _tell(self, visit: Visit, tell: EventCall) -> None:
        visit.told += 1
        message: dict[str, Scalar] = {
            "event_id": f"{visit.visitor_id}-{visit.told}",
            "type": tell.type,
            "visitor_id": visit.visitor_id,
            **tell.fields,
        }
        if tell.decision_id:
            message["decision_id"] = tell.decision_id
        (self._server if tell.server else self._page).put(message)
        self.tally.add_event(tell.type)


def _drawn(given: dict[str, str]) -> SlotChoice:
    return SlotChoice(given["decision_id"], given["variant"], given["reason"])


def _chance(action: Expectation) -> float:
    return len(action.best) / len(BANNER_TIMES)


def _watch(threads: Iterable[threading.Thread], look: Callable[[], None]) -> None:
    # Joined with a timeout, so that Ctrl-C is heard.
    for thread in threads:
        while thread.is_alive():
            thread.join(_LOOK)
            look()
