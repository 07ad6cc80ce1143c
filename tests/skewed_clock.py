"""A wall clock that a test moves, for processes that are started with its environment."""

from __future__ import annotations

import struct
from pathlib import Path

SKEWED = Path(__file__).parent / "faults" / "skewed"


class Clock:
    """The wall clock of some processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_bytes(struct.pack("d", 0.0))
        self.environ = {"SKEW": str(path), "PYTHONPATH": str(SKEWED)}

    def jump(self, seconds: float) -> None:
        """Set how far it is off, for all processes at once."""
        with self._path.open("r+b") as file:
            file.write(struct.pack("d", seconds))
