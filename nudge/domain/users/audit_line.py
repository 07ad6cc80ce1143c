"""A line of the whole audit: an entry with the revision that it made, and what that changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.users.audit_entry import AuditEntry

SLOT: Final = "slot"
DOCUMENT: Final = "document"
ALARM: Final = "alarm"
QUARANTINE: Final = "quarantine"
KEY: Final = "key"


@dataclass(frozen=True)
class AuditLine:
    """A line of the audit.

    Attributes:
        entry: who did what, when and why.
        revision: that it made, or version that it held; None for what has none.
        diff: what it changed, `key: old -> new`.
    """

    entry: AuditEntry
    revision: int | None = None
    diff: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Kind of what was acted on: the beginning of its object."""
        return self.entry.object.partition(":")[0]

    @property
    def name(self) -> str:
        """Name of what was acted on."""
        return self.entry.object.partition(":")[2]

    def view(self, calendar: OperatorCalendar) -> dict[str, Any]:
        """Return the line as JSON, its time by a calendar."""
        entry = self.entry
        told = {"at": calendar.label(entry.at), "who": entry.who, "action": str(entry.action)}
        told |= {"object": entry.object, "why": entry.why}
        return told | {"revision": self.revision, "diff": list(self.diff)}
