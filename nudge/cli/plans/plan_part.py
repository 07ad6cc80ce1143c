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

from bandits.arrays import IntArray
from nudge.errors import InvalidConfigError

VERSION: Final = 4
"""Form of the pieces."""
SUFFIX: Final = ".part"
BLOCK: Final = 1 << 20
HEAD: Final = "question.json"
ORDER: Final = "order.npy"
REPEATS: Final = "repeats.npy"
LOCK: Final = "lock"
WORDS: Final[Mapping[str, str]] = {
    "plan": "it is of another version of Nudge",
    "input": "IN had another content",
}
"""Part of the head -> what it means that it differs; of the others both values are told."""


@dataclass(frozen=True)
class AnswerFile:
    """An unfinished file of plans, as a directory of pieces.

    Attributes:
        path: path of the directory, beside OUT.
        head: input and options of the plans; a command with equal ones resumes.
    """

    path: Path
    head: Mapping[str, object]

    def check(self) -> None:
        """Check that the directory can be gone on with, as far as it has plans; change nothing.

        Raises:
            InvalidConfigError: it has the plans of another file or of other options.
        """
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise InvalidConfigError([f"{self.path}: is in the way; move it, or name another OUT"])
        before = self._before()
        differ = [name for name in self.head if self.head[name] != before.get(name)]
        if not differ or not self._has_work():
            return
        told = "; ".join(_told(name, before.get(name), self.head[name]) for name in differ)
        cure = "repeat the command that began it, or remove the directory to begin anew"
        text = f"has unfinished plans of another command: {told}; {cure}"
        raise InvalidConfigError([f"{self.path}: {text}"])

    def make(self) -> None:
        """Create the directory if it does not exist."""
        self.path.mkdir(exist_ok=True)

    def begin(self) -> None:
        """Write the head, under the lock; what another command left without a plan, goes.

        Raises:
            InvalidConfigError: the directory has the plans of another file or of other options.
        """
        self.check()
        if self._before() != self.head:
            for one in self.path.iterdir():
                if one.name != LOCK:
                    one.unlink()
            _write(self.path / HEAD, orjson.dumps(self.head, option=orjson.OPT_SORT_KEYS))

    def _before(self) -> Mapping[str, object]:
        """Return the head of the command that began; empty without a readable one."""
        try:
            found = orjson.loads((self.path / HEAD).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _has_work(self) -> bool:
        """Return True where some of the work was done: it must not be lost by mistake."""
        return any(one.suffix in (".parquet", ".npy") for one in self.path.iterdir())

    def piece(self, number: int) -> Path:
        """Return the path of a piece of plans, by its number."""
        return self.path / f"{number:08d}.parquet"

    def gains(self, number: int) -> Path:
        """Return the path of a piece's expected gains, by its number."""
        return self.path / f"{number:08d}.npy"

    @property
    def repeats(self) -> Path:
        """Path of the rows of visitors who had a row before."""
        return self.path / REPEATS

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
        gains = np.concatenate([np.load(one) for one in sorted(self.path.glob("[0-9]*.npy"))])
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
    head = {"plan": VERSION, "input": digest.hexdigest(), **options}
    return AnswerFile(out.with_name(out.name + SUFFIX), head)


def keep(path: Path, values: Sequence[float] | IntArray) -> None:
    """Write numbers to a file atomically and durably."""
    made = path.with_suffix(".tmp")
    with made.open("wb") as file:
        np.save(file, np.asarray(values))
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def _told(name: str, before: object, now: object) -> str:
    return WORDS.get(name) or f"{name} was {_shown(before)}, is {_shown(now)}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "not given" if value in (None, "") else str(value)


def _write(path: Path, content: bytes) -> None:
    made = path.with_suffix(".tmp")
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
