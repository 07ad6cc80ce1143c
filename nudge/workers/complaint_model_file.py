"""The file of the complaint model, as a worker follows it: a newer one needs no restart.

A model that cannot be used stops nothing: it is told in the log, and texts are read by the lexicon
alone until another file comes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from nudge.domain.care.text_reading import ComplaintModel
from nudge.errors import InvalidConfigError

log = structlog.get_logger()

FileMark = tuple[str, int, int, int]
"""Mark of a file by which a newer one is known: path, inode, time of its change, size."""
_ABSENT: Final[FileMark] = ("", 0, 0, 0)


class ComplaintModelFile:
    """The file of the complaint model; use it from one thread.

    Attributes:
        paths: where a model may lie; the first that is there counts.
        load: reads one.
    """

    def __init__(self, paths: tuple[Path, ...], load: Callable[[Path], ComplaintModel]) -> None:
        self._paths, self._load = paths, load
        self._mark: FileMark | None = None
        self._model: ComplaintModel | None = None

    def current(self) -> ComplaintModel | None:
        """Return the model of the file that is there now; None without one that can be used."""
        found = next(filter(None, map(_mark_of, self._paths)), _ABSENT)
        if found != self._mark:
            self._mark, self._model = found, self._read(found)
        return self._model

    def _read(self, found: FileMark) -> ComplaintModel | None:
        if found == _ABSENT:
            log.warning("complaint_model_absent", paths=[str(one) for one in self._paths])
            return None
        try:
            return self._load(Path(found[0]))
        except InvalidConfigError as error:
            log.error("complaint_model_unusable", error=str(error))  # noqa: TRY400 - the traceback says nothing
            return None


def _mark_of(path: Path) -> FileMark | None:
    try:
        of = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return str(path), 0, 0, 0  # it is there, and reading it tells why it cannot be used
    return str(path), of.st_ino, of.st_mtime_ns, of.st_size
