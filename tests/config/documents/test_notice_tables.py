"""The tables of notices: what is read, and what is refused with the key and the cure."""

from __future__ import annotations

import math
import tomllib
from typing import Final

import pytest

from nudge.config.documents.notice_tables import parse_notices
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.notice_address import address_label
from nudge.domain.alarms.notice_policy import (
    DigestRule,
    LevelRule,
    NightRule,
    NoticePolicy,
    Person,
    QuietHours,
)
from nudge.errors import InvalidConfigError

WHOLE: Final = """
[[people]]
name = "ann"
language = "en"
urls = ["mailtos://bot:${NOTICE_PASS}@smtp.example.com?from=a@x.cn&to=b@x.cn"]
[[people]]
name = "bob"
urls = ["wecombot://${NOTICE_KEY}", "dingtalk://${NOTICE_SIGN}@${NOTICE_TOKEN}"]
[levels.critical]
tell = ["ann"]
escalate_after = "15m"
escalate_to = ["bob"]
[levels.warning]
tell = ["bob"]
nights = "wait"
[notices]
quiet = "22:00-08:30"
digest = { day = "friday", at = "17:00", tell = ["ann"] }
"""


def test_the_tables_are_read() -> None:
    """Each table becomes its part of the policy; a level that is not named tells nobody."""
    found = parse_notices(tomllib.loads(WHOLE), "monitors.toml")
    assert found.people["ann"] == Person(
        "ann", ("mailtos://bot:${NOTICE_PASS}@smtp.example.com?from=a@x.cn&to=b@x.cn",), "en"
    )
    assert found.levels == {
        AlarmLevel.CRITICAL: LevelRule(("ann",), 900.0, ("bob",)),
        AlarmLevel.WARNING: LevelRule(("bob",), math.inf, (), NightRule.WAIT),
    }
    assert found.rule(AlarmLevel.INFO) == LevelRule()
    assert found.quiet == QuietHours(22 * 3600, 8 * 3600 + 1800)
    assert found.digest == DigestRule(4, 17 * 3600, ("ann",))
    assert parse_notices({}, "monitors.toml") == NoticePolicy()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mailtos://bot:hunter2@smtp.example.com", "shows a password"),
        ("wecombot://hunter2", "shows the robot's token"),
        ("feishu://hunter2", "shows the robot's token"),
        ("dingtalk://hunter2@${NOTICE_T}", "shows the robot's secret"),
        ("json://example.com/?+Authorization=hunter2", "shows the value of"),
        ("json://example.com/?token=hunter2", "shows the value of"),
        ("json://example.com/${NUDGE_SECRET_KEY}", "begin the name with NOTICE_"),
        ("mailto://example.com?to=hunter2@x.cn,b@x.cn", "several receivers"),
        ("mailto://example.com?to=a@x.cn&cc=hunter2@x.cn", "several receivers"),
        ("https://example.com/hunter2", "is not allowed"),
        ("file:///hunter2", "is not allowed"),
        ("json://example.com:99999/hunter2", "check its host and port"),
        ("hunter2", "is not an address"),
    ],
)
def test_a_secret_in_plain_text_is_refused_and_not_repeated(url: str, told: str) -> None:
    """The message names the key and the cure, and never shows the address."""
    table = {"people": [{"name": "ann", "urls": [url]}]}
    with pytest.raises(InvalidConfigError) as caught:
        parse_notices(table, "monitors.toml")
    [problem] = caught.value.problems
    assert problem.startswith("monitors.toml: people.ann.urls[0]: ")
    assert told in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('tell = ["ann"]\nesc', 'tell = ["eve"]\nesc'), "levels.critical.tell: names 'eve'"),
        (('escalate_to = ["bob"]', ""), "levels.critical: escalates in part"),
        (('name = "bob"', 'name = "ann"'), "people.ann.name: is given twice"),
        (("22:00-08:30", "22-08"), "notices.quiet: '22-08' is not a span"),
        (("22:00-08:30", "08:00-08:00"), "notices.quiet: '08:00-08:00' is not a span"),
        (("17:00", "24:00"), "notices.digest.at: '24:00' is not a time"),
        (("friday", "fryday"), "notices.digest.day: 'fryday' is not allowed; did you mean"),
        (("[levels.warning]", "[levels.warnin]"), "levels.warnin: is unknown; did you mean"),
        (('"wait"', '"sleep"'), "levels.warning.nights: 'sleep' is not allowed"),
        (('"15m"', '"8d"'), "levels.critical.escalate_after: '8d' is out of range"),
        (('"en"', '"fr"'), "people.ann.language: 'fr' is not allowed"),
    ],
)
def test_a_mistake_is_told_with_its_key(change: tuple[str, str], told: str) -> None:
    """Each mistake names the file, the key and what is right."""
    text = WHOLE.replace(*change)
    assert text != WHOLE
    with pytest.raises(InvalidConfigError) as caught:
        parse_notices(tomllib.loads(text), "monitors.toml")
    assert any(one.startswith(f"monitors.toml: {told}") for one in caught.value.problems)


def test_a_label_shows_kind_and_host_alone() -> None:
    """Users, paths, options and tokens stay out of what people see."""
    labels = {
        "mailtos://bot:${NOTICE_P}@smtp.x.cn:465?to=a@x.cn": "mailtos://smtp.x.cn:465",
        "json://h.cn/path/token?x=y": "json://h.cn",
        "json://h.cn?x=y@z": "json://h.cn",
        "WeComBot://abc": "wecombot",
        "dingtalk://s@t/": "dingtalk",
    }
    assert {url: address_label(url) for url in labels} == labels
