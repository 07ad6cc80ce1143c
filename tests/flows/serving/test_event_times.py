"""Times of events: whole seconds, and servers' clocks that are behind (decision 0016)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flow_web import PAGE, SERVER, Web

from nudge.domain.choosing.requests import EventRequest
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.event import skew_of
from nudge.domain.journal.records import Decision, Event, Reward
from nudge.domain.slots.slot import RewardTerms, Scalar
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.flows.upkeep.verification.verify_visitors import verify_visitors
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.workers.runner import Runner

TAPPED = RewardTerms("decision", "pay_tapped|paid", "revenue", 3600.0)
SKEW = 2.0


@pytest.fixture
def shown(web: Web) -> tuple[Web, float]:
    """A visitor who was shown one amount, and when."""
    web.put(web.slot("denomination", terms=TAPPED))
    web.recorder = replace(web.recorder, skew=SKEW)
    web.ask("v", "denomination")
    return web, next(e.stamp for e in web.entries() if isinstance(e.record, Decision))


def tell(web: Web, kind: str, at: float, caller: Caller = SERVER) -> None:
    fields: dict[str, Scalar] = {"amount": 50} if kind == "paid" else {"step": "pay_tapped"}
    sent = EventRequest(f"{kind}-{at}", kind, "v", at, None, fields)
    assert web.recorder.record([sent], caller, at).accepted == 1


def fold(web: Web) -> None:
    runner = Runner(web.store, AttributeFold(web.store), "test")
    while runner.turn():
        pass
    runner._release()


def conversions(web: Web) -> int:
    fold(web)
    return sum(e.record.conversions for e in web.entries() if isinstance(e.record, Reward))


@pytest.mark.parametrize("caller", [SERVER, PAGE], ids=["server", "page"])
def test_f21_a_time_in_whole_seconds_means_that_second(
    shown: tuple[Web, float], caller: Caller
) -> None:
    """10:00:05, as a gateway writes it, is not before what was shown at 10:00:05.4."""
    web, at = shown
    web.recorder = replace(web.recorder, skew=0.0)
    tell(web, "paid" if caller is SERVER else "step", float(int(at)), caller)
    assert conversions(web) == 1


@pytest.mark.parametrize(("behind", "credited"), [(1.9, 1), (3.25, 0)])
def test_f21_a_server_may_be_behind(shown: tuple[Web, float], behind: float, credited: int) -> None:
    """A payment up to `skew` before the exposure is credited to it; one before that is not."""
    web, at = shown
    tell(web, "paid", at - behind)
    assert conversions(web) == credited


def test_f21_no_page_gains_by_it(shown: tuple[Web, float]) -> None:
    """The skew is for servers' clocks alone."""
    web, at = shown
    tell(web, "step", at - 1.001, PAGE)
    assert conversions(web) == 0


def test_f21_what_applied_is_in_the_record() -> None:
    """The journal says how much was allowed, so that a later setting changes no credit."""
    assert skew_of(None, "server", 2.0) is None
    assert skew_of(10.5, "server", 2.0) == 2.0
    assert skew_of(10.0, "server", 2.0) == 2.999
    assert skew_of(10.0, "page", 2.0) == 0.999
    assert skew_of(10.5, "page", 2.0) is None
    assert skew_of(10.5, "server", 0.0) is None


def test_f21_another_setting_rebuilds_to_the_same(shown: tuple[Web, float], tmp_path: Path) -> None:
    """Lake and journal repeat the credit as it was given; verify and rebuild find no difference."""
    web, at = shown
    tell(web, "paid", at - 1.9)
    assert conversions(web) == 1
    web.recorder = Recorder(web.store, web.sealer, web.recorder.spool, skew=0.0)
    lake, every = Lake(tmp_path / "lake"), list(web.store.keys.every_partition())
    leases = [web.store.folds.seize(p, "archive", "test", 60) for p in every]
    ArchiveFold(web.store, lake, web.sealer.seal_each).run(leases)
    tell(web, "paid", at - 1.8)
    fold(web)
    history = History(lake, web.sealer.unseal, web.store.journal.read)
    last = {p: web.store.journal.last_position(p) for p in every}
    events = [e.record for p in every for e in history.entries(p, 0, last[p])]
    assert {e.skew for e in events if isinstance(e, Event)} == {2.0, None}
    rebuilt = [Rebuild(web.store, history, "b").run("attribute", p, lambda _: None) for p in every]
    assert [one.differences for one in rebuilt] == [()] * len(every)
    assert list(verify_visitors(web.store, history, lambda _: None, every=True)) == []
