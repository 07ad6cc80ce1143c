"""Doors of those who act in a history: the pages, a server, and the people of the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nudge.domain.journal.caller import SCOPES, Caller, Scope
from nudge.pages.api_door import ApiDoor

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

EVENTS: Final = ("makeDecisions", "recordEvents")
LINE: Final = ("planSms", *EVENTS)
MARKETING: Final = ("getSlot", "patchSlot", "patchPolicy")
OPERATIONS: Final = ("listAlarms", "patchAlarm", "makeMendedCause")
CARE: Final = ("makeNextWork", "recordWorkOutcomes", "makeGrant", "getMeasure", "patchWork")


@dataclass(frozen=True)
class StaffDoors:
    """The doors to the API, one for each who calls.

    Attributes:
        pages: the channel's pages.
        server: the operator's servers.
        marketing: who changes slots.
        operations: who cares for alarms.
        care: who calls visitors.
    """

    pages: ApiDoor
    server: ApiDoor
    marketing: ApiDoor
    operations: ApiDoor
    care: ApiDoor

    @classmethod
    def of(cls, app: WSGIApplication) -> StaffDoors:
        """Return the doors to an application."""
        return cls(
            _door(app, "page", ("decide",), EVENTS),
            _door(app, "server", ("decide", "ingest", "schedule"), LINE),
            _door(app, "user:li.na", SCOPES, MARKETING),
            _door(app, "user:wang.lei", SCOPES, OPERATIONS),
            _door(app, "user:zhao.min", SCOPES, CARE),
        )


def _door(
    app: WSGIApplication, name: str, scopes: tuple[Scope, ...], operations: tuple[str, ...]
) -> ApiDoor:
    return ApiDoor(app, Caller(name, frozenset(scopes), operations=frozenset(operations)))
