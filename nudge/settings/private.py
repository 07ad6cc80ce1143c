"""Privacy of the data directory: only its owner reads it, whatever the umask and its past."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

OTHERS: Final = 0o077
"""The permissions of everybody but the owner."""
SUBJECT: Final = "the data directory"


def make_files_private() -> None:
    """Make every file and directory that this process and its children create their owner's alone.

    Call it before the first file is made: it holds for the lake's and the metrics' files as well,
    which libraries write.
    """
    os.umask(OTHERS)


def close_data_dir(data_dir: Path, *, whole: bool = False) -> list[str]:
    """Take the permissions of others from a data directory that an earlier start left open.

    A directory that is closed needs no look inside, since nobody else enters it. Idempotent.

    Args:
        data_dir: may be missing; it is not made.
        whole: look inside in any case: whoever opens the directory later opens nothing else.

    Returns:
        What could not be closed, in a sentence with the cure; at most one.
    """
    try:
        mode = data_dir.stat().st_mode
    except FileNotFoundError:
        return []
    if not whole and not mode & OTHERS:
        return []
    if mode & stat.S_ISVTX:
        # A directory such as /tmp, which all users share: closing it would lock them out.
        cure = "set NUDGE_DATA_DIR to a directory of its own"
        return [f"{data_dir}: {SUBJECT} is one that all users share; {cure}"]
    # Its own last: whoever dies in the middle leaves an open one, and the next start goes on.
    open_ones = [path for path in (*_inside(data_dir), data_dir) if not _closed(path)]
    if not open_ones:
        return []
    cure = f"as its owner, run `chmod -R go= {data_dir}`"
    return [f"{open_ones[0]}: other users may read {SUBJECT}, and this one cannot close it; {cure}"]


def _inside(directory: Path) -> Iterator[Path]:
    """Yield all below a directory; links to directories are the operator's and are followed once.

    A lake may lie on a disk of its own, behind a link.
    """
    links = [path for path in directory.iterdir() if path.is_symlink() and path.is_dir()]
    for root in (directory, *links):
        for at, directories, files in os.walk(root):
            yield from (Path(at, name) for name in (*files, *directories))


def _closed(path: Path) -> bool:
    """Close a path to others; return False where that is not allowed."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            path.chmod(mode & ~OTHERS)
    except FileNotFoundError:
        return True  # a process that runs has just removed it
    except PermissionError:
        return False
    return True
