"""The syncer: brings the embedded store's log to the disk every second, from outside of it.

The server's own `everysec` holds a write back while a sync is under way, for up to two seconds, and
answers all the same: killed then, it loses what it has acknowledged. With `appendfsync no` a write
is with the kernel before it is answered, always, and survives any death but the machine's. A sync
of a file is good for whoever wrote it, so this process can do it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nudge.clock import sleep

EVERY: Final = 1.0
"""Seconds between two syncs."""


class Syncer:
    """A thread that syncs a directory's files every second, while the process runs.

    Args:
        directory: of the log; it need not be there yet.
        say: told when the disk begins to refuse, and when it takes the log again.
    """

    def __init__(self, directory: Path, say: Callable[[str], None]) -> None:
        self._directory, self._say = directory, say
        self._failing = False
        threading.Thread(target=self._run, name="log-sync", daemon=True).start()

    def _run(self) -> None:
        while True:
            sleep(EVERY)
            try:
                sync(self._directory)
            except OSError as error:
                self._tell(
                    f"the disk does not take the store's log ({error}); a power failure now"
                    " would lose it",
                    failing=True,
                )
            else:
                self._tell("the disk takes the store's log again", failing=False)

    def _tell(self, text: str, *, failing: bool) -> None:
        if failing != self._failing:
            self._say(text)
        self._failing = failing


def sync(directory: Path) -> None:
    """Wait until the directory's files, and their names, are on the disk.

    Raises:
        OSError: the disk refuses.
    """
    if not directory.is_dir():
        return
    for path in (*directory.iterdir(), directory):
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # replaced by a newer one meanwhile
        try:
            os.fdatasync(file)
        finally:
            os.close(file)
