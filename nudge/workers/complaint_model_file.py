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

Print = tuple[str, int, int, int]
"""What tells a file from the one before: path, inode, time of its change, size."""
_ABSENT: Final[Print] = ("", 0, 0, 0)


class ComplaintModelFile:
    """The file of the complaint model; use it from one thread.

    Attributes:
        paths: where a model may lie; the first that is there counts.
        load: reads one.
    """

    def __init__(self, paths: tuple[Path, ...], load: Callable[[Path], ComplaintModel]) -> None:
        self._paths, self._load = paths, load
        self._print: Print | None = None
        self._model: ComplaintModel | None = None

    def current(self) -> ComplaintModel | None:
        """Return the model of the file that is there now; None without one that can be used."""
        found = next(filter(None, map(_print_of, self._paths)), _ABSENT)
        if found != self._print:
            self._print, self._model = found, self._read(found)
        return self._model

    def _read(self, found: Print) -> ComplaintModel | None:
        if found == _ABSENT:
            log.warning("complaint_model_absent", paths=[str(one) for one in self._paths])
            return None
        try:
            return self._load(Path(found[0]))
        except InvalidConfigError as error:
            log.error("complaint_model_unusable", error=str(error))  # noqa: TRY400 - the traceback says nothing
            return None


def _print_of(path: Path) -> Print | None:
    try:
        of = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return str(path), 0, 0, 0  # it is there, and reading it tells why it cannot be used
    return str(path), of.st_ino, of.st_mtime_ns, of.st_size
