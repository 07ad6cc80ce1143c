"""Spooled records go to the journal, each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flow_web import NOW, Web

from nudge.domain.identity.sealing import away_ref, new_subject
from nudge.domain.journal.records import Decision, Event
from nudge.errors import StoreAwayError
from nudge.flows.serving.drain import drain
from nudge.spool.spool import Spool
from nudge.store.journal.appends import Append
from nudge.store.keeping.spooled_append import SpooledAppend, pack, unpack
from nudge.store.wire.client import Client


def spooled(web: Web, visitor: str, number: int, subject: str = "") -> SpooledAppend:
    hashed = web.sealer.visitor_hash(visitor)
    event = Event(subject or new_subject(), f"{visitor}-{number}", "step", "page", at=NOW)
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    return SpooledAppend(home, Append(hashed, event), closes=False)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", b"k" * 32, 1 << 22)


def test_everything_is_drained_once_in_the_order_of_each_visitor(web: Web, spool: Spool) -> None:
    """1,200 events of 10 visitors arrive once each, in order, and the files are gone."""
    for i in range(120):
        spool.append([pack(spooled(web, f"v{v}", i)) for v in range(10)])
    spool.hand_over()
    assert drain(web.store, spool) == 1_200
    assert drain(web.store, spool) == 0
    events = [e.record for e in web.entries() if isinstance(e.record, Event)]
    for v in range(10):
        mine = [int(e.event_id.split("-")[1]) for e in events if e.event_id.startswith(f"v{v}-")]
        assert mine == list(range(120))
    assert len({e.subject for e in events}) == 10


def test_a_crash_in_the_middle_repeats_harmlessly(
    web: Web, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away again half way: what was drained is not doubled, the rest follows."""
    for i in range(1_500):
        spool.append([pack(spooled(web, "v", i))])
    spool.hand_over()
    run, calls = Client.run, iter(range(10))

    def failing(self: Client, *args: object) -> object:
        if next(calls) == 2:
            raise StoreAwayError("again")
        return run(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Client, "run", failing)
        with pytest.raises(StoreAwayError):
            drain(web.store, spool)
    assert drain(web.store, spool) == 500
    events = [e.record for e in web.entries() if isinstance(e.record, Event)]
    assert [int(e.event_id.split("-")[1]) for e in events] == list(range(1_500))


def test_a_spooled_decision_keeps_its_reference_and_is_taken_once(web: Web, spool: Spool) -> None:
    """A decision made without the store stands under the reference that was answered."""
    web.ask("known", "banner")
    made = next(e.record for e in web.entries() if isinstance(e.record, Decision))
    hashed = web.sealer.visitor_hash("new")
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    away = replace(made, subject=new_subject(), ref=away_ref(home), at=NOW, degraded=True)
    item = SpooledAppend(home, Append(hashed, away), closes=True)
    assert unpack(pack(item)) == item
    spool.append([pack(item), pack(item)])
    spool.hand_over()
    assert drain(web.store, spool) == 1
    refs = [e.ref for e in web.entries() if isinstance(e.record, Decision)]
    assert refs.count(away.ref) == 1
