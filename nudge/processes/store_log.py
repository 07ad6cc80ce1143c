"""The embedded store's own log, told in the one log: its file stays, for errors at its start."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Final

import structlog

from nudge.clock import sleep

EVERY: Final = 1.0
"""Seconds between two looks at the file."""
LONGEST: Final = 1 << 16
"""Bytes of one look."""
_LINE: Final = re.compile(
    r"(?P<pid>\d+):[A-Z] \d\d \w{3} \d{4} [\d:.]+ (?P<level>[.*#-]) (?P<text>.*)"
)
_LEVELS: Final = {".": "debug", "-": "debug", "*": "debug", "#": "warning"}
"""The server's sign -> our level: what it calls a notice is its daily work."""

log = structlog.get_logger()


class StoreLog:
    """A follower of the store's log file, over the server's restarts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode, self._at, self._left = 0, 0, b""

    def follow(self) -> None:
        """Start the thread that tells new lines, as long as this process runs."""
        threading.Thread(target=self._run, name="store-log", daemon=True).start()

    def _run(self) -> None:
        while True:
            sleep(EVERY)
            self.look()

    def look(self) -> None:
        """Tell the lines that were written since the last look."""
        try:
            with self._path.open("rb") as file:
                inode = self._path.stat().st_ino
                if inode != self._inode:
                    self._inode, self._at, self._left = inode, 0, b""
                file.seek(self._at)
                data = file.read(LONGEST)
        except OSError:
            return  # there is none yet, or it changes its name just now
        self._at += len(data)
        *lines, self._left = (self._left + data).split(b"\n")
        for line in lines:
            _tell(line.decode(errors="replace").rstrip())


def _tell(line: str) -> None:
    found = _LINE.match(line)
    level, text = (_LEVELS[found["level"]], found["text"]) if found else ("warning", line)
    if text:
        getattr(log, level)(text, process="store", pid=int(found["pid"]) if found else None)
