"""Whatever keeps the store away, pages are answered, events are taken, and nothing is lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from child_processes import eventually
from fault_outages import OUTAGES, Ground, ground
from fault_traffic import Answer, Line, Paced, quantile
from fault_visitors import spooled

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Decision, Event, JournalEntry
from nudge.store.store import Store
from nudge.store.wire.keys import Keys

PAGES = 50.0
"""Decision calls a second."""
EVENTS = 50
"""In each of ten calls a second."""


@dataclass(frozen=True)
class Form:
    """How long an outage lasts, and how slow a call may be in it.

    Attributes:
        seconds: of the outage.
        p99: seconds; the contract's bound holds on a machine that does nothing else.
    """

    seconds: float
    p99: float


SHORT = pytest.param(Form(6.0, 1.0), id="short")
LONG = pytest.param(Form(60.0, 0.15), marks=pytest.mark.soak, id="soak")


@pytest.fixture(scope="module")
def held() -> Iterator[Ground]:
    """One installation for all outages: none of them may need a restart."""
    with ground() as made:
        assert eventually(lambda: ready(made), 60), made.site.logs()
        yield made


def ready(made: Ground) -> bool:
    """Both web processes know the slots."""
    line = Line(made.site.settings)
    page = {"channel": "app", "page": "home", "slots": ["seen"], "visitor_id": "first"}
    answers = []
    for _ in range(20):
        answers.append(line.post("/v1/decisions", page))
        line.close()
    return all(one.status == 200 and not degraded(one) for one in answers)


def degraded(answer: Answer) -> bool:
    return any(one["degraded"] for one in answer.body["decisions"].values())


@pytest.mark.parametrize("form", [SHORT, LONG])
@pytest.mark.parametrize("kind", OUTAGES)
def test_an_outage_costs_no_answer_and_no_event(held: Ground, kind: str, form: Form) -> None:
    """At 50 pages and 500 events a second: 200 and 202 throughout, and soon; then all is there.

    Ten seconds after the store is back each decision and each event is in the journal once, and
    the web was not restarted.
    """
    begin, end = OUTAGES[kind]
    run = f"{kind}-{form.seconds:g}"
    found = Following(held)
    pages = Paced(held.site.settings, PAGES, lambda line, n: _page(line, run, n), threads=12)
    events = Paced(held.site.settings, 10.0, lambda line, n: _events(line, run, n), threads=6)
    time.sleep(1.0)
    begin(held)
    time.sleep(form.seconds)
    end(held)
    back = time.monotonic()
    time.sleep(1.0)
    asked, sent = pages.finish(), events.finish()
    slow = quantile((one.seconds for one in asked), 0.99)
    assert eventually(lambda: _all_there(held, found, len(sent)), back + 10 - time.monotonic()), (
        kind
    )
    took = time.monotonic() - back
    figures = f"{kind}: p99 {1000 * slow:.0f} ms, events' {_p99(sent)}, all there in {took:.1f} s"
    print(figures, len(asked), "pages", len(sent) * EVENTS, "events")  # noqa: T201
    assert Counter(one.status for one in asked) == {200: len(asked)}, figures
    assert Counter(one.status for one in sent) == {202: len(sent)}, figures
    assert any(degraded(one) for one in asked), "the store was not away"
    _check(held, run, asked, sent, found)
    assert slow <= form.p99, figures
    assert {one.deaths for one in held.site.kept.values()} == {0}


def _all_there(held: Ground, found: Following, calls: int) -> bool:
    # In this order: what leaves the spool while the journal is read would be missed, and the
    # decisions of a process that took no events leave it last.
    return not spooled(held.site) and found.read() >= calls * EVENTS


def _p99(answers: list[Answer]) -> str:
    return f"{1000 * quantile((one.seconds for one in answers), 0.99):.0f} ms"


def _page(line: Line, run: str, number: int) -> Answer:
    page = {"channel": "app", "page": "home", "slots": ["seen", "made"]}
    return line.post("/v1/decisions", page | {"visitor_id": f"{run}-{number}"})


def _events(line: Line, run: str, number: int) -> Answer:
    events = [
        {
            "event_id": f"{run}-{number}-{i}",
            "type": "step",
            "step": "home",
            "visitor_id": f"{run}-{i}",
        }
        for i in range(EVENTS)
    ]
    return line.post("/v1/events", {"events": events})


class Following:
    """The journal from here on, read as it grows."""

    def __init__(self, held: Ground) -> None:
        self._held = held
        self._keys = Keys(held.site.settings.namespace, held.site.settings.partitions)
        with held.direct() as client:
            every = self._keys.every_partition()
            self._ends = {p: Store(client, self._keys).journal.last_position(p) for p in every}
        self.entries: list[JournalEntry] = []

    def read(self) -> int:
        """Read on; how many events there are by now."""
        with self._held.direct() as client:
            for p, end in self._ends.items():
                found = Store(client, self._keys).journal.read(p, end, 10**6)
                self.entries += found
                self._ends[p] = found[-1].position if found else end
        return sum(isinstance(one.record, Event) for one in self.entries)


def _check(
    held: Ground, run: str, asked: list[Answer], sent: list[Answer], found: Following
) -> None:
    """Each answered decision and each accepted event is in the journal, once."""
    sealer = Sealer(held.site.settings.secret_key)
    made = Counter(sealer.seal(e.ref) for e in found.entries if isinstance(e.record, Decision))
    given = [d["decision_id"] for one in asked for d in one.body["decisions"].values()]
    assert {one: made[one] for one in given if made[one] != 1} == {}
    assert sum(one.body["accepted"] + one.body["duplicates"] for one in sent) == EVENTS * len(sent)
    ids = {f"{run}-{number}-{i}" for number in range(len(sent)) for i in range(EVENTS)}
    events = Counter(e.record.event_id for e in found.entries if isinstance(e.record, Event))
    assert events == Counter(ids)
