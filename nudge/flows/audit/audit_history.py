"""The history of everything that somebody changed: slots, documents, policies, alarms, users.

Each thing keeps its own history with what it changes, in the same atomic write; this module reads
them all in one form and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nudge.domain.users.audit_entry import AuditEntry
from nudge.domain.users.audit_line import ALARM, DOCUMENT, KEY, QUARANTINE, SLOT, AuditLine
from nudge.store.store import Store

SKEW: Final = 120.0
"""Seconds by which the clocks of processes may differ that write the users' entries."""
PAGE: Final = 1_000


def slot_lines(store: Store, slots: Iterable[str]) -> Iterator[AuditLine]:
    """Yield the revisions of slots, and the holds of their policies."""
    for name in slots:
        for one in store.slots.audits(name):
            yield _revision(f"{SLOT}:{name}", SLOT, one)
        for hold in store.policy_holds.history(name):
            action = "policy_held" if hold["held"] else "policy_released"
            entry = AuditEntry(hold["at"], hold["who"], action, f"{SLOT}:{name}", hold["why"])
            yield AuditLine(entry, hold["version"])


def document_lines(store: Store, documents: Iterable[str]) -> Iterator[AuditLine]:
    """Yield the revisions of documents of the configuration."""
    for name in documents:
        for one in store.documents.audits(name):
            yield _revision(f"{DOCUMENT}:{name}", DOCUMENT, one)


def alarm_lines(store: Store, since: float = 0.0) -> Iterator[AuditLine]:
    """Yield the steps of alarms and of quarantines."""
    for stored in store.alarms.recent(since):
        for step in stored.alarm.steps:
            named = f"{ALARM}:{stored.alarm.id}"
            yield AuditLine(AuditEntry(step.at, step.who, f"alarm_{step.action}", named, step.note))
    for one in store.quarantines.current().values():
        for mark in one.steps:
            note, named = mark.note, f"{QUARANTINE}:{one.id}"
            action = f"quarantine_{mark.action}"
            yield AuditLine(AuditEntry(note.at, note.who, action, named, note.text))


def key_lines(store: Store) -> Iterator[AuditLine]:
    """Yield the making and revoking of API keys; nobody is named, since commands do it."""
    for one in store.api_keys.list_keys():
        named = f"{KEY}:{one.key_id}"
        yield AuditLine(AuditEntry(one.created, "", "key_made", named, one.name))
        if one.revoked_at is not None:
            yield AuditLine(AuditEntry(one.revoked_at, "", "key_revoked", named, one.name))


def user_lines(store: Store, since: float = 0.0) -> Iterator[AuditLine]:
    """Yield what users did that has no history of its own, and what was done about users."""
    cursor = ""
    while True:
        page = store.audit.page(PAGE, cursor)
        yield from (AuditLine(entry) for entry in page.entries)
        cursor = page.cursor
        if not cursor or page.entries[-1].at < since - SKEW:
            return


def whole_history(
    store: Store, slots: Iterable[str], documents: Iterable[str], since: float = 0.0
) -> list[AuditLine]:
    """Return every line since a moment, the newest first.

    Args:
        store: of the installation.
        slots: names of slots.
        documents: names of documents.
        since: seconds.

    Raises:
        StoreAwayError: the store does not answer.
    """
    found = [
        *slot_lines(store, slots),
        *document_lines(store, documents),
        *alarm_lines(store, since),
        *key_lines(store),
        *user_lines(store, since),
    ]
    return newest_first(one for one in found if one.entry.at >= since)


def newest_first(lines: Iterable[AuditLine]) -> list[AuditLine]:
    """Return lines by time, the newest first; lines of one moment have a fixed order."""
    return sorted(lines, key=_place, reverse=True)


def _place(line: AuditLine) -> tuple[float, str, int, str]:
    entry = line.entry
    return entry.at, entry.object, line.revision or 0, entry.action


def _revision(named: str, kind: str, one: Mapping[str, Any]) -> AuditLine:
    at, revision = float(one["at"]), int(one["revision"])
    action = f"{kind}_{'made' if one.get('action') == 'create' else 'changed'}"
    entry = AuditEntry(at, str(one.get("who", "")), action, named, str(one.get("why", "")))
    return AuditLine(entry, revision, tuple(map(str, one.get("diff", ()))))
