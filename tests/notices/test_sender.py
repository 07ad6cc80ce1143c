"""The sender talks to real servers on loopback, and no secret leaves it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot
from receivers import HttpReceiver, MailReceiver, http_receiver, mail_receiver

from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.delivery import Notice, NoticeKind, Occasion
from nudge.domain.alarms.notice_policy import Addressee
from nudge.domain.alarms.notice_texts import NoticeText
from nudge.notices.sender import ROBOT_TEXT, Sender, signature

SECRET: Final = "Sup3r/secret=and+long"  # noqa: S105 (a test's)
SIGNING: Final = "SEC0123456789abcdef0123456789abcdef"
TEXT: Final = NoticeText("[严重] 新告警", "微信支付成功率下降\n通知编号 x")
ROBOTS: Final = {
    "wecombot": "wecombot://${NOTICE_TOKEN}",
    "dingtalk": "dingtalk://${NOTICE_SIGNING}@${NOTICE_TOKEN}",
    "feishu": "feishu://${NOTICE_TOKEN}",
}


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as receiver:
        yield receiver


@pytest.fixture
def robots(http: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> HttpReceiver:
    """The robots' services, at our own server."""
    here = f"http://127.0.0.1:{http.port}"
    monkeypatch.setattr(NotifyWeComBot, "notify_url", here + "/send?key={key}")
    monkeypatch.setattr(NotifyDingTalk, "notify_url", here + "/robot?access_token={token}")
    monkeypatch.setattr(NotifyFeishu, "notify_url", here + "/hook/{token}/")
    return http


def notice(url: str, level: AlarmLevel = AlarmLevel.CRITICAL) -> Notice:
    return Notice(NoticeKind.OPENED, Addressee("ann", url), (Occasion("a1", 1, level),))


def sender() -> Sender:
    token = "0123456789abcdef" * 4
    return Sender({"NOTICE_TOKEN": token, "NOTICE_SECRET": SECRET, "NOTICE_SIGNING": SIGNING})


def test_a_webhook_gets_the_notice_with_its_id(http: HttpReceiver) -> None:
    """The id stands in the body and in a header, so that the receiver can drop a repeat."""
    told = notice(f"json://127.0.0.1:{http.port}/hook?+Authorization=${{NOTICE_SECRET}}")
    assert sender().send(told, TEXT) is None
    [post] = http.posts
    assert post.body["id"] == post.headers["X-Nudge-Notice"] == told.id
    assert (post.body["title"], post.body["message"]) == TEXT
    assert (post.body["kind"], post.body["level"], post.body["alarms"]) == (
        *("opened", "critical"),
        ["a1"],
    )
    assert post.headers["Authorization"] == SECRET


def test_a_mail_arrives_with_its_id(mail: MailReceiver) -> None:
    """Subject and text arrive as they were, in Chinese; the id is a header of its own."""
    told = notice(f"mailto://127.0.0.1:{mail.port}?from=nudge@example.com&to=ann@example.com")
    assert sender().send(told, TEXT) is None
    [got] = mail.mails
    assert (got.subject, got.to) == (TEXT.title, ["ann@example.com"])
    assert got.headers["X-Nudge-Notice"] == told.id
    assert "微信支付成功率下降" in got.text


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_robot_that_refuses_has_not_taken_it(robots: HttpReceiver, robot: str) -> None:
    """Robots answer 200 with an error in the body: that is a failure; errcode 0 is success."""
    told = notice(ROBOTS[robot])
    robots.answer = 200, b'{"errcode": 310000, "code": 310000, "errmsg": "no"}'
    assert "refused" in (sender().send(told, TEXT) or "") or robot == "feishu"
    assert sender().send(told, TEXT) is not None
    robots.answer = 200, b'{"errcode": 0, "code": 0}'
    assert sender().send(told, TEXT) is None
    assert "微信支付成功率下降" in str(robots.posts[-1].body)


def test_the_signature_of_dingtalk_is_quoted_once(robots: HttpReceiver) -> None:
    """The server reads the signature that the documentation tells of, for its timestamp."""
    robots.answer = 200, b'{"errcode": 0}'
    assert sender().send(notice(ROBOTS["dingtalk"]), TEXT) is None
    query = parse_qs(urlsplit(robots.posts[0].path).query)
    stamp = int(query["timestamp"][0])
    assert query["sign"] == [signature(SIGNING, stamp / 1000)["sign"]]


def test_a_long_text_is_cut_for_a_robot_and_keeps_its_id(robots: HttpReceiver) -> None:
    """Robots take two thousand bytes: the text is cut between characters, its last line stays."""
    robots.answer = 200, b'{"errcode": 0}'
    text = NoticeText("t", "告" * 3_000 + "\n通知编号 x")
    assert sender().send(notice(ROBOTS["wecombot"]), text) is None
    sent = robots.posts[0].body["text"]["content"]
    assert len(sent.encode()) <= ROBOT_TEXT + 20
    assert sent.endswith("…\n通知编号 x")


def test_a_redirect_takes_no_secret_elsewhere(http: HttpReceiver) -> None:
    """An answer that leads to another place is a failure."""
    http.answer = 302, b""
    assert sender().send(notice(f"json://127.0.0.1:{http.port}/"), TEXT) is not None
    assert len(http.posts) == 1


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:1/${NOTICE_SECRET}?+Authorization=${NOTICE_SECRET}",
        "mailto://ann:${NOTICE_SECRET}@127.0.0.1:1?from=a@example.com&to=b@example.com",
        "wecombot://${NOTICE_SECRET}/",
        "dingtalk://${NOTICE_SECRET}@${NOTICE_SECRET}/",
        "json://127.0.0.1:99999/${NOTICE_SECRET}",
        "json://${NOTICE_MISSING}/",
    ],
)
def test_no_secret_is_told(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A failure is told without secrets: in its reason, in the log at every level, on a stream."""
    root, stream = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        reason = sender().send(notice(url), TEXT)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert reason
    for text in (reason, stream.getvalue(), *capfd.readouterr()):
        assert "Sup3r" not in text
        assert "ecret=" not in text


def test_an_address_of_several_receivers_is_refused(mail: MailReceiver) -> None:
    """One that fails would have the others get the mail again: each has an address of its own."""
    url = f"mailto://127.0.0.1:{mail.port}/a@example.com/b@example.com?from=n@example.com"
    assert "several" in (sender().send(notice(url), TEXT) or "")
    assert mail.mails == []
