"""Runs of the holdout, as the store knows a slot's revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from report_traffic import SLOT

from nudge.config.slot_change import Edit
from nudge.flows.reports.holdout_shares import read_holdout_runs
from nudge.flows.upkeep import apply as applying
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

EDIT = Edit("ann", "test", 1.0)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = patient_store(settings)
    yield opened
    opened.client.close()


def test_f37_a_change_between_the_rows_parts_them(store: Store) -> None:
    """Another fallback for an hour without visitors still makes two runs of what lies around."""
    assert store.slots.put(replace(SLOT, revision=1), None)
    for fallback in ("b", "a"):
        seen = store.slots.current()["banner"].revision
        applying.patch(store, "banner", {"fallback": {"default": fallback}}, seen, EDIT)
    slot = store.slots.current()["banner"]
    assert read_holdout_runs(store, slot, (1, 3)) == {1: 1, 2: 2, 3: 3}
    assert read_holdout_runs(store, slot, (3,)) == {}


def test_f37_revisions_may_be_dates(store: Store) -> None:
    """Only revisions that were, or have rows, are looked at; one that is not kept is as today."""
    slot = replace(SLOT, revision=20_261_128)
    assert store.slots.put(slot, None)
    runs = read_holdout_runs(store, slot, (1, 20_261_128))
    assert runs == {1: 1, 20_261_128: 1}
