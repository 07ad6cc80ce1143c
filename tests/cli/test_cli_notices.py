"""`nudge notices`: a test notice reaches everybody now, and what was sent is listed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from places import ROOT
from receivers import HttpReceiver, http_receiver

from nudge import cli as entry
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.delivery import Delivery, Notice, NoticeKind, Occasion
from nudge.domain.alarms.notice_policy import Addressee
from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

TABLES = """
[[people]]
name = "ann"
urls = ["json://127.0.0.1:{port}/${{NOTICE_PATH}}"]
[[people]]
name = "bob"
language = "en"
urls = ["json://127.0.0.1:{port}/bob", "wecombot://${{NOTICE_MISSING}}"]
"""


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
def told(settings: Settings, http: HttpReceiver, tmp_path: Path) -> Settings:
    """An installation whose configuration lists ann and bob."""
    config = tmp_path / "config"
    config.mkdir()
    for path in settings.config_dir.glob("*.toml"):
        (config / path.name).write_bytes(path.read_bytes())
    (config / "monitors.toml").write_text(TABLES.format(port=http.port))
    return replace(settings, config_dir=config)


def run(settings: Settings, *words: str) -> Result:
    variables = settings.to_environ() | {"NOTICE_PATH": "Sup3rSecretPath"}
    return CliRunner().invoke(entry.cli, ("notices", *words), env=variables)


def test_a_test_notice_reaches_one_person(told: Settings, http: HttpReceiver) -> None:
    """The outcome of each address is told, without secrets, and the exit status is 0."""
    found = run(told, "test", "--person", "ann")
    assert found.exit_code == 0
    assert "Sup3r" not in found.output
    assert found.stdout == f"ann  json://127.0.0.1:{http.port}  sent\n"
    [post] = http.posts
    assert (post.path, post.body["kind"]) == ("/Sup3rSecretPath", "test")


def test_an_address_that_fails_is_told_and_the_others_are_tried(
    told: Settings, http: HttpReceiver
) -> None:
    """One missing variable costs its own address; the exit status is 1."""
    found = run(told, "test", "--json")
    problems = {one["address"]: one["problem"] for one in json.loads(found.stdout)}
    assert found.exit_code == 1
    assert problems == {
        f"json://127.0.0.1:{http.port}": None,
        "wecombot": "the variable NOTICE_MISSING is not set",
    }
    assert [post.body["title"] for post in http.posts] == [
        "Nudge: 测试通知",
        "Nudge: Test notice",
    ]


def test_a_name_that_nobody_has_is_refused(told: Settings, http: HttpReceiver) -> None:
    """The message lists the names there are; nothing is sent."""
    found = run(told, "test", "--person", "eve")
    assert found.exit_code == 2
    assert "use one of ann, bob" in found.stderr
    assert http.posts == []


def test_what_was_sent_is_listed_without_secrets(told: Settings) -> None:
    """A delivery is shown with its alarm and outcome; of its address only kind and host."""
    store = patient_store(told)
    where = Addressee("ann", "jsons://u:${NOTICE_P}@hooks.example.com/T0/path?x=y")
    notice = Notice(NoticeKind.OPENED, where, (Occasion("a1", 1, AlarmLevel.CRITICAL),))
    begun = Delivery(notice).begin(1_795_579_200.0)
    assert store.deliveries.put(begun.end(1_795_579_201.0, None), 0)
    store.close()
    [one] = json.loads(run(told, "list", "--alarm", "a1", "--json").stdout)
    assert (one["outcome"], one["attempts"]) == ("delivered", 1)
    assert one["address"] == "jsons://hooks.example.com"
    assert one["last_try"] == "2026-11-25T12:00:00+08:00"
    assert re.search(r"T0|NOTICE_P|u:", json.dumps(one)) is None
    assert json.loads(run(told, "list", "--alarm", "a2", "--json").stdout) == []
    assert "delivered" in run(told, "list").stdout


def test_a_password_in_plain_text_is_not_applied(told: Settings) -> None:
    """`nudge apply` refuses the tables with the key and the cure, and does not repeat it."""
    path = told.config_dir / "monitors.toml"
    shipped = (ROOT / "config" / "monitors.toml").read_text("utf-8")
    wrong = '[[people]]\nname = "ann"\nurls = ["mailto://bot:hunter2@smtp.example.com"]\n'
    path.write_text(f"{shipped}\n{wrong}")
    found = CliRunner().invoke(
        entry.cli, ("apply", str(path), "--dry-run"), env=told.to_environ(), catch_exceptions=True
    )
    assert isinstance(found.exception, InvalidConfigError)
    assert "people.ann.urls[0]: shows a password; write it as ${NOTICE_" in str(found.exception)
    assert "hunter2" not in str(found.exception) + found.output
