"""What `nudge plan` has done so far: a directory of pieces beside OUT, until all are there.

It is its own checkpoint: a piece is there whole or not at all. Whoever dies between planning and
writing plans the customers of that piece again, which gives the same plans.
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
    """A file of answers that is not complete yet.

    Attributes:
        path: of the directory, beside OUT.
        head: what the answers are to: the same question goes on where it was.
    """

    path: Path
    head: Mapping[str, object]

    def begin(self) -> None:
        """Make the directory where there is none.

        Raises:
            InvalidConfigError: it has the answers to another question.
        """
        found = self.path / HEAD
        wanted = orjson.dumps(self.head, option=orjson.OPT_SORT_KEYS)
        self.path.mkdir(exist_ok=True)
        if all(one.name == LOCK for one in self.path.iterdir()):
            _write(found, wanted)
        if not found.is_file() or found.read_bytes() != wanted:
            text = "has the answers to another file, or to other options; remove it"
            raise InvalidConfigError([f"{self.path}: {text}"])

    def piece(self, number: int) -> Path:
        """Where the answers to so many customers, from the number-th on, are."""
        return self.path / f"{number:08d}.parquet"

    def gains(self, number: int) -> Path:
        """Where it stands what writing to them is worth."""
        return self.path / f"{number:08d}.npy"

    @property
    def joined(self) -> Path:
        """Where the pieces become one file."""
        return self.path / "joined"

    def pieces(self) -> list[Path]:
        """Those that are there, in order."""
        return sorted(self.path.glob("*.parquet"))

    def order(self) -> Sequence[int] | None:
        """The numbers of the rows, in the order in which they are planned; None for that of IN."""
        path = self.path / ORDER
        if not path.exists():
            return None
        found: list[int] = np.load(path).tolist()
        return found

    def sort(self) -> None:
        """Make the order of what was found to be gained: the largest first."""
        gains = np.concatenate([np.load(one) for one in sorted(self.path.glob("0*.npy"))])
        keep(self.path / ORDER, np.argsort(-gains, kind="stable"))

    def remove(self) -> None:
        """Take it away."""
        shutil.rmtree(self.path)


def part_of(out: Path, source: Path, options: Mapping[str, object]) -> AnswerFile:
    """The directory beside OUT.

    Args:
        out: what is to be made.
        source: the customers.
        options: what else the answers hang on.
    """
    digest = hashlib.blake2b(digest_size=16)
    with source.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    head = {"plan": 2, "input": digest.hexdigest(), **options}
    return AnswerFile(out.with_name(out.name + SUFFIX), head)


def keep(path: Path, values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    """Write numbers, whole or not at all."""
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
