"""The uplift of win-back is fitted to live cases daily, by one worker, and put into force."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from funnel_traffic import START, Timed, written
from loop_traffic import opened, paid
from worker_site import Site

from bandits.units import DAY
from nudge import clock
from nudge.domain.winback.contact_effect import ContactVerdict
from nudge.workers.store_check import StoreCheck
from nudge.workers.turns.uplift_loop import UpliftLoop

PEOPLE = 800


def cases(ago: float) -> Iterator[Timed]:
    """Cases so many seconds ago, a third held out; a contact doubles who comes back."""
    rng, first = np.random.default_rng(7), clock.now() - START - ago
    for person in range(PEOPLE):
        held, at = bool(rng.random() < 1 / 3), first + person
        yield START + at, opened(person, at, held=held, stage="pay")
        if rng.random() < (0.2 if held else 0.5):
            yield paid(person, at + 3_600.0)


def test_live_cases_are_fitted_daily_in_one_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing at the start; then what the lake tells is in force, until a day later."""
    passed, began = [0.0], clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + passed[0])
    written(site.settings.lake_dir, cases(40.0 * DAY))
    check = StoreCheck(site.store, site.settings.store_note)
    one, two = (UpliftLoop(site.store, site.settings, name, 60.0, check) for name in ("a", "b"))
    assert not one.turn()
    assert site.store.winback.uplift() is None
    passed[0] = 901.0
    assert one.turn()
    assert not two.turn()  # it is the other's turn
    found = site.store.winback.uplift()
    assert found is not None
    assert found.contacted + found.held_out == PEOPLE
    assert found.verdict in {ContactVerdict.HELPS, ContactVerdict.HELPS_SOME}
    assert found.score({"stage": "pay"}).is_told
    assert not one.turn()
    passed[0] += DAY
    assert one.turn()


def test_cases_whose_month_runs_tell_nothing_yet(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Young cases are not fitted: who has not come back yet may still do so."""
    passed, began = [0.0], clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: began + passed[0])
    written(site.settings.lake_dir, cases(10.0 * DAY))
    loop = UpliftLoop(
        site.store, site.settings, "a", 60.0, StoreCheck(site.store, site.settings.store_note)
    )
    passed[0] = 901.0
    assert loop.turn()
    found = site.store.winback.uplift()
    assert found is not None
    assert (found.verdict, found.contacted) == (ContactVerdict.CANNOT_ANSWER, 0)
