"""Numbers of customers are nowhere in clear, a guess tells nothing, and who is erased is gone.

A day's traffic over HTTP; then everything that was written is searched byte by byte.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pytest
from child_processes import free_port
from e2e_service import PAGE_KEY, Service, serving
from number_search import NumberSearch, files, stored

from nudge.client.api import Api, ServiceTarget
from nudge.domain.identity.number import parse_number
from nudge.domain.identity.sealing import Sealer
from nudge.settings.keyfile import load_or_create_secrets
from nudge.store.wire.client import patient

T = TypeVar("T")
EVENTS: Final = count()
ERASED: Final = 100
GUESSES: Final = 1000


def number_of(index: int) -> str:
    """A valid number of its own for each customer."""
    return f"{138 + index % 2}{20_000_000 + 7919 * index:08}"


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items, some at a time."""
    return (items[i : i + size] for i in range(0, len(items), size))


@dataclass
class Customer:
    """A customer with a device.

    Attributes:
        index: which one.
        token: of the device.
    """

    index: int
    token: str | None = None

    @property
    def visitor(self) -> str:
        """The external id."""
        return f"customer-{self.index}-of-the-day"

    @property
    def number(self) -> str:
        """Their number."""
        return number_of(self.index)


@dataclass
class Day:
    """The service after a day's traffic.

    Attributes:
        service: that runs.
        customers: who came.
    """

    service: Service
    customers: list[Customer]

    @property
    def page(self) -> Api:
        """As a page."""
        return Api(ServiceTarget(self.service.url, PAGE_KEY))

    def ask(self, page: str, slots: list[str]) -> None:
        """A page of every customer."""
        for group in chunks(self.customers, 100):
            visitors = [{"visitor_id": c.visitor, "device_token": c.token} for c in group]
            body = {"channel": "wap", "page": page, "slots": slots, "visitors": visitors}
            results = self.page.post("/v1/decisions", body)["results"]
            for customer, result in zip(group, results, strict=True):
                customer.token = result["device_token"]

    def tell(self, api: Api, events: Iterable[dict[str, Any]]) -> None:
        """Events, all of which are taken."""
        for group in chunks(list(events), 500):
            named = [{"event_id": f"e{next(EVENTS)}", **event} for event in group]
            answer = api.post("/v1/events", {"events": named})
            # A busy machine may make the client repeat a call.
            taken = answer["accepted"] + answer["duplicates"]
            assert taken == len(named), answer["rejected"][:3]

    def live(self) -> None:
        """Type a number, pay, be identified, and write something with the number in it."""
        server, known = self.service.api, self.customers
        self.ask("home", ["denomination", "prefill", "banner"])
        self.tell(
            self.page,
            (
                {
                    "type": "step",
                    "step": "number",
                    "visitor_id": c.visitor,
                    "msisdn": c.number,
                    "device_token": c.token,
                }
                for c in known
            ),
        )
        self.ask("recharge", ["denomination", "prefill"])
        self.tell(
            self.page,
            (
                {
                    "type": "feedback",
                    "scene": "payment",
                    "score": 3,
                    "text": f"please call {c.number}",
                    "visitor_id": c.visitor,
                }
                for c in known[::2]
            ),
        )
        self.tell(
            server,
            (
                {"type": "paid", "amount": 50, "visitor_id": c.visitor, "msisdn": c.number}
                for c in known
            ),
        )
        self.tell(
            server,
            (
                {"type": "identified", "visitor_id": c.visitor, "msisdn": c.number}
                for c in known[::2]
            ),
        )
        # What does not fit is refused, and told without being repeated.
        wrong = {"event_id": "wrong", "type": "paid", "amount": 5, "visitor_id": "x"}
        server.post("/v1/events", {"events": [{**wrong, "msisdn": known[0].number + "000"}]})


@pytest.fixture(
    scope="module",
    params=[200, pytest.param(10_000, marks=pytest.mark.soak)],
    ids=["short", "soak"],
)
def day(request: pytest.FixtureRequest) -> Iterator[Day]:
    with (
        tempfile.TemporaryDirectory(prefix="nudge-day-") as directory,
        serving(Path(directory) / "data", free_port()) as running,
    ):
        lived = Day(running, [Customer(index) for index in range(request.param)])
        lived.live()
        assert running.settled(300)
        yield lived


def store_url(service: Service) -> str:
    """The address at which the embedded store listens."""
    return f"unix://{service.data_dir}/store/store.sock"


def test_no_number_is_written_in_clear(day: Day) -> None:
    """Not in keys, values, AOF, lake, spool, logs or metrics; the masked form may be answered."""
    search = NumberSearch(frozenset(c.number.encode() for c in day.customers))
    for blob in stored(store_url(day.service)):
        assert not search.found(blob)
    seen = set()
    for name, blob in files([day.service.data_dir]):
        seen.add(name.rsplit("/", 1)[-1].partition(".")[2])
        assert not search.found(blob), name
    assert not search.found(day.service.log.read_bytes())
    assert {"parquet", "parquet (rows)"} <= seen
    assert any("aof" in one for one in seen)
    metrics = json.dumps(day.service.api.get("/metrics"), default=str).encode()
    assert not search.found(metrics)


def test_the_device_that_typed_it_gets_its_number_back(day: Day) -> None:
    """The search would be worth nothing if there were no numbers to be had."""
    customer = day.customers[1]
    body = {
        "visitor_id": customer.visitor,
        "channel": "wap",
        "page": "recharge",
        "slots": ["prefill"],
        "device_token": customer.token,
    }
    given = day.page.post("/v1/decisions", body)["decisions"]["prefill"]
    assert given["value"]["number"] == customer.number


def test_guesses_and_forged_tokens_tell_nothing(day: Day) -> None:
    """Ids that exist and ids that do not get the same kind of answer in the same time.

    The chance that a known id takes longer than an unknown one is .5 where time tells nothing; its
    standard error over n and n calls is (1 / 6n) ** .5, of which 4.5 are allowed.
    """
    rng = np.random.default_rng(1)
    some = [day.customers[i] for i in rng.permutation(len(day.customers))[:GUESSES]]
    forged = [None, "forged", some[0].token and some[0].token[:-3] + "abc"]
    took: dict[bool, list[float]] = {True: [], False: []}
    kinds: dict[bool, set[str]] = {True: set(), False: set()}
    context = []
    for n, customer in enumerate(some):
        for known in rng.permutation([True, False]):
            body = {
                "visitor_id": customer.visitor if known else f"nobody-{n}",
                "channel": "wap",
                "page": f"guess-{n}",
                "slots": ["denomination", "prefill", "banner"],
                "device_token": forged[n % 3],
            }
            began = time.perf_counter()
            answer = day.page.post("/v1/decisions", body)
            took[bool(known)].append(time.perf_counter() - began)
            text = json.dumps(answer)
            assert customer.number not in text
            assert "****" not in text
            decisions = answer["decisions"]
            assert decisions["prefill"]["value"] == {"source": "blank"}
            shape = {slot: sorted(one) for slot, one in decisions.items()}
            flags = {slot: (one["sticky"], one["degraded"]) for slot, one in decisions.items()}
            kinds[bool(known)].add(json.dumps([shape, flags, sorted(answer)]))
            if known and n % 50 == 0:
                context.append(decisions["denomination"]["decision_id"])
    assert kinds[True] == kinds[False]
    for decision_id in context:
        why = day.service.api.get(f"/v1/decisions/{decision_id}")
        assert set(why["context"]) <= {"page", "channel"}
    ones, others = np.array(took[True]), np.sort(took[False])
    above = np.searchsorted(others, ones) / len(others)
    assert abs(float(above.mean()) - 0.5) < 4.5 * (1 / (6 * len(some))) ** 0.5


def test_nothing_is_found_of_who_was_erased(day: Day) -> None:
    """No id, no number, no text, no state: not in the store, not in its log; the others stay."""
    gone = day.customers[2 : 2 + ERASED]
    sealer = Sealer(load_or_create_secrets(day.service.data_dir).secret_key.encode())
    client = patient(store_url(day.service))
    needles = {sealer.visitor_hash(c.visitor).encode() for c in gone}
    needles |= {sealer.number_hash(parse_number(c.number, "CN")).encode() for c in gone}
    before = set(client.scan("*"))
    assert len({key for key in before if key.rpartition(":")[2].encode() in needles}) == 2 * ERASED
    ciphers = {
        sealed
        for key in before
        if ":numbers:" in key
        for name, sealed in client.call("HGETALL", key).items()
        if _opens(sealer, name, sealed, {c.number for c in gone})
    }
    assert len(ciphers) >= ERASED
    done = day.service.run("erase", "--yes", "--json", *(c.visitor for c in gone))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["log_rewritten"]
    assert all(one["found"] and one["folded"] for one in told["erased"])
    for blob in stored(store_url(day.service)):
        assert not any(needle in blob for needle in needles | ciphers)
    for path in (day.service.data_dir / "store").rglob("*"):
        if path.is_file():
            blob = path.read_bytes()
            assert not any(needle in blob for needle in needles | ciphers), path
    for customer in gone[:5]:
        page = {
            "visitor_id": customer.visitor,
            "channel": "wap",
            "page": "after",
            "slots": ["prefill"],
            "device_token": customer.token,
        }
        given = day.page.post("/v1/decisions", page)["decisions"]["prefill"]
        assert given["value"] == {"source": "blank"}
    assert day.service.settled()
    client.close()


def test_mergings_and_erasures_can_be_rebuilt(day: Day) -> None:
    """Journal and lake tell the same of people who were made one, or forgotten, as the folds do."""
    assert day.service.settled()
    for command in (["verify", "--all-visitors"], ["rebuild"], ["verify", "--all-visitors"]):
        done = day.service.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr


def _opens(sealer: Sealer, name: bytes, sealed: bytes, numbers: set[str]) -> bool:
    device = name.decode().partition(":")[0]
    return device != "t" and sealer.vault.open(sealed, device).split(" ")[1] in numbers
