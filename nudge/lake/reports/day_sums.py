"""Cache of the sums of past days, in files beside the lake, for repeated questions.

The cache is safe to remove. A file is named by a hash of the days' files and of the question, so
that it is never stale; it is removed a week after its last use.
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

VERSION: Final = "4"
"""Version of the files' format and of the sums; a new one makes all files anew."""
UNUSED: Final = 7.0 * DAY
SUFFIX: Final = ".sums"


def read_or_make_sums(root: Path, about: Sequence[object], make: Callable[[], Sums]) -> Sums:
    """Read the sums of a question from the cache, or compute and cache them.

    Args:
        root: directory of the slot's sums.
        about: everything that the sums depend on; different values have a different `repr`.
        make: computes the sums.

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
