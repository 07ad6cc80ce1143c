"""The one configuration of the log: structlog, `logging`, warnings, and what nobody caught.

Every entry calls it: web, worker, supervisor, planners and commands. All lines go to stderr: what a
command prints, such as JSON, stands alone on stdout.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog

from nudge.logs.lines import LineForm, Process
from nudge.logs.masking import EventMask
from nudge.settings.notice_secrets import notice_secrets
from nudge.settings.settings import Settings

Event = MutableMapping[str, Any]

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
TALKATIVE: Final = ("py4j", "asyncio", "urllib3")
"""Libraries whose lines below a warning are about themselves."""


@dataclass(frozen=True)
class _Line:
    """The last processor of structlog: the line itself."""

    form: LineForm

    def __call__(self, _logger: object, _method: str, event: Event) -> str:
        return self.form.line(event)


class LineHandler(logging.Handler):
    """The handler by which `logging`, and so every library, writes the same lines."""

    def __init__(self, form: LineForm) -> None:
        super().__init__()
        self._form = form

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a line."""
        try:
            event: Event = {
                "event": record.getMessage(),
                "level": record.levelname.lower(),
                "logger": record.name,
                "exc_info": record.exc_info,
            }
            write(self._form.line(event))
        except Exception:  # noqa: BLE001 - logging's own contract: never fail over a record
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Tell that a record could not be written; its arguments may hold anything."""
        write(self._form.line({"event": "unwritable", "level": "error", "logger": record.name}))


class _Writer:
    """The logger that structlog writes its lines with: to stderr as it is at that moment."""

    def msg(self, line: str) -> None:
        """Write a line."""
        write(line)

    log = debug = info = warn = warning = error = critical = exception = fatal = failure = err = msg


def write(line: str) -> None:
    """Write a line to stderr in one piece, so that processes do not mix theirs."""
    text = f"{line}\n"
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except UnicodeEncodeError:
        sys.stderr.write(text.encode("ascii", "backslashreplace").decode("ascii"))
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody reads any more, or it is closed: no reason to fail.
        return


def configure(process: Process, settings: Settings | None = None) -> None:
    """Configure the log of this process; a later call takes the place of an earlier one.

    Args:
        process: kind of the process.
        settings: None while they are not read yet.
    """
    form = _form(process, settings)
    level = LEVELS[settings.log_level if settings else "info"]
    structlog.configure(
        processors=[structlog.processors.add_log_level, _Line(form)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Writer(),
        cache_logger_on_first_use=False,
    )
    _configure_logging(form, level)
    _catch_all()


def _form(process: Process, settings: Settings | None) -> LineForm:
    if settings is None:
        return LineForm(process)
    zone, mask = ZoneInfo(settings.zone), EventMask(_secrets(settings))
    return LineForm(process, settings.log_format, zone, mask)


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield the texts of the settings that must not be in a log."""
    for one in (settings.secret_key, *settings.vault_secrets.values()):
        yield one.decode(errors="replace")
        yield one.hex()
    yield from filter(None, (settings.admin_key, settings.page_key))
    yield from notice_secrets().values()
    if settings.redis_url:
        yield urlsplit(settings.redis_url).password or ""


def _configure_logging(form: LineForm, level: int) -> None:
    root = logging.getLogger()
    for handler in [one for one in root.handlers if _is_ours(one)]:
        root.removeHandler(handler)
    root.addHandler(LineHandler(form))
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, LEVELS["warning"]))
    logging.captureWarnings(capture=True)


def _is_ours(handler: logging.Handler) -> bool:
    """Return whether a handler writes to a terminal as this one does."""
    return isinstance(handler, LineHandler) or type(handler) is logging.StreamHandler


def _catch_all() -> None:
    """Have what nobody caught told in the log: without variables, and with a line's form."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _log().critical("uncaught", exc_info=error)


def _uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is not None and not isinstance(caught.exc_value, SystemExit):
        name = caught.thread.name if caught.thread else ""
        _log().critical("uncaught", thread=name, exc_info=caught.exc_value)


def _unraisable(caught: Any) -> None:  # noqa: ANN401 - the interpreter's own type has no name
    _log().error("unraisable", where=type(caught.object).__name__, exc_info=caught.exc_value)


def _log() -> Any:  # noqa: ANN401 - structlog's loggers have no type
    return structlog.get_logger()
