"""Notices reach a real mail server and a real webhook once, whatever is down or dies meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from alarm_samples import alarm, with_step
from receivers import HttpReceiver, MailReceiver, http_receiver, mail_receiver
from worker_site import Site

from nudge.domain.alarms.alarm import Alarm, AlarmAction
from nudge.domain.alarms.delivery import DeliveryOutcome, NoticeKind
from nudge.domain.care.case import CaseStep, case_of, opening_record
from nudge.domain.care.signal import Signal
from nudge.domain.care.warning_rule import EventTest, WarningRule
from nudge.errors import StoreAwayError
from nudge.store.service.alarms import StoredAlarm
from nudge.store.service.deliveries import Deliveries
from nudge.workers.alarms.notice_loop import NoticeLoop
from nudge.workers.store_check import StoreCheck

NOON: Final = 1_795_579_200.0  # 2026-11-25T12:00+08:00
MONDAY: Final = NOON + 5 * 86_400 - 3 * 3600
TTL: Final = 60.0
TABLES: Final = """
[[people]]
name = "ann"
urls = [
    "json://127.0.0.1:{http}/hook",
    "mailto://127.0.0.1:{mail}?from=nudge@example.com&to=ann@example.com",
]
[[people]]
name = "bob"
language = "en"
urls = ["json://127.0.0.1:{http}/bob"]
[levels.critical]
tell = ["ann"]
escalate_after = "15m"
escalate_to = ["bob"]
[notices.digest]
day = "monday"
at = "09:00"
tell = ["bob"]
"""


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


@pytest.fixture
def told(site: Site, http: HttpReceiver, mail: MailReceiver, tmp_path: Path) -> Site:
    """A site that tells ann by webhook and mail, and bob by webhook when nobody acknowledges."""
    config = tmp_path / "config"
    config.mkdir()
    for path in site.settings.config_dir.glob("*.toml"):
        (config / path.name).write_bytes(path.read_bytes())
    (config / "monitors.toml").write_text(TABLES.format(http=http.port, mail=mail.port))
    return Site(site.store, replace(site.settings, config_dir=config))


def loop_of(site: Site, owner: str = "one") -> NoticeLoop:
    check = StoreCheck(site.store, site.settings.store_note)
    return NoticeLoop(site.store, site.settings, owner, TTL, check)


def look(loop: NoticeLoop, now: float) -> int:
    """One turn, until its tries have ended."""
    begun = loop.turn(now)
    loop.settle()
    return begun


def put(site: Site, changed: Alarm) -> None:
    before = site.store.alarms.read(changed.id)
    assert site.store.alarms.put(StoredAlarm(changed, before.revision if before else 0))


def kinds(http: HttpReceiver) -> list[tuple[str, str]]:
    return [(post.path.strip("/"), post.body["kind"]) for post in http.posts]


def test_an_alarm_arrives_once_by_webhook_and_mail(
    told: Site, http: HttpReceiver, mail: MailReceiver
) -> None:
    """Opened and resolved are told once each, over many looks and another worker's start."""
    put(told, opened := alarm("wechat", NOON))
    loop = loop_of(told)
    assert [look(loop, NOON + at) for at in range(4)] == [2, 0, 0, 0]
    put(told, with_step(opened, AlarmAction.RESOLVE, NOON + 60))
    loop._release()
    assert [look(loop_of(told, "two"), NOON + 61 + at) for at in range(3)] == [2, 0, 0]
    assert kinds(http) == [("hook", "opened"), ("hook", "resolved")]
    assert [one.subject[:9] for one in mail.mails] == ["[严重] 新告警:", "[严重] 告警已恢"]
    assert "wechat 支付成功率下降" in http.posts[0].body["message"]


def test_a_receiver_that_was_down_for_ten_minutes_gets_it_once(
    told: Site, http: HttpReceiver, mail: MailReceiver
) -> None:
    """The tries go on under one id; who is back gets the notice once, by webhook and by mail."""
    http.stop()
    mail.stop()
    put(told, alarm("wechat", NOON))
    loop = loop_of(told)
    tries = sum(look(loop, NOON + at) for at in range(0, 600, 10))
    assert tries >= 8
    http.start()
    mail.start()
    for at in range(600, 899, 10):
        look(loop, NOON + at)
    assert kinds(http) == [("hook", "opened")]
    assert len(mail.mails) == 1
    ids = {one.notice.id: one.outcome for one in told.store.deliveries.read().values()}
    assert set(ids.values()) == {DeliveryOutcome.DELIVERED}
    assert {http.posts[0].body["id"], mail.mails[0].headers["X-Nudge-Notice"]} == set(ids)


def test_escalation_after_the_configured_time(told: Site, http: HttpReceiver) -> None:
    """Nobody acknowledges for 15 minutes: bob is told then, in English, and once."""
    put(told, alarm("wechat", NOON))
    loop = loop_of(told)
    for at in (0, 450, 899, 900, 901, 1_800):
        look(loop, NOON + at)
        assert (("bob", "escalated") in kinds(http)) == (at >= 900)
    assert kinds(http).count(("bob", "escalated")) == 1
    assert "payments by wechat fail" in http.posts[-1].body["message"]


def test_a_process_that_dies_in_a_try_repeats_that_one_under_its_id(
    told: Site, http: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent and not recorded: another worker sends it once more, and the id tells the receiver."""
    put(told, alarm("wechat", NOON))
    loop = loop_of(told)
    with monkeypatch.context() as patch:
        patch.setattr(loop._office.__class__, "end", _away)
        look(loop, NOON)
    loop._release()
    other = loop_of(told, "two")
    for at in range(1, 600, 20):
        look(other, NOON + at)
    assert [post.body["id"] for post in http.posts] == [http.posts[0].body["id"]] * 2


def test_an_outcome_that_the_store_does_not_take_is_written_at_the_next_look(
    told: Site, http: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was away after the try: the same worker writes it later, and repeats nothing."""
    put(told, alarm("wechat", NOON))
    loop = loop_of(told)
    with monkeypatch.context() as patch:
        patch.setattr(loop._office.__class__, "end", _away)
        look(loop, NOON)
    for at in range(1, 600, 20):
        look(loop, NOON + at)
    assert len(http.posts) == 1


def test_a_try_begins_only_behind_its_record(
    told: Site, http: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent where the store does not take the record, or another worker was first."""
    put(told, alarm("wechat", NOON))
    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "put", _away)
        with pytest.raises(StoreAwayError):
            look(loop_of(told), NOON)
        patch.setattr(Deliveries, "put", lambda *_: False)
        assert look(loop_of(told), NOON) == 0
    assert http.posts == []


def test_the_digest_is_sent_once_over_restarts(told: Site, http: HttpReceiver) -> None:
    """The week's page and its alarms come on Monday at nine, once, whoever is started again."""
    opened = alarm("wechat", NOON)
    put(told, with_step(opened, AlarmAction.RESOLVE, NOON + 60))
    for number in range(3):
        loop = loop_of(told, f"worker-{number}")
        look(loop, MONDAY + number)
        loop._release()
    assert kinds(http) == [("bob", "digest")]
    message = http.posts[0].body["message"]
    assert message.startswith("Week 2026-11-23 to 2026-11-29")
    assert "resolved: payments by wechat fail" in message


def test_old_deliveries_are_forgotten(told: Site) -> None:
    """A month behind its end nobody needs a delivery; one of an open alarm stays."""
    put(told, over := alarm("wechat", NOON))
    put(told, alarm("alipay", NOON + 1))
    loop = loop_of(told)
    look(loop, NOON)
    put(told, with_step(over, AlarmAction.RESOLVE, NOON + 60))
    look(loop, NOON + 60)
    look(loop, NOON + 32 * 86_400)
    left = {one.notice.kind for one in told.store.deliveries.read().values()}
    assert left >= {NoticeKind.OPENED}
    assert NoticeKind.RESOLVED not in left


def _away(*_: object) -> bool:
    raise StoreAwayError("away")


def test_what_became_due_is_told_once_to_the_assignee_and_then_to_the_lead(
    told: Site, http: HttpReceiver
) -> None:
    """Ann is told of both cases together, and bob of them later; a restart tells nobody again."""
    config = told.settings.config_dir / "worklist.toml"
    agents = '[[teams]]\nname = "care"\nlead = "bob"\n[[agents]]\nname = "ann"\nteam = "care"\n'
    config.write_text(f'{agents}[[ageing]]\ndue = "1h"\nremind_after = "1m"\nescalate_after = "1h"')
    for number in range(2):
        rule = WarningRule("low", EventTest("feedback"))
        signal = Signal(NOON, "feedback", "f", "shop", 2.0)
        record = opening_record(f"0-{number:018x}", "5" * 32, rule, "", NOON + number, signal)
        case = case_of(0, record, NOON + number)
        case = case.with_step(CaseStep(NOON + 60, "assign", "bob", "ann", action_id="a"))
        for write in told.store.cases.put(0, None, case):
            told.store.client.call(write.command, write.key, *write.args)
    loop = loop_of(told)
    seconds = (3600, 4199, 4200, 4300, 7799, 7800, 9000)
    begun = [NOON + at for at in seconds if look(loop, NOON + at)]
    loop._release()
    assert look(loop_of(told, "two"), NOON + 200 * 60) == 0
    hooks = [post.body for post in http.posts if post.path.endswith(("hook", "bob"))]
    assert [post.path.strip("/") for post in http.posts] == ["hook", "bob"]
    assert begun == [NOON + 4200, NOON + 7800]
    assert "2 张工单已到处理时限" in hooks[0]["message"]
    assert "2 cases wait too long" in hooks[1]["message"]
