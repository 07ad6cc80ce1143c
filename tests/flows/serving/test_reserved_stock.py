"""Units that a page took of a stock and nobody saw come back, once; those that were seen count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flow_people import tell
from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.choosing.requests import EventRequest, SlotAnswer
from nudge.domain.journal.caller import Caller
from nudge.domain.slots.slot import Availability, Slot, Variant
from nudge.errors import StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.store.wire.client import Client
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.stock_loop import StockLoop

NEVER, AT_ONCE = 3600.0, 0.0


def gifts(web: Web, stock: int, on: str = "shown") -> Slot:
    """A slot that gives a gift to everybody while there are any."""
    base = web.catalogue.slots["banner"].slot
    before = web.catalogue.slots.get("gifts")
    none = Variant("none", None, availability=Availability(channels=frozenset({"sms"})))
    slot = replace(
        base,
        name="gifts",
        revision=before.slot.revision + 1 if before else 1,
        variants=(Variant("gift", 1, availability=Availability(stock=stock)), none),
        policy={"kind": "auto"},
        fallback={"default": "none"},
        terms=replace(base.terms, on=on),  # type: ignore[arg-type]
    )
    web.put(slot)
    web.store.stock.balance(slot)
    return slot


def take(web: Web, visitor: str, caller: Caller = PAGE) -> SlotAnswer:
    return web.ask(visitor, "gifts", caller=caller).decisions["gifts"]


def take_all(web: Web, slot: Slot, caller: Caller = PAGE) -> dict[str, str]:
    """Made-up visitors take all that there is; visitor -> decision."""
    found: dict[str, str] = {}
    for i in range(400):
        visitor = f"{caller.key_id}-{slot.revision}-{i}"
        given = take(web, visitor, caller)
        if given.variant == "gift":
            found[visitor] = given.decision_id
        if web.store.stock.levels(slot)["gift"].left == 0:
            return found
    raise AssertionError("some are left")


def released(web: Web, hold: float = AT_ONCE) -> int:
    every = web.store.keys.every_partition()
    return sum(web.store.stock.release(p, hold) for p in every)


def taken(web: Web, slot: Slot) -> int:
    return web.store.stock.levels(slot)["gift"].taken


def shown(web: Web, visitor: str, decision: str, caller: Caller = PAGE) -> int:
    sent = EventRequest(f"s-{decision}", "shown", visitor or None, NOW, decision, fields={})
    return web.recorder.record([sent], caller, NOW).accepted


@pytest.mark.parametrize("with_id", [True, False])
def test_s06_store_stock_that_nobody_saw_comes_back_once(web: Web, *, with_id: bool) -> None:
    """Units of made-up visitors come back after the hold, each once; what was shown does not."""
    slot = gifts(web, 20)
    mine = take_all(web, slot)
    seen = dict(list(mine.items())[:5])
    for visitor, decision in seen.items():
        assert shown(web, visitor if with_id else "", decision) == 1
    assert released(web, NEVER) == 0
    assert released(web) == 15
    assert released(web) == 0
    assert taken(web, slot) == 5
    assert take_all(web, slot).items() >= seen.items()
    assert taken(web, slot) == 20


def test_s06_store_stock_is_seen_late(web: Web) -> None:
    """A visitor who says so late has it all the same, once: more were given then than there are."""
    slot = gifts(web, 8)
    first = take_all(web, slot)
    assert released(web) == 8
    again = take_all(web, gifts(web, 8))
    for visitor, decision in again.items():
        shown(web, visitor, decision)
    before = taken(web, slot)
    visitor, decision = next(iter(first.items()))
    assert shown(web, visitor, decision) == 1
    assert shown(web, visitor, decision) == 0
    assert taken(web, slot) == before + 1
    assert released(web) == 0


def test_s06_store_stock_of_servers_and_of_decisions_stays_taken(web: Web) -> None:
    """A server says what it gives; where the decision is the exposure, it was given with it."""
    slot = gifts(web, 8)
    take_all(web, slot, SERVER)
    assert released(web) == 0
    slot = gifts(web, 16, on="decision")
    take_all(web, slot)
    assert released(web) == 0
    assert taken(web, slot) == 16


def test_s06_store_stock_of_who_turned_out_to_be_another(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event from another partition than the decision's confirms it, from the spool as well."""
    slot = gifts(web, 40)
    tell(web, "cookie", "identified", "i", msisdn="13812345678")
    decisions = []
    for i in range(6):
        tell(web, f"c{i}", "identified", f"i{i}", other_id=f"login{i}")
        token = web.ask(f"c{i}", "banner", caller=SERVER).device_token
        given = web.ask(f"c{i}", "gifts", device_token=token).decisions["gifts"]
        assert given.variant == "gift"
        decisions.append(given.decision_id)

    def no_answer(*_: object) -> object:
        raise StoreAwayError("away")

    for i in range(3):
        assert shown(web, f"c{i}", decisions[i]) == 1
    with monkeypatch.context() as patch:
        patch.setattr(Client, "_send", no_answer)
        for i in range(3, 6):
            assert shown(web, f"c{i}", decisions[i]) == 1
    spool = web.recorder.spool
    spool.hand_over()
    assert drain(web.store, spool) == 3
    assert released(web) == 0
    assert taken(web, slot) == 6


class DiedError(Exception):
    """The process, in the middle."""


def test_s06_store_stock_comes_back_by_the_worker_whoever_dies(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies at any of its steps, or two at once: all units are back, and no more."""
    slot = gifts(web, 16)
    take_all(web, slot)
    check = StoreCheck(web.store, web.decider.spool._directory.parent / "store.json")
    loop = StockLoop(web.store, check, AT_ONCE)
    run = Client.run
    for step in _until_done():
        left = [step]

        def dying(self: Client, *args: object, left: list[int] = left) -> object:
            answer = run(self, *args)  # type: ignore[arg-type]
            left[0] -= 1
            if left[0] < 0:
                raise DiedError
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(Client, "run", dying)
            try:
                loop.turn()
            except DiedError:
                continue
        break
    assert taken(web, slot) == 0
    assert web.store.stock.balance(slot)["gift"].left == 16
    # What nobody saw does not stick: the same visitors are drawn for anew, and take units again.
    assert len(take_all(web, slot)) == taken(web, slot) == 16


def _until_done() -> Iterator[int]:
    yield from range(0, 200, 7)
