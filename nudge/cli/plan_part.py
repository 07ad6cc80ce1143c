"""The unfinished output of `nudge plan`: a directory of pieces beside OUT, until all exist.

It is its own checkpoint: each piece is written atomically. A process that dies between planning and
writing a piece plans its visitors again, which gives the same plans.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import orjson

from nudge.errors import InvalidConfigError

SUFFIX: Final = ".part"
BLOCK: Final = 1 << 20
HEAD: Final = "question.json"
ORDER: Final = "order.npy"
LOCK: Final = "lock"


@dataclass(frozen=True)
class AnswerFile:
    """An unfinished file of plans, as a directory of pieces.

    Attributes:
        path: path of the directory, beside OUT.
        head: input and options of the plans; a command with equal ones resumes.
    """

    path: Path
    head: Mapping[str, object]

    def begin(self) -> None:
        """Create the directory if it does not exist.

        Raises:
            InvalidConfigError: the directory has the plans of another file or of other options.
        """
        found = self.path / HEAD
        wanted = orjson.dumps(self.head, option=orjson.OPT_SORT_KEYS)
        self.path.mkdir(exist_ok=True)
        if all(one.name == LOCK for one in self.path.iterdir()):
            _write(found, wanted)
        if not found.is_file() or found.read_bytes() != wanted:
            text = "has the plans of another file, or of other options; remove it"
            raise InvalidConfigError([f"{self.path}: {text}"])

    def piece(self, number: int) -> Path:
        """Return the path of a piece of plans, by its number."""
        return self.path / f"{number:08d}.parquet"

    def gains(self, number: int) -> Path:
        """Return the path of a piece's expected gains, by its number."""
        return self.path / f"{number:08d}.npy"

    @property
    def joined(self) -> Path:
        """Path of the file that the pieces are joined to."""
        return self.path / "joined"

    def pieces(self) -> list[Path]:
        """List the pieces that exist, in order."""
        return sorted(self.path.glob("*.parquet"))

    def order(self) -> Sequence[int] | None:
        """Read the order of planning as row numbers; None is the order of IN."""
        path = self.path / ORDER
        if not path.exists():
            return None
        found: list[int] = np.load(path).tolist()
        return found

    def sort(self) -> None:
        """Write the order of planning: the largest expected gain first."""
        gains = np.concatenate([np.load(one) for one in sorted(self.path.glob("0*.npy"))])
        keep(self.path / ORDER, np.argsort(-gains, kind="stable"))

    def remove(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.path)


def part_of(out: Path, source: Path, options: Mapping[str, object]) -> AnswerFile:
    """Describe the directory of pieces beside OUT; its head has the hash of the input.

    Args:
        out: path of the finished file.
        source: path of the file of visitors.
        options: further options that determine the plans.
    """
    digest = hashlib.blake2b(digest_size=16)
    with source.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    head = {"plan": 2, "input": digest.hexdigest(), **options}
    return AnswerFile(out.with_name(out.name + SUFFIX), head)


def keep(path: Path, values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """Write numbers to a file atomically and durably."""
    made = path.with_suffix(".tmp")
    with made.open("wb") as file:
        np.save(file, np.asarray(values))
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def _write(path: Path, content: bytes) -> None:
    made = path.with_suffix(".tmp")
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
