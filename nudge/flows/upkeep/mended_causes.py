"""Mended causes: declare one, take one back. Each is in the audit, and done once.

The mark of the journal is written before the cause: who dies in between writes it again.
"""

from __future__ import annotations

from nudge import faults
from nudge.domain.journal.records import Mark
from nudge.domain.winback.mended_cause import BY_ALARM, MendedCause, alarm_cause
from nudge.errors import NotFoundError
from nudge.flows.upkeep.apply import AUDIT_PARTITION
from nudge.store.store import Store


def declare_mended(store: Store, cause: MendedCause) -> MendedCause:
    """Declare a cause mended; return it as it stands, also where it was declared before.

    One that was taken back stands again.

    Args:
        store: of the installation.
        cause: with its id, its author and the reason.

    Raises:
        StoreAwayError: no answer; the same call goes on.
    """
    known = store.winback.cause(cause.id)
    if known is not None and not known.taken_back:
        return known
    _mark(store, "cause_mended", cause, cause.at, cause.who)
    faults.point("mended.before_write")
    if known is not None:
        store.winback.put(cause)
    elif not store.winback.put_new(cause):
        return store.winback.cause(cause.id) or cause
    return cause


def take_back(store: Store, name: str, at: float, who: str) -> MendedCause:
    """Take back that a cause was mended, also one that a resolved alarm named.

    Args:
        store: of the installation.
        name: id of the cause.
        at: seconds, now.
        who: takes it back.

    Raises:
        NotFoundError: no cause has this id.
        StoreAwayError: no answer; the same call goes on.
    """
    known = store.winback.cause(name) or _named_by_alarm(store, name, at)
    if known is None:
        raise NotFoundError("no cause has this id")
    if known.taken_back:
        return known
    gone = known.without_effect(at, who)
    _mark(store, "cause_taken_back", gone, at, who)
    faults.point("mended.before_write")
    store.winback.put(gone)
    return gone


def _named_by_alarm(store: Store, name: str, at: float) -> MendedCause | None:
    found = store.alarms.read(name.removeprefix(BY_ALARM)) if name.startswith(BY_ALARM) else None
    return alarm_cause(found.alarm, at) if found else None


def _mark(store: Store, kind: str, cause: MendedCause, at: float, who: str) -> None:
    fields = cause.plain | {"who": who}
    store.journal.append_mark(AUDIT_PARTITION, Mark(kind, fields, at=at))
