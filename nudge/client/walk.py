"""A walk of the service's path over HTTP, as a page goes it: it teaches and counts nothing.

Its decisions are rehearsals: they stand in the journal as `shadow`, and no exposure comes of them.
Its events are `shown` alone, said by a server, so that no visit begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from nudge.client.api import Api, RefusedError, ServiceAwayError

VISITOR: Final = "nudge-walk"
"""Id of the visitor who walks; the device of no person."""
CHANNEL, PAGE = "web", "home"
SMS_SLOT: Final = "sms_timing"


class WalkStep(StrEnum):
    """Step of a walk, in the order in which they are taken."""

    HEALTH = "health"
    SLOTS = "slots"
    DECISIONS = "decisions"
    SHOWN = "shown"
    RECORD = "record"


class ServiceWalk:
    """A walk through a running service. Use it from one thread."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._expected: dict[str, str] = {}
        self._given: Mapping[str, Mapping[str, Any]] = {}

    def run(self) -> str:
        """Walk once; return the step that failed, or an empty word."""
        for step, take in self._steps().items():
            try:
                if not take():
                    return step.value
            except (ServiceAwayError, RefusedError, KeyError, TypeError):
                # An answer of another shape is as bad as none.
                return step.value
        return ""

    def _steps(self) -> dict[WalkStep, Callable[[], bool]]:
        return {
            WalkStep.HEALTH: self._is_healthy,
            WalkStep.SLOTS: self._reads_slots,
            WalkStep.DECISIONS: self._decides,
            WalkStep.SHOWN: self._shows,
            WalkStep.RECORD: self._finds_record,
        }

    def _is_healthy(self) -> bool:
        self._api.check()
        return True

    def _reads_slots(self) -> bool:
        self._expected = {
            slot["slot"]: slot["fallback"].get(PAGE, slot["fallback"]["default"])
            for slot in self._api.get("/v1/slots")["slots"]
            if slot["slot"] != SMS_SLOT
        }
        return True

    def _decides(self) -> bool:
        if not self._expected:
            return True
        body = {
            "visitor_id": VISITOR,
            "channel": CHANNEL,
            "page": PAGE,
            "slots": list(self._expected),
            "rehearsal": True,
        }
        self._given = self._api.post("/v1/decisions", body)["decisions"]
        return {name: one["variant"] for name, one in self._given.items()} == self._expected

    def _shows(self) -> bool:
        events = [
            {
                "event_id": f"walk-{one['decision_id']}",
                "type": "shown",
                "decision_id": one["decision_id"],
            }
            for one in self._given.values()
        ]
        if not events:
            return True
        told = self._api.post("/v1/events", {"events": events})
        return bool(told["accepted"] + told["duplicates"] == len(events))

    def _finds_record(self) -> bool:
        """Return whether the last decision can be explained: it stands in the journal."""
        for one in list(self._given.values())[-1:]:
            found = self._api.get(f"/v1/decisions/{one['decision_id']}")
            return bool(found["decision_id"] == one["decision_id"])
        return True
