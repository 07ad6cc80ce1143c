"""The SMS line of a history: it plans reminders each month, sends them, and hears what comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

import numpy as np

from bandits.units import HOUR, MINUTE
from lab.history.people import Person
from lab.simulate.visitors import generator
from nudge.pages.api_door import ApiDoor

AT_ONCE: Final = 1000
LINE: Final = 3_000_000_001
"""Number of the line's own random generator."""
DELIVERED: Final = 0.96
ANSWERS: Final = {"early": 0.03, "mid": 0.01, "end": 0.08}
"""Share of those who pay behind a reminder, by the part of the month (field-notes: the end of the
month gets ten times the response of its middle)."""
AT_ONCE_ANSWERS: Final = 0.12
"""The same of those who are written to behind a failed payment."""


@dataclass
class SmsLine:
    """The line by which the operator writes.

    Attributes:
        door: of the scheduler.
        report: has a server report an event at its moment.
        customers: known ones.
        seed: of all randomness.
    """

    door: ApiDoor
    report: Callable[[dict[str, Any]], None]
    customers: Sequence[Person]
    seed: int

    def __post_init__(self) -> None:
        """Begin at the first message."""
        self._rng = generator(self.seed, LINE)
        self._numbers = count(1)

    def remind(self) -> int:
        """Plan this month's reminder for every customer; return how many may be written to."""
        names = [one.visitor_id for one in self.customers]
        parts = (names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE))
        return sum(self._plan(part, "reminder") for part in parts)

    def write_after_failure(self, names: Sequence[str]) -> int:
        """Plan a message for customers whose payment has failed; return how many get one."""
        return self._plan(list(names), "payment_failed") if names else 0

    def _plan(self, names: list[str], purpose: str) -> int:
        asked = [{"visitor_id": name, "purpose": purpose} for name in names]
        found = self.door.post("/v1/sms/timings", {"customers": asked}).body["results"]
        planned = [one for one in found if one["send_at"] and not one["sticky"]]
        for one in planned:
            self._send(one, purpose)
        return len(planned)

    def _send(self, plan: dict[str, Any], purpose: str) -> None:
        at, rng = datetime.fromisoformat(plan["send_at"]).timestamp(), self._rng
        message = {"visitor_id": plan["visitor_id"], "decision_id": plan["decision_id"]}
        self._tell("sms_sent", at, message | {"purpose": purpose})
        if rng.random() >= DELIVERED:
            self._tell("sms_failed", at + MINUTE, message | {"reason": "absent"})
            return
        self._tell("sms_delivered", at + float(rng.uniform(2, 50)), message)
        part = plan["window"].split("_")[0]
        if rng.random() < ANSWERS.get(part, AT_ONCE_ANSWERS):
            later = at + min(12 * HOUR, float(rng.exponential(2 * HOUR)) + MINUTE)
            self._tell("sms_clicked", later, message)
            amount = float(np.asarray(rng.choice([30, 50, 100])))
            paid = {"visitor_id": plan["visitor_id"], "amount": amount, "method": "wechat"}
            self._tell("paid", later + float(rng.uniform(30, 300)), paid)

    def _tell(self, kind: str, at: float, fields: dict[str, Any]) -> None:
        name = f"sms-{next(self._numbers)}"
        self.report({"event_id": name, "type": kind, "at": round(at, 3), **fields})
