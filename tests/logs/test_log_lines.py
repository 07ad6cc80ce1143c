"""The log: one form for every process and library, and nobody's number or key in any line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import log_process
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.values.number_words import MASK, mask_numbers
from nudge.logs.lines import LineForm
from nudge.logs.masking import EventMask

LEAST: int = 30


def lines_of(directory: Path, **more: str) -> tuple[list[str], int]:
    """The lines of a process with errors at all places, and how many places it has."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("NUDGE_")}
    done = subprocess.run(
        [sys.executable, log_process.__file__],
        env=kept | {"NUDGE_DATA_DIR": str(directory)} | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    return done.stderr.splitlines(), int(done.stdout)


def assert_clean(text: str) -> None:
    """Nothing of a person or a key is in a log."""
    digits = "".join(c for c in text if c.isdigit() or c in "\n,")
    for secret in (*log_process.SPELLINGS, *log_process.KEYS, log_process.DRAW_KEY.hex()):
        assert secret not in text, secret
    assert log_process.NUMBER not in digits
    assert repr(log_process.DRAW_KEY)[2:20] not in text


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], int]:
    return lines_of(tmp_path_factory.mktemp("log"), NUDGE_LOG_FORMAT="json")


def test_s02_errors_at_thirty_places_tell_nobody_s_number_or_key(
    told: tuple[list[str], int],
) -> None:
    """Of loops, threads, libraries, warnings, dying objects and a dying process; no locals."""
    lines, places = told
    assert places >= LEAST
    assert len(lines) >= places
    text = "\n".join(lines)
    assert_clean(text)
    assert MASK in text
    assert "locals" not in text
    assert len(text) < 100_000


def test_s02_a_command_repeats_no_number_and_logs_to_stderr(tmp_path: Path) -> None:
    """A command's word about a wrong option stands on stderr, without the option's value."""
    number = log_process.NUMBER
    environ = {**os.environ, "NUDGE_DATA_DIR": str(tmp_path), "NUDGE_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "nudge", "funnel", "--by", number, "--from", number]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert not done.stdout
    assert done.stderr
    assert number not in done.stderr


def test_o04_every_line_is_json_in_one_form(told: tuple[list[str], int]) -> None:
    """structlog, `logging`, warnings and what nobody caught: time, level, event, process, pid."""
    lines, _ = told
    events = [json.loads(line) for line in lines]
    for event in events:
        assert list(event)[:5] == ["time", "level", "event", "process", "pid"]
        assert datetime.fromisoformat(event["time"]).tzinfo is not None
        assert event["process"] == "worker"
    names = [event["event"] for event in events]
    assert {"failed", "chained", "uncaught", "unraisable", "loop_failed"} <= set(names)
    assert names.count("uncaught") == 2
    assert {event.get("logger") for event in events} >= {"some.library", "py.warnings"}
    assert {event["level"] for event in events} == {"warning", "error", "critical"}
    assert all("Traceback" in e["traceback"] for e in events if e["event"] == "uncaught")


def test_o04_a_line_for_people_is_one_line_and_a_plain_traceback() -> None:
    """Nothing that an event says can look like another line of the log."""
    form = LineForm("web")
    line = form.line({"event": "a\nb", "level": "info", "text": "x\ny", "pid": 7})
    assert len(line.splitlines()) == 1
    assert "web[7]" in line
    told = form.line({"event": "e", "level": "error", "exc_info": ValueError("13812345678")})
    assert told.splitlines()[1:] == [f"ValueError: {MASK}"]


def test_o04_what_is_no_number_stays() -> None:
    """Times, sizes, ids of decisions and subjects, and paths are what a log is read for."""
    kept = [
        "2026-11-29T09:31:26.675+08:00",
        "1764379314123",
        "1764379314.123456",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "3f2504e04f8911d39a0c0305e82c3301",
        "abcdefghijklmnopqrstuvwxyz",
        "/v1/slots/denomination",
        "67108864 bytes of 17179869184000",
        "redis://127.0.0.1:6379/0",
    ]
    mask = EventMask()
    assert [mask.text(one) for one in kept] == kept


@given(st.text(max_size=300))
def test_o04_masking_ends_and_is_stable(text: str) -> None:
    """Any text is masked, and a masked one stays as it is."""
    mask = EventMask()
    once = mask.text(text)
    assert mask_numbers(mask_numbers(text)) == mask_numbers(text)
    assert mask_numbers(once) == once
