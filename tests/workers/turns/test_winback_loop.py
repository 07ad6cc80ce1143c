"""The loop of the win-back order: one worker at a time, new cases at once, all after a death."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from winback_site import winback_policy

from nudge import clock
from nudge.domain.care.case import case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import CaseKind, EventTest, WarningRule
from nudge.domain.winback.winback_place import WinbackPlace
from nudge.errors import StoreAwayError
from nudge.settings.settings import Settings
from nudge.store.folds.winback_order import WinbackOrder
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.winback_loop import WinbackLoop

RULE = WarningRule("left", EventTest("paid"), kind=CaseKind.WINBACK, facts={"left_at": 5.0})


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    with closing(Store(clients.patient(store_url), Keys(settings.namespace, 2))) as store:
        yield store


def loop(store: Store, settings: Settings, owner: str = "one") -> WinbackLoop:
    follower = ConfigurationFollower(store, settings)
    check = StoreCheck(store, settings.store_note)
    return WinbackLoop(store, follower, owner, 60.0, check)


def put(store: Store, number: int, *, told: bool = True) -> str:
    """Write an open case; `told`: the commit says that it has to be ordered."""
    name, at = f"{number % 2}-{number:018x}", clock.now()
    signal = Signal(at, "path_left", "e")
    record = opening_record(name, f"{number:032x}", RULE, "", at, signal)
    writes = list(store.cases.put(number % 2, None, case_of(number % 2, record, at)))
    if told:
        writes.append(store.winback_order.stale(number % 2, name))
    for one in writes:
        store.client.call(one.command, one.key, *one.args)
    return name


def ordered(store: Store) -> set[str]:
    return {place.id for part in store.winback_order.first(None, 100) for place in part}


def test_new_cases_are_ordered_at_once_and_all_when_a_worker_begins(
    store: Store, settings: Settings
) -> None:
    """Cases of which nobody told, such as those of before an upgrade, are in the first pass."""
    old = put(store, 1, told=False)
    ranking = loop(store, settings)
    ranking.turn()
    assert ordered(store) == {old}
    new = put(store, 2)
    ranking.turn()
    assert ordered(store) == {old, new}


def test_one_worker_at_a_time_keeps_the_order(store: Store, settings: Settings) -> None:
    """Another one does nothing until the turn has run out."""
    loop(store, settings).turn()
    put(store, 1)
    assert loop(store, settings, "two").turn() == 0
    assert ordered(store) == set()


def test_a_case_that_is_gone_leaves_the_order(store: Store, settings: Settings) -> None:
    """A closed or forgotten case has no place any more, nor has one that a death left behind."""
    name = put(store, 1)
    ranking = loop(store, settings)
    ranking.turn()
    for one in store.cases.drop(1, [name], {}):
        store.client.call(one.command, one.key, *one.args)
    lost = WinbackPlace("1" * 35, "1-lost")
    store.client.call("ZADD", store.keys.winback_order(1), 0, lost.text)
    again = loop(store, settings)
    again.turn()
    assert ordered(store) == set()


def test_what_was_taken_and_not_ranked_is_ranked_by_the_next_pass(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that loses the store between both ranks all anew."""
    ranking = loop(store, settings)
    ranking.turn()
    name = put(store, 1)

    def away(*_: Any) -> None:
        raise StoreAwayError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(WinbackOrder, "put", away)
        with pytest.raises(StoreAwayError):
            ranking.turn()
    assert ordered(store) == set()
    ranking.turn()
    assert ordered(store) == {name}


def test_a_place_is_replaced_and_never_doubled(store: Store) -> None:
    """A case has one place, however often it is ranked."""
    first, second = (WinbackPlace(str(n) * 35, "0-a", "method") for n in (1, 0))
    for place in (first, second, second):
        store.winback_order.put(0, {"0-a": place})
    assert store.winback_order.first(None, 10)[0] == [second]
    store.winback_order.put(0, {"0-a": None})
    assert store.winback_order.first(None, 10) == [[], []]
    assert store.winback_order.names(0) == set()


def test_without_rules_no_order_is_kept(store: Store, settings: Settings) -> None:
    """An installation that wins nobody back pays nothing for it."""
    assert winback_policy(rules=[]).trails is None
    put(store, 1)
    found = loop(store, settings)
    found._follower = _Follower()  # type: ignore[assignment]
    assert found.turn() == 0
    assert store.winback_order.take_stale(1, 10)


class _Follower:
    """A follower of a configuration without rules of win-back."""

    def __init__(self) -> None:
        self.winback = winback_policy(rules=[])

    def current(self) -> _Follower:
        """Return itself."""
        return self
