"""Whole lines of a text file, a block at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nudge.lake.intake.encodings import utf8_chunks

LONGEST: Final = 1 << 17
"""Most bytes of a row: the longest lists of a thousand variants take a fifth of it."""


@dataclass(frozen=True)
class TextFile:
    """A text file with its encoding.

    Attributes:
        mark: bytes of its byte order mark.
        returns: lines end with a carriage return alone, as old spreadsheets write them.
    """

    path: Path
    encoding: str
    mark: int = 0
    returns: bool = False

    def blocks(self) -> Iterator[bytes]:
        r"""Yield blocks of whole lines in UTF-8, each line with its "\n".

        Of a line of more than `LONGEST` bytes, one byte more than these is kept: it stays too long.
        """
        tail = b""
        for chunk in utf8_chunks(self.path, self.encoding, self.mark):
            text = tail + (chunk.replace(b"\r", b"\n") if self.returns else chunk)
            cut = text.rfind(b"\n") + 1
            tail = text[cut : cut + LONGEST + 1]
            if cut:
                yield text[:cut]
        if tail:
            yield tail + b"\n"
