"""Alarms over HTTP: listed, shown, and steps of people that may be repeated."""

from __future__ import annotations

from typing import Any

import pytest
from api_web import Web

from nudge.clock import now
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.alarms.quarantine import QuarantineNote, QuarantineScope, QuarantineStatus
from nudge.flows.upkeep import quarantine as quarantines
from nudge.store.service.alarms import StoredAlarm

PATH = "/v1/alarms"
START = 1_790_000_000.0


def opened(web: Web, name: str = "a1", quarantine: str = "", at: float = START + 600) -> None:
    step = AlarmStep(at, AlarmAction.OPEN, "monitor")
    sentence = {"zh": "支付失败。", "en": "Payments fail."}
    alarm = Alarm(
        name,
        "payment",
        AlarmLevel.CRITICAL,
        {"method": "wechat"},
        at - 60,
        at,
        sentence,
        quarantine=quarantine,
        steps=(step,),
    )
    assert web.service.patient.alarms.put(StoredAlarm(alarm))


def act(web: Web, key: str = "admin", name: str = "a1", **body: object) -> Any:
    return web.post(f"{PATH}/{name}/actions", body, web.secrets[key])


def listed(web: Web, query: str = "") -> list[str]:
    response = web.get(f"{PATH}{query}", "read")
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json["alarms"]]


def test_alarms_are_listed_by_their_latest_step(web: Web) -> None:
    """Status, level and time choose among them; a resolved one is in the history only."""
    opened(web)
    opened(web, "a2", at=START + 1200)
    assert listed(web) == ["a2", "a1"]
    assert listed(web, "?since=1790001000") == ["a2"]
    assert listed(web, "?level=warning") == []
    assert act(web, action="resolve").status_code == 200
    assert listed(web) == ["a1", "a2"]
    assert listed(web, "?status=unresolved") == ["a2"]
    assert listed(web, "?status=resolved") == ["a1"]


def test_a_step_that_is_repeated_is_one(web: Web) -> None:
    """A step has the name of its key; the second call changes nothing."""
    opened(web)
    for _ in range(2):
        answer = act(web, action="acknowledge", note="gateway called")
        assert answer.json["status"] == "acknowledged"
    steps = web.get(f"{PATH}/a1", "read").json["steps"]
    assert [one["action"] for one in steps] == ["open", "acknowledge"]
    assert steps[1]["note"] == "gateway called"


def test_a_silence_has_an_end(web: Web) -> None:
    """An alarm is silent until a time that is ahead, and open again afterwards."""
    opened(web)
    until = now() + 3600
    assert act(web, action="silence", until=until).json["status"] == "silenced"
    assert act(web, action="silence", until=until).json["status"] == "silenced"
    assert len(web.get(f"{PATH}/a1", "read").json["steps"]) == 2
    assert act(web, action="silence").status_code == 422
    assert act(web, action="silence", until=now() - 5).status_code == 422
    assert act(web, action="resolve", until=until).status_code == 422


def test_the_quarantine_of_an_alarm_is_released(web: Web) -> None:
    """Release and discard are of the alarm's quarantine; an alarm without one has none."""
    store = web.service.patient
    note = QuarantineNote("monitor", START + 600, "outage")
    found = quarantines.mark(
        store, START, START + 600, QuarantineScope(method="wechat"), note, "a1"
    )
    opened(web, quarantine=found.id)
    opened(web, "a2")
    for _ in range(2):
        assert act(web, action="release").json["status"] == "open"
    assert store.quarantines.current()[found.id].status is QuarantineStatus.RELEASED
    assert len(web.get(f"{PATH}/a1", "read").json["steps"]) == 2
    assert act(web, action="discard").status_code == 422
    assert act(web, name="a2", action="release").status_code == 422


@pytest.mark.parametrize("query", ["?status=closed", "?level=loud", "?since=x", "?until=3"])
def test_a_question_that_does_not_fit_is_refused(web: Web, query: str) -> None:
    """An unknown word, time or parameter is named."""
    response = web.get(f"{PATH}{query}", "read")
    assert response.status_code in {400, 422}
    assert response.json["errors"]


def test_unknown_alarms_and_strangers_are_refused(web: Web) -> None:
    """There is no alarm by that id; a key that reads takes no step."""
    assert web.get(f"{PATH}/none", "read").status_code == 404
    assert act(web, name="none", action="resolve").status_code == 404
    opened(web)
    assert act(web, key="read", action="resolve").status_code == 403
    assert act(web, action="open").status_code == 422
