"""A write that the store does not confirm: the answer says so, and the same call gets it again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from child_processes import eventually
from flow_web import NOW, Web, web_on

from nudge import faults
from nudge.domain.choosing import choice
from nudge.domain.choosing.requests import SlotAnswer
from nudge.domain.journal.records import Decision
from nudge.errors import StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.flows.serving.outage_memory import SECONDS, OutageMemory
from nudge.processes import embedded
from nudge.processes.embedded import EmbeddedStore
from nudge.settings.settings import Settings
from nudge.store.wire.client import Client
from nudge.wiring.stores import hot_store

VISITORS = [f"v{n}" for n in range(12)]


@pytest.fixture
def own(settings: Settings) -> Settings:
    return replace(settings, redis_url=None)


@pytest.fixture
def server(own: Settings) -> Iterator[EmbeddedStore]:
    running = embedded.start(own)
    yield running
    os.kill(running.pid, signal.SIGCONT)
    running.stop()


@pytest.fixture
def hot(own: Settings, server: EmbeddedStore) -> Iterator[Web]:
    """The web on an embedded store of its own, behind its breaker."""
    assert server.url == own.store_url
    store = hot_store(own, 0.5)
    yield web_on(store, own)
    store.close()


def drained(web: Web) -> int:
    spool = web.decider.spool
    assert eventually(lambda: spool.hand_over() or not spool.pending)
    return drain(web.store, spool)


def given(web: Web, visitor: str = "v", **more: object) -> SlotAnswer:
    return web.ask(visitor, "banner", **more).decisions["banner"]


def lose_writes(patch: pytest.MonkeyPatch) -> None:
    """From now on the store is read, and what is written never arrives."""
    run = Client.run

    def going(self: Client, name: str, *args: object) -> object:
        if name == "append_decisions":
            raise StoreAwayError("away")
        return run(self, name, *args)  # type: ignore[arg-type]

    patch.setattr(Client, "run", going)


def test_a_store_that_stalls_in_the_write_is_told_and_the_call_may_be_repeated(
    hot: Web, server: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visitor is read, then the store freezes: degraded, and the same again in the outage.

    When it wakes, it may do what it was sent: the same decision, which sticks, as one exposure.
    """
    point = faults.point

    def freeze(name: str) -> None:
        if name == "decide.before_append":
            os.kill(server.pid, signal.SIGSTOP)
        point(name)

    with monkeypatch.context() as patch:
        patch.setattr(faults, "point", freeze)
        first = given(hot)
    assert (first.degraded, first.sticky) == (True, False)
    again = given(hot)
    assert (again.decision_id, again.variant) == (first.decision_id, first.variant)
    assert (again.degraded, again.sticky) == (True, True)
    os.kill(server.pid, signal.SIGCONT)
    breaker = hot.store.client.breaker
    assert breaker
    assert eventually(lambda: not breaker.is_open)
    assert given(hot).variant == first.variant
    drained(hot)
    after = given(hot)
    assert (after.variant, after.sticky) == (first.variant, True)
    made = [one.record for one in hot.entries() if isinstance(one.record, Decision)]
    assert len({one.subject for one in made}) == 1
    # The server may have thrown away what it had not read when the connection was closed.
    assert len([one for one in made if one.twin is None]) == 1


@pytest.mark.parametrize("token", [False, True], ids=["no token", "token"])
def test_a_lost_write_is_given_again_before_and_after_the_drain(
    web: Web, monkeypatch: pytest.MonkeyPatch, *, token: bool
) -> None:
    """Another draw would differ: this process repeats its answer, and the drain makes it stick."""
    web.put(web.slot("banner", policy={"kind": "uniform"}))
    tokens = {one: web.ask(one, "prefill").device_token if token else None for one in VISITORS}

    def answers() -> dict[str, tuple[str, str]]:
        found = {one: given(web, one, device_token=tokens[one]) for one in VISITORS}
        return {one: (told.decision_id, told.variant) for one, told in found.items()}

    with monkeypatch.context() as patch:
        lose_writes(patch)
        first = answers()
    assert len({variant for _, variant in first.values()}) > 1
    monkeypatch.setattr(choice, "_uniform", lambda *_: 0)
    assert answers() == first
    assert drained(web) == len(VISITORS)
    web.decider = replace(web.decider, memory=OutageMemory())
    assert answers() == first
    made = [one for one in web.entries() if getattr(one.record, "slot", "") == "banner"]
    assert len(made) == len(VISITORS)


def test_who_has_no_token_is_given_nothing_of_the_device(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision for a device is repeated to it, and to nobody who only knows the id."""
    token = web.ask("v", "prefill").device_token
    with monkeypatch.context() as patch:
        lose_writes(patch)
        first = given(web, device_token=token)
        assert given(web, device_token=token).decision_id == first.decision_id
        assert given(web).decision_id != first.decision_id
    assert drained(web) == 2
    assert given(web).decision_id != first.decision_id
    assert given(web, device_token=token).decision_id == first.decision_id


def test_a_decision_is_remembered_in_the_process_for_a_minute(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the store has it: what is erased meanwhile is not kept here."""
    with monkeypatch.context() as patch:
        lose_writes(patch)
        first = given(web)
        assert given(web, at=NOW + SECONDS).decision_id == first.decision_id
        assert given(web, at=NOW + 2.1 * SECONDS).decision_id != first.decision_id


def test_what_was_decided_meanwhile_stands(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process was asked before the drain: its decision is the first in the store."""
    with monkeypatch.context() as patch:
        lose_writes(patch)
        given(web)
    web.decider = replace(web.decider, memory=OutageMemory())
    second = given(web)
    drained(web)
    assert given(web).decision_id == second.decision_id
