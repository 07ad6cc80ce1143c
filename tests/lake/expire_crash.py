"""Removes old days in processes that kill themselves at their n-th durable step.

Arguments: secret, lake directory, first day that stays, watermark. Each line of the input, a number
n and `before` or `after`, forks a process; the answer is a line with its exit code. The durable
steps are each fsync and each rename. Exit code 0: all was removed before step n.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from archive_crash import dying, serve

from nudge.domain.identity.sealing import Sealer
from nudge.lake.files.expire import expire, plan
from nudge.lake.files.reader import Lake

ROWS = 150


def main(secret: str, root: str, before: str, watermark: str, *fault: str) -> None:
    """Remove everything that may go, or die."""
    lake, unseal = Lake(Path(root)), Sealer(secret.encode()).unseal
    steps, last, when = count(1), int(fault[0]), fault[1]
    os.fsync = dying(os.fsync, steps, last, when)
    os.replace = dying(os.replace, steps, last, when)
    for p in lake.partitions():
        while parts := plan(lake.contents().manifests[p], lake.last(p), before, ROWS):
            expire(lake, lake.contents().balance(p), parts, float(watermark), unseal)


if __name__ == "__main__":
    serve(main, *sys.argv[1:])
