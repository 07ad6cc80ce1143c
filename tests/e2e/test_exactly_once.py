"""6,000 visitors over HTTP, with calls that are sent twice: nothing is lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e_service import Service

from nudge.lake.engine.query import connect

VISITORS = 6_000
BULK = 100
EVENTS = 300
TWICE = 10
"""Each so many-th call is sent a second time, as a client does that has lost the answer."""
THREADS = 4
STAGES = ("growth", "stable", "warning", "left")
SLOT = "exact"


@dataclass(frozen=True)
class Acknowledged:
    """One visitor's decision, as answered.

    Attributes:
        number: of the visitor.
        decision_id: as answered.
        variant: as answered.
        reason: as answered.
    """

    number: int
    decision_id: str
    variant: str
    reason: str

    @property
    def visitor(self) -> str:
        """External id."""
        return f"exact-{self.number}"

    @property
    def shown(self) -> bool:
        """Half of the visitors see it."""
        return self.number % 2 == 0

    @property
    def paid(self) -> bool:
        """A sixth of the visitors see it and pay."""
        return self.number % 6 == 0

    @property
    def amount(self) -> int:
        """Yuan."""
        return 10 + self.number % 50


@dataclass(frozen=True)
class World:
    """All that was sent and acknowledged.

    Attributes:
        decisions: one for each visitor.
        events: ids of all events.
        duplicates: that the service reported.
        resent: events that were sent a second time.
    """

    decisions: list[Acknowledged]
    events: list[str]
    duplicates: int
    resent: int


@pytest.fixture(scope="module")
def world(service: Service) -> World:
    """The visitors' decisions and events, sent, and read by every fold."""
    applied = service.run("apply", str(Path(__file__).with_name("exact.toml")))
    assert applied.returncode == 0, applied.stderr
    assert _served(service)
    decisions = [one for answer in _each(service, _decide, _bulks()) for one in answer]
    events = [event for one in decisions for event in _events(one)]
    batches = [events[i : i + EVENTS] for i in range(0, len(events), EVENTS)]
    counts = _each(service, _send, enumerate(batches))
    assert service.settled(90)
    return World(
        decisions,
        [event["event_id"] for event in events],
        sum(duplicates for duplicates, _ in counts),
        sum(resent for _, resent in counts),
    )


def test_every_acknowledged_decision_is_in_the_lake_once(service: Service, world: World) -> None:
    """A decision id that was answered is a row of the lake, one, with the variant answered."""
    table = connect(service.lake).table("decisions").filter(lambda t: t.slot == SLOT)
    found = table.select("decision_id", "variant", "reason").to_pyarrow().to_pylist()
    assert Counter(row["decision_id"] for row in found) == Counter(
        one.decision_id for one in world.decisions
    )
    answered = {one.decision_id: (one.variant, one.reason) for one in world.decisions}
    assert {row["decision_id"]: (row["variant"], row["reason"]) for row in found} == answered


def test_every_acknowledged_event_is_in_the_lake_once(service: Service, world: World) -> None:
    """An accepted event is a row of the lake, one, however often it was sent."""
    table = connect(service.lake).table("events").filter(lambda t: t.event_id.startswith("exact-"))
    found = table.select("event_id").to_pyarrow().to_pylist()
    assert Counter(row["event_id"] for row in found) == Counter(world.events)


def test_events_sent_again_are_reported_as_duplicates(world: World) -> None:
    """A repeated batch is acknowledged, event by event, as seen before."""
    assert world.resent > 0
    assert world.duplicates == world.resent


def test_figures_are_the_truth(service: Service, world: World) -> None:
    """Exposures, conversions and revenue are what the visitors did: retries change nothing."""
    told = service.performance(SLOT)
    drawn = [one for one in world.decisions if one.reason == "policy"]
    assert {row["variant"]: _figures(row) for row in told["variants"]} == {
        name: _truth(one for one in drawn if one.variant == name) for name in ("a", "b", "c")
    }
    for reason in {one.reason for one in world.decisions}:
        truth = _truth(one for one in world.decisions if one.reason == reason)
        assert _figures(told["by_reason"][reason]) == truth


def test_holdout_is_about_its_share_and_gets_the_fallback(world: World) -> None:
    """The slot's 10 % and the global 5 % are salted apart: 14.5 % are never personalised."""
    held = [one for one in world.decisions if one.reason == "holdout"]
    assert {one.variant for one in held} == {"a"}
    # Five standard deviations of 6,000 draws at .145 are .0227.
    assert abs(len(held) / VISITORS - 0.145) < 0.0227


def test_explain_reproduces_every_decision_of_a_sample(service: Service, world: World) -> None:
    """The draw of each of 300 decisions repeats, from the record alone."""
    sample = world.decisions[:: VISITORS // 300]
    assert len(sample) == 300

    def repeats(service: Service, one: Acknowledged) -> bool:
        found = service.api.get(f"/v1/decisions/{one.decision_id}")
        return bool(found["reproduced"]) and found["variant"] == one.variant

    assert all(_each(service, repeats, sample))


def test_explain_says_it_for_people_too(service: Service, world: World) -> None:
    """`nudge explain ID` shows the distribution and ends with `reproduced: yes`."""
    one = world.decisions[0]
    done = service.run("explain", one.decision_id)
    assert done.returncode == 0, done.stderr
    assert "reproduced: yes" in done.stdout
    assert one.variant in done.stdout
    unknown = service.run("explain", "a" * 26)
    assert unknown.returncode == 1
    assert "Traceback" not in unknown.stderr


def _bulks() -> list[range]:
    return [range(first, first + BULK) for first in range(0, VISITORS, BULK)]


def _decide(service: Service, numbers: range) -> list[Acknowledged]:
    """100 visitors in one call; some calls twice, which gets the same answers."""
    visitors = [
        {
            "visitor_id": f"exact-{n}",
            "context": {"stage": STAGES[n % 4], "own_number": n % 3 == 0},
        }
        for n in numbers
    ]
    body = {"channel": "app", "page": "home", "slots": [SLOT], "visitors": visitors}
    answers = _answers(service, numbers, body)
    if numbers.start // BULK % TWICE == 0:
        assert _answers(service, numbers, body) == answers
    return answers


def _answers(service: Service, numbers: range, body: object) -> list[Acknowledged]:
    results = service.api.post("/v1/decisions", body)["results"]
    given = [one["decisions"][SLOT] for one in results]
    return [
        Acknowledged(n, one["decision_id"], one["variant"], one["reason"])
        for n, one in zip(numbers, given, strict=True)
    ]


def _events(one: Acknowledged) -> Iterable[dict[str, Any]]:
    if one.shown:
        yield {
            "event_id": f"{one.visitor}-shown",
            "type": "shown",
            "visitor_id": one.visitor,
            "decision_id": one.decision_id,
        }
    if one.paid:
        yield {
            "event_id": f"{one.visitor}-paid",
            "type": "paid",
            "visitor_id": one.visitor,
            "amount": one.amount,
        }


def _send(service: Service, numbered: tuple[int, list[dict[str, Any]]]) -> tuple[int, int]:
    """One batch; some twice. Returns duplicates reported and events sent again."""
    number, batch = numbered
    first = service.api.post("/v1/events", {"events": batch})
    assert (first["accepted"], first["duplicates"], first["rejected"]) == (len(batch), 0, [])
    if number % TWICE:
        return 0, 0
    again = service.api.post("/v1/events", {"events": batch})
    assert (again["accepted"], again["rejected"]) == (0, [])
    return again["duplicates"], len(batch)


def _each(service: Service, call: Callable[[Service, Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda item: call(service, item), items))


def _figures(row: dict[str, Any]) -> tuple[int, int, float]:
    return row["exposures"], row["conversions"], row["revenue"]


def _truth(decisions: Iterable[Acknowledged]) -> tuple[int, int, float]:
    found = list(decisions)
    paid = [one for one in found if one.paid]
    return sum(one.shown for one in found), len(paid), float(sum(one.amount for one in paid))


def _served(service: Service) -> bool:
    """Whether every web process serves the slot: each looks for changes by itself."""
    hits = 0
    for _ in range(400):
        names = {slot["slot"] for slot in service.api.get("/v1/slots")["slots"]}
        hits = hits + 1 if SLOT in names else 0
        if hits >= 40:
            return True
    return False
