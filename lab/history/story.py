"""Story of a history: what the operator's people do in it, each at its moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from bandits.units import HOUR, MINUTE
from lab.history.care_team import CareTeam
from lab.history.driver import Driver
from lab.history.failures import Outage
from lab.history.plan import COFFEE_AGO, ROLL_BACK_AGO, STOPPED_AGO, HistoryPlan
from lab.history.sms_line import SmsLine
from lab.history.staff_doors import StaffDoors
from nudge.store.store import Store

REMINDER_DAY: Final = 1
"""Day of the month on which its reminders are planned; and the first one of the history."""
CALLS: Final = (10, 15)
"""Hours of a working day at which the agents call."""
SATURDAY: Final = 5


class Act(NamedTuple):
    """An act of somebody.

    Attributes:
        at: seconds.
        do: does it.
    """

    at: float
    do: Callable[[], object]


@dataclass(frozen=True)
class Story:
    """The acts of a history.

    Attributes:
        plan: of the history.
        doors: of those who act.
        store: to name the version that is served again.
    """

    plan: HistoryPlan
    doors: StaffDoors
    store: Store
    driver: Driver
    line: SmsLine
    team: CareTeam

    def acts(self) -> list[Act]:
        """Return all acts, the first one first."""
        found = [*self._slots(), *self._outages(), *self._days()]
        inside = (one for one in found if self.plan.start < one.at <= self.plan.end)
        return sorted(inside, key=lambda one: one.at)

    def _slots(self) -> Iterator[Act]:
        plan = self.plan
        if plan.days > ROLL_BACK_AGO:
            yield Act(plan.at(ROLL_BACK_AGO, 15, 20), self._roll_back)
            yield Act(plan.at(ROLL_BACK_AGO - 1, 11), self._let_go)
        why = "咖啡券到货，今天上线"
        yield Act(plan.at(COFFEE_AGO, 10), partial(self._switch, "coffee", why, on=True))
        why = "礼品发完，暂停三重礼"
        yield Act(plan.at(STOPPED_AGO, 9, 40), partial(self._switch, "triple_gift", why, on=False))

    def _switch(self, variant: str, why: str, *, on: bool) -> None:
        door, path = self.doors.marketing, "/v1/slots/banner"
        seen = door.get(path).etag
        body = {"variants": {variant: {"enabled": on}}}
        door.change("PATCH", path, body, if_match=seen, why=why)

    def _roll_back(self) -> None:
        versions = list(self.store.snapshots.published("denomination"))
        self._hold(versions[max(0, len(versions) - 3)], "300 元预选被投诉，先回到上一版")

    def _let_go(self) -> None:
        self._hold(None, "已核实是个别投诉，恢复学习")

    def _hold(self, version: int | None, why: str) -> None:
        path = "/v1/slots/denomination"
        seen = self.doors.marketing.get(path).etag
        body = {"version": version}
        self.doors.marketing.change("PATCH", f"{path}/policy", body, if_match=seen, why=why)

    def _outages(self) -> Iterator[Act]:
        for one in self.plan.outages:
            late = one.end - 30 * MINUTE
            yield Act(late, partial(self._acknowledge, one))
            if one is not self.plan.outage:
                yield Act(one.end + 14 * HOUR, partial(self._release, one))
        last = self.plan.outage
        yield Act(last.end + 11.5 * HOUR, partial(self._mend, last))

    def _acknowledge(self, outage: Outage) -> None:
        for name in self._alarms(outage):
            note = "已联系支付渠道，对方网关超时，正在处理"
            self._act(name, {"action": "acknowledge", "note": note})

    def _release(self, outage: Outage) -> None:
        for name in self._alarms(outage):
            note = "失败的访客与方案无关，但这段数据可用于对账，放行"
            self._act(name, {"action": "release", "note": note})

    def _alarms(self, outage: Outage) -> list[str]:
        found = self.doors.operations.get("/v1/alarms").body["alarms"]
        began = [(one["id"], datetime.fromisoformat(one["began"]).timestamp()) for one in found]
        return [name for name, at in began if outage.start - HOUR <= at <= outage.end]

    def _act(self, alarm: str, body: dict[str, str]) -> None:
        self.doors.operations.post(f"/v1/alarms/{alarm}/actions", body)

    def _mend(self, outage: Outage) -> None:
        body = {
            "method": outage.method,
            "since": outage.start,
            "until": outage.end,
            "why": "支付宝网关已恢复",
        }
        self.doors.operations.post("/v1/winback/causes", body)

    def _days(self) -> Iterator[Act]:
        for ago in range(self.plan.days - 1, -1, -1):
            at = self.plan.at(ago, 9, 5)
            day = datetime.fromtimestamp(at, self.plan.zone)
            if day.day == REMINDER_DAY or ago == self.plan.days - 1:
                yield Act(at, self.line.remind)
            for hour in range(8, 21, 2):
                yield Act(self.plan.at(ago, hour, 30), self._write_after_failure)
            for hour in CALLS if day.weekday() < SATURDAY else ():
                yield Act(self.plan.at(ago, hour, 40), self.team.take)
                yield Act(self.plan.at(ago, hour + 1, 10), self.team.call)

    def _write_after_failure(self) -> None:
        self.line.write_after_failure(self.driver.take_failed())
