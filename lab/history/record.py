"""Record of a history in its data directory: whether one is made, was made, or never will be."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from lab.history.plan import HistoryResult
from nudge.settings.settings import Settings
from nudge.store.store import Store

FILE: Final = "history.json"
MAKING: Final = "making"
MADE: Final = "made"
REPORTS: Final = "reports"
"""Directory of what the report worker keeps of days."""


@dataclass(frozen=True)
class HistoryRecord:
    """The record of one installation's history.

    Attributes:
        settings: of the installation.
        store: of the installation; it runs.
    """

    settings: Settings
    store: Store

    def is_wanted(self) -> bool:
        """Return whether a history is to be made: nothing ever happened here, or it broke off."""
        state = self._state()
        if state is not None:
            return state == MAKING
        every = self.store.keys.every_partition()
        begun = any(self.store.journal.last_positions(list(every)).values())
        return not begun and not self.settings.lake_dir.exists()

    def begin(self) -> None:
        """Note that a history is being made; what one that broke off has left is removed."""
        if self._state() == MAKING:
            self._remove()
        self._write({"state": MAKING})

    def end(self, result: HistoryResult) -> None:
        """Note that the history is made."""
        self._write({"state": MADE, **asdict(result)})

    def _remove(self) -> None:
        settings = self.settings
        self.store.backup.remove()
        for path in (settings.lake_dir, settings.spool_dir, settings.data_dir / REPORTS):
            shutil.rmtree(path, ignore_errors=True)
        settings.store_note.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.settings.data_dir / FILE

    def _state(self) -> str | None:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        return str(found["state"])

    def _write(self, found: dict[str, object]) -> None:
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps(found) + "\n", encoding="ascii")
        draft.replace(self._path)
