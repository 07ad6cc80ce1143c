"""Limited stock: never oversold, whoever asks at once and whoever dies in the middle."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from child_processes import eventually
from flow_web import NOW, SERVER, Web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nudge.domain.journal.records import Decision
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.slots.slot import Availability, Slot, Variant
from nudge.errors import StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.store.wire.client import Client

DAY = 86_400.0


EVERYWHERE, ELSEWHERE = Availability(), Availability(channels=frozenset({"sms"}))


def gifts(
    web: Web,
    stock: int,
    other: Availability = EVERYWHERE,
    **more: object,
) -> Slot:
    """A slot with a limited `gift`, and `none` for all others; drawn at even odds."""
    before = web.catalogue.slots.get("gifts")
    slot = replace(
        web.catalogue.slots["banner"].slot,
        name="gifts",
        revision=before.slot.revision + 1 if before else 1,
        variants=(
            Variant("gift", "a gift", availability=Availability(stock=stock, **more)),  # type: ignore[arg-type]
            Variant("none", None, availability=other),
        ),
        policy={"kind": "uniform"},
        fallback={"default": "none"},
    )
    web.put(slot)
    web.store.stock.balance(slot)
    return slot


def gift(web: Web, visitor: str, **more: object) -> str:
    return web.ask(visitor, "gifts", **more).decisions["gifts"].variant  # type: ignore[arg-type]


def decided(web: Web) -> Iterator[Decision]:
    for entry in web.entries():
        if isinstance(entry.record, Decision) and entry.record.slot == "gifts":
            yield entry.record


def test_what_many_want_at_once_is_given_exactly(web: Web) -> None:
    """Of 100 in stock and 600 who come at once 100 are given; the log says who could have one."""
    slot = gifts(web, 100)
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda i: gift(web, f"v{i}"), range(600)))
    assert given.count("gift") == 100
    assert web.store.stock.levels(slot)["gift"].left == 0
    for one in decided(web):
        assert sum(one.pmf) == pytest.approx(1.0)
        assert one.variant in one.eligible
        sold_out = one.removed == {"gift": "sold_out"}
        assert (one.eligible, one.variant) == (("none",), "none") if sold_out else not one.removed
    assert sum(one.variant == "gift" for one in decided(web)) == 100


def test_whoever_has_it_keeps_it_and_takes_no_second(web: Web) -> None:
    """A repeated call is the same decision, also when all is sold out; the next period is not."""
    slot = gifts(web, 8)
    first = [i for i in range(300) if gift(web, f"v{i}") == "gift"]
    assert len(first) == 8
    assert [gift(web, f"v{i}") for i in first] == ["gift"] * 8
    assert web.store.stock.levels(slot)["gift"].taken == 8
    assert {gift(web, f"v{i}", at=NOW + 2 * DAY) for i in first} == {"none"}


def test_more_can_be_added_and_taken_away(web: Web) -> None:
    """The number is of all that was ever given: raised, it gives the difference."""
    gifts(web, 5)
    assert [gift(web, f"a{i}") for i in range(200)].count("gift") == 5
    gifts(web, 25)
    assert [gift(web, f"b{i}") for i in range(400)].count("gift") == 20
    gifts(web, 10)
    assert [gift(web, f"c{i}") for i in range(100)].count("gift") == 0


def test_units_go_where_they_are_wanted(web: Web) -> None:
    """Visitors of one partition get what the others do not ask for, when a worker has moved it."""
    slot = gifts(web, 64, ELSEWHERE)
    hashed = ((f"v{i}", web.sealer.visitor_hash(f"v{i}")) for i in range(5000))
    one = [v for v, h in hashed if web.sealer.partition(h, web.store.keys.partitions) == 0][:100]
    given = 0
    for number, visitor in enumerate(one):
        given += gift(web, visitor) == "gift"
        if number % 4 == 3:
            web.store.stock.balance(slot)
    # Some are left to the other partitions: at most two shares of the last few.
    assert 64 - 2 * web.store.keys.partitions <= given <= 64


class DiedError(Exception):
    """The process, in the middle."""


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[None]:
    """So many scripts are run, then the process is no more; before or after its last write."""
    run, left = Client.run, [after]

    def counted(self: Client, *args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise DiedError
        return run(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Client, "run", counted)
        with suppress(DiedError):
            yield


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.integers(1, 12)),
        st.tuples(st.just("die"), st.integers(0, 60)),
        st.tuples(st.just("set"), st.integers(0, 40)),
        st.tuples(st.just("twice"), st.just(0)),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_nothing_is_oversold_and_nothing_gets_lost(
    web: Web, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int]]
) -> None:
    """Whatever dies in the middle of sharing out: at most the stock is given, and all of it is."""
    come = iter(range(10**9))
    before = web.store.stock.levels(gifts(web, 10))["gift"].taken
    slot = gifts(web, most := before + 10)
    salt = f"{before}-{most}-{web.catalogue.slots['gifts'].slot.revision}"
    for what, number in steps:
        if what == "come":
            for _ in range(number):
                gift(web, f"{salt}-{next(come)}")
        elif what == "die":
            with dying(monkeypatch, number):
                web.store.stock.balance(slot)
        elif what == "set":
            slot = gifts(web, before + number)
            most = max(most, before + number)
        else:
            both = [
                threading.Thread(target=web.store.stock.balance, args=(slot,)) for _ in range(2)
            ]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
        assert web.store.stock.levels(slot)["gift"].taken <= most
    taken = web.store.stock.levels(slot)["gift"].taken
    total = slot.variants[0].availability.stock or 0
    for _ in range(400):
        if web.store.stock.balance(slot)["gift"].left == 0:
            break
        gift(web, f"{salt}-{next(come)}")
    assert web.store.stock.levels(slot)["gift"].taken == max(total, taken)


def test_without_the_store_nothing_limited_is_given(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows what is left then: neither for who is not read, nor for who is not written."""
    slot = gifts(web, 8, ELSEWHERE)
    run = Client.run

    def no_writing(self: Client, name: str, *args: object) -> object:
        if name == "append_decisions":
            run(self, name, *args)  # type: ignore[arg-type]
            raise StoreAwayError("the answer was lost")
        return run(self, name, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Client, "run", no_writing)
        assert {gift(web, f"w{i}") for i in range(5)} == {"none"}

    def no_answer(*_: object) -> object:
        raise StoreAwayError("away")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "_send", no_answer)
        assert {gift(web, f"v{i}") for i in range(5)} == {"none"}
    spool = web.decider.spool
    assert eventually(lambda: spool.hand_over() or not spool.pending)
    assert drain(web.store, web.decider.spool) == 10
    late = [one for one in decided(web) if one.ref]
    assert {one.variant for one in late} == {"none"}
    assert {one.removed["gift"] for one in late} == {"stock_unknown"}
    assert web.store.stock.levels(slot)["gift"].taken == 5


def test_who_has_a_benefit_is_not_offered_another(web: Web) -> None:
    """To a device that has none it is offered; to whoever only knows the id nothing is told."""
    gifts(web, 10**6, ELSEWHERE, exclusive="treats")
    token = web.ask("v", "banner").device_token
    assert gift(web, "v", page="p1", device_token=token) == "gift"
    entry = web.entries()[-1]
    key = web.store.keys.visitor(entry.partition, entry.record.subject)
    web.store.client.call("SET", key, encode_state(VisitorState(benefits=("treats",))))
    later = {"at": NOW + 2 * DAY}
    assert gift(web, "v", device_token=token, **later) == "none"
    assert gift(web, "v", caller=SERVER, **later) == "none"
    assert gift(web, "v", at=NOW + 4 * DAY) == "none"
    reasons = [one.removed.get("gift") for one in decided(web)]
    assert reasons == [None, "exclusive:treats", "exclusive:treats", "state_unknown"]


def test_a_benefit_takes_an_offer_away_that_stuck(web: Web) -> None:
    """A visitor who was granted one between two looks is not shown the other any more."""
    gifts(web, 10**6, ELSEWHERE, exclusive="treats")
    token = web.ask("v", "banner").device_token
    assert gift(web, "v", device_token=token) == "gift"
    entry = web.entries()[-1]
    key = web.store.keys.visitor(entry.partition, entry.record.subject)
    web.store.client.call("SET", key, encode_state(VisitorState(benefits=("treats",))))
    assert gift(web, "v", device_token=token) == "none"
