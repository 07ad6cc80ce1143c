"""A quarantine whose author dies at any point: it is marked once, and the journal hears of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fault_site import Site, installed

from nudge import faults
from nudge.domain.alarms.quarantine import TYPE
from nudge.domain.journal.records import Mark
from nudge.flows.upkeep.apply import AUDIT_PARTITION
from nudge.flows.upkeep.quarantine import tell_journal
from nudge.processes import embedded
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

FIRST, *OTHERS = (one for one in faults.POINTS if one.startswith("quarantine."))
ADD = ("quarantine", "add", "--from", "1790000000", "--to", "1790007200", "--why", "failed")


@pytest.fixture
def site() -> Iterator[Site]:
    """A store alone."""
    with installed() as made:
        store = embedded.start(made.settings)
        yield made
        store.stop()


def told(store: Store) -> list[object]:
    records = [entry.record for entry in store.journal.read(AUDIT_PARTITION, 0, 100)]
    return [one.fields for one in records if isinstance(one, Mark) and one.type == TYPE]


@pytest.mark.parametrize(
    "point", [FIRST, *(pytest.param(one, marks=pytest.mark.faults) for one in OTHERS)]
)
def test_an_author_who_dies_leaves_a_whole_quarantine(site: Site, point: str) -> None:
    """A worker tells the journal, and the same command goes on where it was."""
    site.fault(point)
    assert site.run(*ADD).returncode != 0
    assert site.struck(point, 1.0)
    store = patient_store(site.settings)
    try:
        (one,) = store.quarantines.current().values()
        assert one.leaves_out
        assert tell_journal(store) == 1
        assert site.run(*ADD).returncode == 0
        assert store.quarantines.current() == {one.id: one}
        assert tell_journal(store) == 0
        marks = told(store)
        assert marks == [one.mark.fields] * len(marks) != []
    finally:
        store.close()
