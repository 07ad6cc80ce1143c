"""Sums of days that are over, kept beside the lake: a question that comes again finds them.

A cache, safe to remove. A file is named by a hash of the days' files and of the question, so that
it is never wrong; it is removed when nobody has asked for a week.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import ipc

from bandits.units import DAY
from nudge import clock
from nudge.lake.files import disk
from nudge.lake.reports.sums import Sums

VERSION: Final = "1"
"""Of the files' form and of what is summed; another one makes them anew."""
UNUSED: Final = 7.0 * DAY
SUFFIX: Final = ".sums"


def read_or_make_sums(root: Path, about: Sequence[object], make: Callable[[], Sums]) -> Sums:
    """The sums of a question, made where they are not kept.

    Args:
        root: directory of the slot's sums.
        about: everything that the sums depend on; values whose `repr` tells them apart.
        make: makes them.

    Raises:
        LakeAwayError: the disk refused.
    """
    text = repr((VERSION, *about))
    path = root / (hashlib.blake2b(text.encode(), digest_size=16).hexdigest() + SUFFIX)
    with disk.translate_errors(str(root)):
        root.mkdir(parents=True, exist_ok=True)
        known = _read(path)
        if known is None:
            known = make()
            _write(path, known)
            _sweep(root)
    return known


def _read(path: Path) -> Sums | None:
    try:
        with path.open("rb") as file:
            found = Sums(*(ipc.open_stream(file).read_all() for _ in Sums.__dataclass_fields__))
        path.touch()
    except (FileNotFoundError, pa.ArrowInvalid):
        return None
    return found


def _write(path: Path, sums: Sums) -> None:
    draft = disk.temporary(path)
    try:
        with draft.open("wb") as file:
            for table in sums.tables:
                with ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table)
        disk.publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _sweep(root: Path) -> None:
    before = clock.now() - UNUSED
    for path in root.glob(f"*{SUFFIX}"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
