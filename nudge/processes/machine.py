"""The machine's memory: what this process may have of it, also within a container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

GROUPS: Final = Path("/sys/fs/cgroup")
OWN: Final = Path("/proc/self/cgroup")


def memory(groups: Path = GROUPS, own: Path = OWN) -> int:
    """Return the bytes of memory that this process may use: the machine's, or its group's limit.

    Args:
        groups: where the kernel shows control groups, of version 2 or 1.
        own: the file that names the groups of this process.
    """
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([whole, *_limits(groups, own)])


def _limits(groups: Path, own: Path) -> Iterator[int]:
    """Yield the limits of the process's group and of all above it; the lowest counts."""
    for path in _files(groups, own):
        try:
            text = path.read_text("ascii").strip()
        except OSError:
            continue  # no such version, or a group that this process cannot see
        if text.isdigit() and int(text):
            yield int(text)


def _files(groups: Path, own: Path) -> Iterator[Path]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        lines = []
    # "0::/a/b" in version 2, "4:memory:/a/b" in version 1; within a container often just "/".
    for kinds, name in (line.split(":", 2)[1:] for line in lines if line.count(":") > 1):
        if kinds in ("", "memory"):
            below = Path(name.lstrip("/"))
            for group in (below, *below.parents):
                yield groups / group / "memory.max"
                yield groups / "memory" / group / "memory.limit_in_bytes"
