"""Lines of the log: an event becomes one line for programs, or a few for people."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import orjson

from nudge.clock import now
from nudge.logs.masking import EventMask
from nudge.settings.settings import LogFormat

Process = Literal["command", "planner", "serve", "store", "web", "worker"]
"""Kind of a process, as every line names it."""

MOST_LINES: Final = 120
"""Lines of a traceback: of a longer one the beginning and the end."""
_OWN: Final = ("time", "level", "event", "process", "pid")
_TRACE: Final = "traceback"


@dataclass(frozen=True)
class LineForm:
    """The form of a process's lines.

    Attributes:
        process: kind of the process.
        format: one JSON object a line, or text for people.
        zone: of the times.
        mask: for everything that an event says.
    """

    process: Process = "command"
    format: LogFormat = "console"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    mask: EventMask = field(default_factory=EventMask)

    def line(self, event: MutableMapping[str, Any]) -> str:
        """Return the text of an event, without the last line's end.

        Args:
            event: `event` and `level`, what belongs to it, and `exc_info` for a failure.
        """
        failure = _failure(event.pop("exc_info", None))
        told = {str(key): self.mask.value(one) for key, one in event.items()}
        if failure is not None:
            told[_TRACE] = self.mask.text(_trace(failure))
        known: dict[str, object] = {
            "time": datetime.fromtimestamp(now(), self.zone).isoformat(timespec="milliseconds"),
            "level": told.pop("level", "info"),
            "event": told.pop("event", ""),
            "process": told.pop("process", self.process),
            "pid": told.pop("pid", None) or os.getpid(),
        }
        # What an event calls by one of our names is told under another one.
        known |= {(f"{key}_" if key in _OWN else key): one for key, one in told.items()}
        return _json(known) if self.format == "json" else _console(known)


def _json(known: dict[str, object]) -> str:
    return orjson.dumps(known, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")


def _console(known: dict[str, object]) -> str:
    time, level, event, process, pid = (known.pop(name) for name in _OWN)
    trace = known.pop(_TRACE, None)
    pairs = "".join(f" {key}={_plain(one)}" for key, one in known.items())
    head = f"{time} {level:<8} {process}[{pid}] {_one_line(str(event))}{pairs}"
    return head if trace is None else f"{head}\n{trace}"


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return repr(text) if not text or " " in text or not text.isprintable() else text


def _one_line(text: str) -> str:
    """Return a text that cannot pretend to be several lines of the log."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _failure(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exception() if given else None


def _trace(failure: BaseException) -> str:
    """Return a plain traceback: files, lines and messages, never the values of variables."""
    text = "".join(
        traceback.TracebackException.from_exception(failure, capture_locals=False).format()
    )
    lines = text.rstrip("\n").splitlines()
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines = [*lines[:half], f"  ... {len(lines) - MOST_LINES} lines ...", *lines[-half:]]
    return "\n".join(lines)
