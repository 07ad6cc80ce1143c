"""What `nudge plan` has done so far: lines that are added beside OUT until all are there.

It is its own checkpoint: as many customers are planned as it has whole lines, in the order of IN.
Whoever dies between planning and writing plans that customer again, which gives the same plan.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from nudge.errors import InvalidConfigError

SUFFIX: Final = ".part"
BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Part:
    """A file of answers that is not complete yet.

    Attributes:
        path: beside OUT.
        head: what the answers are to: the same question goes on where it was.
    """

    path: Path
    head: Mapping[str, object]

    def begun(self) -> int:
        """How many answers there are; makes the file where there is none.

        Raises:
            InvalidConfigError: it has the answers to another question.
        """
        if not self.path.exists():
            self._write([self.head])
        size = whole = 0
        with self.path.open("r+b") as file:
            first = file.readline()
            if first != _line(self.head):
                text = "has the answers to another file, or to other options; remove it"
                raise InvalidConfigError([f"{self.path}: {text}"])
            size = len(first)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # torn by whoever died while writing it
                whole, size = whole + 1, size + len(line)
            file.truncate(size)
        return whole

    def add(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Add answers; they outlive the machine when this returns."""
        self._write(answers)

    def answers(self) -> Iterator[dict[str, Any]]:
        """All answers, in order."""
        with self.path.open("rb") as file:
            file.readline()
            yield from map(orjson.loads, file)

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        with self.path.open("ab") as file:
            file.write(b"".join(map(_line, lines)))
            file.flush()
            os.fsync(file.fileno())


def part_of(out: Path, source: Path, options: Mapping[str, object]) -> Part:
    """The file beside OUT.

    Args:
        out: what is to be made.
        source: the customers.
        options: what else the answers hang on.
    """
    digest = hashlib.blake2b(digest_size=16)
    with source.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    head = {"plan": 1, "input": digest.hexdigest(), **options}
    return Part(out.with_name(out.name + SUFFIX), head)


def _line(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) + b"\n"
