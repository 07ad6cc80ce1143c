"""Quarantine: mark, extend, release and discard intervals that teach nothing.

Each step is one write of the store, under a revision, and then a mark in the journal, from which
the lake knows it. A process that dies in between leaves a quarantine that is *untold*; a worker
appends its mark (`tell_journal`). A mark holds the whole quarantine, so a second one changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nudge import faults
from nudge.domain.alarms.quarantine import (
    Quarantine,
    QuarantineAction,
    QuarantineNote,
    QuarantineScope,
    QuarantineStatus,
    new_quarantine,
)
from nudge.errors import ChangedMeanwhileError, NotFoundError
from nudge.flows.upkeep.apply import AUDIT_PARTITION
from nudge.store.store import Store

REACH: Final = 300.0
"""Seconds that a quarantine reaches back where nobody has measured the conversion delay: a bucket
of the counts."""
TRIES: Final = 20
"""Writes after which others are taken to change a quarantine without end."""


def mark(
    store: Store,
    start: float,
    end: float,
    scope: QuarantineScope,
    note: QuarantineNote,
    alarm: str = "",
    reach: float = REACH,
) -> Quarantine:
    """Mark an interval, from now on; return its quarantine, also where it was there before.

    An alarm marks once: what a person released stays released, however often the alarm repeats
    itself. By hand, an interval that was released may be marked again, under another id.

    Args:
        store: of the installation.
        start: seconds; of the outage.
        end: seconds; it may lie ahead, and be extended.
        scope: what it concerns.
        note: author, time and reason.
        alarm: id of the alarm that marks it.
        reach: seconds by which it reaches back: the median conversion delay.

    Raises:
        InvalidRequestError: the interval is empty.
        StoreAwayError: no answer; the same call goes on.
    """
    wanted = new_quarantine((start, end), scope, note, alarm, reach)

    def change() -> Quarantine:
        return _unreleased(store, wanted)

    return _written(store, change)


def extend(store: Store, name: str, end: float, note: QuarantineNote) -> Quarantine:
    """Move the end of a quarantine on; it is never shortened, and a closed one stays as it is.

    Raises:
        NotFoundError: no quarantine has this id.
        StoreAwayError: no answer; the same call goes on.
    """
    return _written(store, lambda: _find(store, name).extended(end, note))


def release(store: Store, name: str, note: QuarantineNote) -> Quarantine:
    """Release a quarantine: its interval counts again, as if it had never been marked.

    Raises:
        NotFoundError: no quarantine has this id.
        InvalidRequestError: it was discarded.
        StoreAwayError: no answer; the same call goes on.
    """
    return _written(store, lambda: _find(store, name).closed(QuarantineAction.RELEASE, note))


def discard(store: Store, name: str, note: QuarantineNote) -> Quarantine:
    """Discard the interval of a quarantine: it never counts.

    Raises:
        NotFoundError: no quarantine has this id.
        InvalidRequestError: it was released.
        StoreAwayError: no answer; the same call goes on.
    """
    return _written(store, lambda: _find(store, name).closed(QuarantineAction.DISCARD, note))


def tell_journal(store: Store) -> int:
    """Append the marks that are missing in the journal; return how many.

    Raises:
        StoreAwayError: no answer; the same call goes on.
    """
    found = store.quarantines.untold()
    for one in found:
        _tell(store, one)
    return len(found)


def _written(store: Store, change: Callable[[], Quarantine]) -> Quarantine:
    """Write what comes out of a change, looked at again where another caller was first."""
    for _ in range(TRIES):
        wanted = change()
        if store.quarantines.current().get(wanted.id) == wanted:
            return wanted
        if store.quarantines.put(wanted):
            faults.point("quarantine.after_write")
            _tell(store, wanted)
            return wanted
    raise ChangedMeanwhileError("others change the quarantine without end; look and try again")


def _tell(store: Store, quarantine: Quarantine) -> None:
    store.journal.append_mark(AUDIT_PARTITION, quarantine.mark)
    faults.point("quarantine.after_mark")
    store.quarantines.note_told(quarantine)


def _unreleased(store: Store, wanted: Quarantine) -> Quarantine:
    """Return the quarantine that is there, or `wanted` under the first id that is free."""
    current = store.quarantines.current()
    base, number = wanted.id, 1
    known = current.get(base)
    while known and not wanted.alarm and known.status is QuarantineStatus.RELEASED:
        number += 1
        known = current.get(f"{base}-{number}")
    if known is not None:
        return known
    return wanted if number == 1 else wanted.named(f"{base}-{number}")


def _find(store: Store, name: str) -> Quarantine:
    found = store.quarantines.current().get(name)
    if found is None:
        raise NotFoundError(f"no quarantine has the id {name!r}")
    return found
