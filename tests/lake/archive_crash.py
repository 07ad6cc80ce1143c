"""Runs the archive in processes that kill themselves at their n-th durable step.

Arguments: store URL, namespace, partitions, lake directory, owner. Each line of the input, a number
n and `before` or `after`, forks a process; the answer is a line with its exit code. The durable
steps are each script run on the store, each fsync and each rename. Exit code 0: the run came to
its end before step n.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.dataset  # noqa: F401 - loaded when first used: by each fork, if not here

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.fold_name import FoldName
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.lake.files.reader import Lake
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

SECRET = b"archive-crash-secret-0123456789"


def dying(act: Callable[..., Any], steps: count[int], last: int, when: str) -> Callable[..., Any]:
    """The same function, at whose n-th call the process dies."""

    def step(*args: Any, **named: Any) -> Any:
        now = next(steps) == last
        if now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = act(*args, **named)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return step


def main(url: str, namespace: str, partitions: str, root: str, owner: str, *fault: str) -> None:
    """Archive everything, or die."""
    store = Store(clients.patient(url), Keys(namespace, int(partitions)))
    steps, last, when = count(1), int(fault[0]), fault[1]
    leases = [
        store.folds.acquire(p, FoldName.ARCHIVE, owner, 60) for p in store.keys.every_partition()
    ]
    limits = ArchiveLimits(range=400, chunk=150)
    archive = ArchiveFold(store, Lake(Path(root)), Sealer(SECRET).seal_each, limits)
    os.fsync = dying(os.fsync, steps, last, when)
    os.replace = dying(os.replace, steps, last, when)
    store.client.run = dying(store.client.run, steps, last, when)  # type: ignore[method-assign]
    owned = [lease for lease in leases if lease is not None]
    while archive.due(0.0):
        owned = archive.run(owned)


def serve(main: Callable[..., None], *where: str) -> None:
    """Run `main` in one process a line; forked, since the imports take longer than the run."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            main(*where, *line.split())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(main, *sys.argv[1:])
