"""Notices over HTTP: an alarm tells who was told of it, and no address shows a secret."""

from __future__ import annotations

from alarm_samples import alarm
from api_web import Web

from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.delivery import Delivery, Notice, NoticeKind, Occasion
from nudge.domain.alarms.notice_policy import Addressee
from nudge.store.service.alarms import StoredAlarm

START = 1_790_000_000.0


def test_an_alarm_tells_who_was_told_of_it(web: Web) -> None:
    """The latest comes first; of an address kind and host are shown; others' notices are not."""
    store = web.service.patient
    for name in ("a1", "a2"):
        assert store.alarms.put(StoredAlarm(alarm(name, START)))
        where = Addressee("ann", "jsons://u:${NOTICE_P}@hooks.example.com/secret/path")
        for kind, after in ((NoticeKind.OPENED, 1.0), (NoticeKind.ESCALATED, 900.0)):
            notice = Notice(kind, where, (Occasion(name, 1, AlarmLevel.CRITICAL),))
            begun = Delivery(notice).begin(START + after)
            assert store.deliveries.put(begun.end(START + after + 1, "no answer"), 0)
    response = web.get("/v1/alarms/a1", "read")
    assert response.status_code == 200, response.text
    told = (response.json or {})["notices"]
    assert [(one["kind"], one["alarms"]) for one in told] == [
        ("escalated", ["a1"]),
        ("opened", ["a1"]),
    ]
    assert told[0]["address"] == "jsons://hooks.example.com"
    assert (told[0]["outcome"], told[0]["detail"]) == ("failed", "no answer")
    assert "secret/path" not in response.text
    assert "NOTICE_P" not in response.text
