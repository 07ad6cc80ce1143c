"""Named points at which a test kills this process in the middle of its work, like `kill -9`.

A point costs one comparison while nothing is armed, which is always so outside tests. Armed with a
directory, a process that passes a point dies there if a file of the point's name can be taken away:
so each file kills one process once, and whoever is started in its place goes on. A file may name
another signal: with SIGSTOP the process freezes there.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final

_armed: str | None = None

POINTS: Final = (
    "decide.before_append",
    "decide.after_append",
    "record.before_append",
    "record.after_append",
    "spool.before_sync",
    "spool.after_sync",
    "drain.after_batch",
    "drain.before_unlink",
    "attribute.before_commit",
    "attribute.after_commit",
    "learn.before_commit",
    "learn.after_commit",
    "monitor.before_commit",
    "monitor.after_commit",
    "care.before_commit",
    "care.after_commit",
    "segment.before_commit",
    "segment.after_commit",
    "archive.before_commit",
    "archive.after_commit",
    "archive.between_files",
    "archive.after_files",
    "archive.between_manifests",
    "archive.after_manifests",
    "archive.committed",
    "compact.between_files",
    "compact.after_files",
    "compact.between_manifests",
    "compact.after_manifests",
    "expire.between_files",
    "expire.after_files",
    "expire.after_manifest",
    "publish.before",
    "publish.after",
    "case.before_append",
    "case.after_append",
    "grant.before_decide",
    "grant.after_decide",
    "grant.after_reserve",
    "assign.before_append",
    "assign.after_append",
    "export.before_append",
    "export.after_append",
    "next.before_append",
    "next.after_append",
    "mended.before_write",
    "quarantine.after_write",
    "quarantine.after_mark",
    "erase.after_note",
    "erase.after_proofs",
    "erase.after_id",
    "split.after_note",
    "split.after_leaving",
    "split.after_staying",
    "split.before_end",
)
"""Every place where something becomes durable, just before and just after."""


def arm(directory: str | None) -> None:
    """Look for faults in `directory` from now on; None switches them off."""
    global _armed  # noqa: PLW0603 - one switch for a process, as the signal is
    _armed = directory


def point(name: str, of: str = "") -> None:
    """Kill this process here, if a test asked for it.

    Args:
        name: the point's, as in `POINTS`, or its second half.
        of: the first half, where one line of code is the point of several.
    """
    if _armed is not None:
        _strike(os.path.join(_armed, f"{of}.{name}" if of else name))  # noqa: PTH118 - imports little


def _strike(path: str) -> None:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123 - the same
            name = file.read().strip() or "SIGKILL"
        os.unlink(path)  # noqa: PTH108 - whoever removes it is the one that is struck
    except FileNotFoundError:
        return
    # To this very thread: told to the process, SIGSTOP may let it go on to its next line first.
    signal.pthread_kill(threading.get_ident(), signal.Signals[name])
