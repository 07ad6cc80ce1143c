"""Warnings and cases of win-back open in time, though nobody comes."""

from __future__ import annotations

from care_site import all_cases, care_fold
from care_site import fold_all as fold_care
from winback_site import failed, visit, winback_fold
from worker_site import Site

from benchmarks.moved_clock import moved_clock
from nudge import clock
from nudge.domain.journal.records import Event
from nudge.flows.folds.care import CareFold
from nudge.store.journal.appends import Append
from nudge.store.keeping.heartbeats import DUE
from nudge.workers.turns.heartbeat_loop import HeartbeatLoop

ONE = "8" * 32


def beats_after(site: Site, fold: CareFold, *events: Event) -> list[int]:
    """Heartbeats of each look while nobody comes, for half a minute, until a case is open."""
    loop = HeartbeatLoop(site.store, lambda: None)  # type: ignore[arg-type]
    with moved_clock(site.store.client, clock.now()) as hands:
        site.store.journal.append_once(0, [Append(x.subject, x) for x in events], closes=True)
        fold_care(site.store, fold)
        assert not all_cases(site.store)
        found = []
        while len(found) < 6:
            hands.move(hands.now + DUE + 0.5)
            found.append(loop.turn())
            fold_care(site.store, fold)
        return found


def test_a_delayed_warning_opens_in_a_silent_partition(site: Site) -> None:
    """One heartbeat comes a few seconds behind the end of the delay, and no more."""
    event = Event(ONE, "f", "payment_failed", "server", fields={"reason": "bank"})
    assert beats_after(site, care_fold(site.store), event) == [1, 0, 0, 0, 0, 0]
    assert [case.rule for case in all_cases(site.store)] == ["unpaid"]


def test_a_case_of_winback_opens_in_a_silent_partition(site: Site) -> None:
    """The trail of a visit that was left is asked about, too."""
    at = clock.now() - 30 * 3600
    fold = winback_fold(site.store)
    assert sum(beats_after(site, fold, *visit(ONE, "v", at), failed(ONE, "f", at + 99))) >= 1
    assert all_cases(site.store)
