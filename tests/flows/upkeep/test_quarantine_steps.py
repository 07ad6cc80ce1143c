"""Quarantines in the store and in the journal: each step once, whoever repeats it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nudge.domain.alarms.quarantine import TYPE, QuarantineNote, QuarantineScope, QuarantineStatus
from nudge.domain.journal.records import Mark
from nudge.errors import InvalidRequestError, NotFoundError, StoreAwayError
from nudge.flows.upkeep.apply import AUDIT_PARTITION
from nudge.flows.upkeep.quarantine import discard, extend, mark, release, tell_journal
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

NOW = 1_790_000_000.0
ALL = QuarantineScope()


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def note(text: str = "") -> QuarantineNote:
    return QuarantineNote("ann", NOW, text)


def told(store: Store) -> list[tuple[str, int]]:
    """The marks of the journal: status and revision."""
    records = [entry.record for entry in store.journal.read(AUDIT_PARTITION, 0, 100)]
    marks = [one.fields for one in records if isinstance(one, Mark) and one.type == TYPE]
    found = [dict(fields["quarantine"]) for fields in marks]  # type: ignore[call-overload]
    return [(one["status"], one["revision"]) for one in found]


def test_each_step_is_in_the_store_and_in_the_journal_once(store: Store) -> None:
    """A repeated call returns what is there, and writes nothing."""
    for _ in range(2):
        one = mark(store, NOW, NOW + 3600.0, ALL, note("failed"))
    for _ in range(2):
        extend(store, one.id, NOW + 7200.0, note())
    for _ in range(2):
        release(store, one.id, note())
    (found,) = store.quarantines.current().values()
    assert found.status is QuarantineStatus.RELEASED
    assert [step.action for step in found.steps] == ["mark", "extend", "release"]
    assert told(store) == [("marked", 1), ("marked", 2), ("released", 3)]
    assert tell_journal(store) == 0


def test_a_released_interval_is_marked_again_by_hand_and_not_by_its_alarm(store: Store) -> None:
    """A loop that repeats itself does not undo what a person decided."""
    by_hand = mark(store, NOW, NOW + 3600.0, ALL, note())
    by_alarm = mark(store, NOW, NOW + 3600.0, ALL, note(), alarm="a-1")
    for one in (by_hand, by_alarm):
        release(store, one.id, note())
    again = mark(store, NOW, NOW + 3600.0, ALL, note())
    assert again.id not in {by_hand.id, by_alarm.id}
    assert again == mark(store, NOW, NOW + 3600.0, ALL, note())
    assert not mark(store, NOW, NOW + 3600.0, ALL, note(), alarm="a-1").leaves_out


def test_a_discarded_interval_stays_so(store: Store) -> None:
    """Discarding is final; an id that nobody gave is told apart from that."""
    one = mark(store, NOW, NOW + 3600.0, ALL, note())
    discard(store, one.id, note())
    with pytest.raises(InvalidRequestError, match="discarded"):
        release(store, one.id, note())
    assert mark(store, NOW, NOW + 3600.0, ALL, note()).leaves_out
    with pytest.raises(NotFoundError):
        release(store, "q-none", note())


@pytest.mark.parametrize("dies", ["append_mark", "note_told"])
def test_a_mark_that_was_not_written_is_written_by_a_worker(
    store: Store, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    """A process that dies behind its write leaves no quarantine that the lake never hears of."""
    owner = type(store.journal if dies == "append_mark" else store.quarantines)

    def away(*_: object) -> None:
        raise StoreAwayError("gone")

    monkeypatch.setattr(owner, dies, away)
    with pytest.raises(StoreAwayError):
        mark(store, NOW, NOW + 3600.0, ALL, note())
    monkeypatch.undo()
    assert store.quarantines.current()
    assert tell_journal(store) == 1
    assert tell_journal(store) == 0
    assert set(told(store)) == {("marked", 1)}


def test_the_first_writer_of_a_revision_wins(store: Store) -> None:
    """Two changes of one revision: the second one is refused, and nothing of it is written."""
    one = mark(store, NOW, NOW + 3600.0, ALL, note())
    longer = one.extended(NOW + 7200.0, note())
    assert store.quarantines.put(longer)
    assert not store.quarantines.put(one.extended(NOW + 9000.0, note()))
    assert store.quarantines.current() == {one.id: longer}
