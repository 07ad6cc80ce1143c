"""The screens of alarms: what happened, what it means, and what is done about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from funnel_visits import answering, archive, settled, visit
from page_site import PageSite

from nudge import clock
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmPart, AlarmStep
from nudge.domain.alarms.quarantine import QuarantineNote, QuarantineScope
from nudge.flows.upkeep import quarantine
from nudge.pages.screens.alarms import shape_parts, shape_spans
from nudge.store.service.alarms import StoredAlarm

NAME = "9f2c4e1ab0d37756"
ZH, EN = "支付宝支付成功率从 92% 降到 11%。", "Payments by Alipay succeed in 11 %."
PATH = f"/alarms/{NAME}"


@pytest.fixture
def alarmed(site: PageSite) -> PageSite:
    """An outage of a payment method, with its quarantine."""
    store, at = site.web.service.store, clock.now()
    note = QuarantineNote("monitor", at)
    marked = quarantine.mark(store, at - 600.0, at + 600.0, QuarantineScope(), note, alarm=NAME)
    parts = (
        AlarmPart("method", "alipay", 0.11, 0.92, 61),
        AlarmPart("method", "wechat", 0.91, 0.92, 64),
        AlarmPart("channel", "wap", 0.5, 0.92, 64),
    )
    cause = {"stage": "method", "method": "alipay"}
    opened = AlarmStep(at, AlarmAction.OPEN, "monitor")
    alarm = Alarm(
        *(NAME, "payment", AlarmLevel.CRITICAL, cause, at - 60, at, {"zh": ZH, "en": EN}),
        {"rate": 0.11, "usual": 0.92, "excess": 24.0},
        ("channel",),
        marked.id,
        (opened,),
        parts,
    )
    assert store.alarms.put(StoredAlarm(alarm))
    return site


def test_the_first_sentence_is_the_alarm_s(alarmed: PageSite) -> None:
    """The list begins with the open alarm, whole, in the reader's language, and leads to it."""
    for language, sentence in (("zh", ZH), ("en", EN)):
        text = alarmed.text("/alarms", language=language)
        assert sentence in re.findall('<p class="verdict">(.*?)</p>', text)[0]
        assert f'href="{PATH}"' in text
    assert ZH not in alarmed.text("/alarms?level=warning").rpartition("</form>")[2]


def test_without_alarms_the_page_says_so(site: PageSite) -> None:
    """Nothing to do is a sentence, and where monitors are set stands below it."""
    text = site.text("/alarms")
    assert "目前没有需要处理的告警。" in text
    assert "config/monitors.toml" in site.text("/alarms", language="en")


def test_an_alarm_tells_what_fell_and_what_did_not(alarmed: PageSite) -> None:
    """The values of the cause come first and are marked; the others stand beside them."""
    text = alarmed.text(PATH)
    assert text.index("支付宝：11.0%，平时 92.0%") < text.index("微信支付：91.0%，平时 92.0%")
    assert text.count("原因所在") == 1
    assert "Alipay: 11.0%, usually 92.0%" in alarmed.text(PATH, language="en")


def test_a_step_asks_for_its_reason_and_is_harmless_when_repeated(alarmed: PageSite) -> None:
    """Without a reason nothing happens; with one the step stands in the history, once."""
    client = alarmed.client()
    path = f"{PATH}/actions/acknowledge"
    assert "请填写原因" in client.post(path, data={"why": " "}).text
    assert alarmed.web.get(f"/v1/alarms/{NAME}").json["status"] == "open"
    for _ in range(2):
        response = client.post(path, data={"why": "已联系网关"})
        assert (response.status_code, response.headers["Location"]) == (303, PATH)
    text = client.get(PATH).text
    assert "告警已确认" in text
    assert text.count("已联系网关") == 1
    steps: Any = alarmed.web.get(f"/v1/alarms/{NAME}").json["steps"]
    assert [one["who"] for one in steps] == ["monitor", "user:admin"]


def test_a_release_says_how_much_it_lets_teach(alarmed: PageSite) -> None:
    """The preview counts the exposures; the release is final, and a discard after it is refused."""
    visit(alarmed.web, 30)
    archive(alarmed.web)
    path = f"{PATH}/actions/release"
    with answering(alarmed.web):
        assert "其中有 30 次曝光" in settled(alarmed, path)
        assert "30 exposures" in settled(alarmed, path, language="en")
    client = alarmed.client()
    assert client.post(path, data={"why": "故障已恢复"}).status_code == 303
    assert "已放行，重新计入" in client.get(PATH).text
    again = client.post(f"{PATH}/actions/discard", data={"why": "手误"})
    assert again.status_code == 200
    assert "这一步没有执行" in again.text
    assert "手误" in again.text


def test_a_silence_has_an_end(alarmed: PageSite) -> None:
    """It lasts as long as was chosen; what no choice offers is the shortest."""
    client = alarmed.client()
    for hours, least in (("8", 7.9), ("none", 1.9)):
        client.post(f"{PATH}/actions/silence", data={"why": "维护", "hours": hours})
        until: Any = alarmed.web.get(f"/v1/alarms/{NAME}").json["steps"][-1]["until"]
        ahead = datetime.fromisoformat(until).timestamp() - clock.now()
        assert least * 3600 < ahead < (least + 0.2) * 3600


def test_an_unknown_action_or_alarm_is_not_there(alarmed: PageSite) -> None:
    """A wrong address is a page that says so."""
    client = alarmed.client()
    for path in (f"{PATH}/actions/erase", "/alarms/nobody", "/alarms/nobody/actions/release"):
        assert client.get(path).status_code == 404
    assert client.post(f"{PATH}/actions/erase", data={"why": "x"}).status_code == 404


def test_a_viewer_gets_no_form(alarmed: PageSite) -> None:
    """A role without the operation sees the alarm and no button, and no form by its address."""
    client = alarmed.client("viewer")
    assert f"{PATH}/actions" not in client.get(PATH).text
    path = f"{PATH}/actions/release"
    assert client.get(path).status_code == 403
    assert client.post(path, data={"why": "x"}).status_code == 403


def test_tables_are_files(alarmed: PageSite) -> None:
    """The list and the history of an alarm, with sentences in the reader's language."""
    client = alarmed.client()
    assert ZH in client.get("/alarms?format=csv").text
    assert "monitor" in client.get(f"{PATH}?format=csv").text


def alarm(began: datetime, hours: float | None) -> dict[str, Any]:
    done = None if hours is None else (began + timedelta(hours=hours)).isoformat()
    steps = [] if done is None else [{"action": "resolve", "at": done}]
    return {"began": began.isoformat(), "status": "resolved" if done else "open", "steps": steps}


def test_alarms_of_one_time_stand_below_each_other() -> None:
    """A bar has the length of its alarm; one that is open reaches today; old ones are left out."""
    now = datetime(2026, 11, 30, tzinfo=UTC)
    day = timedelta(days=1)
    told = (alarm(now - 15 * day, 72), alarm(now - 14 * day, None), alarm(now - 60 * day, 2))
    first, second = shape_spans(told, now)
    assert first.start == pytest.approx(0.5)
    assert first.width == pytest.approx(0.1)
    assert second.start + second.width == pytest.approx(1.0)
    assert (first.lane, second.lane) == (0, 1)


def test_parts_of_the_cause_come_first() -> None:
    """Attributes that the cause names before those that it does not, and so their values."""
    parts = [
        {"attribute": "channel", "value": "wap"},
        {"attribute": "method", "value": "wechat"},
        {"attribute": "method", "value": "card"},
    ]
    groups = shape_parts({"cause": {"stage": "method", "method": "card"}, "parts": parts})
    assert [(one.attribute, one.fell) for one in groups] == [("method", True), ("channel", False)]
    assert [one["value"] for one in groups[0].parts] == ["card", "wechat"]
