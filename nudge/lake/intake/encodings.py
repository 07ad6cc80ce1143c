"""Encodings of text files: recognised from the bytes, or named by the user."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

BLOCK: Final = 1 << 21
"""Bytes of a file that one read takes."""
VOTES: Final = 2_000
"""Lines with other than ASCII characters after which an encoding is decided."""
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks with their encodings; the longer of two with the same beginning is first."""
SHOWN: Final = {
    "utf-8": "UTF-8",
    "gb18030": "GB18030",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32-le": "UTF-32 LE",
    "utf-32-be": "UTF-32 BE",
    "big5": "Big5",
    "cp1252": "Windows-1252",
}
"""Encodings that can be read, with their names in messages."""
ALIASES: Final = {
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf8-sig": "utf-8",
    "ascii": "utf-8",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb-18030": "gb18030",
    "cp936": "gb18030",
    "utf16": "utf-16-le",
    "utf-16": "utf-16-le",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32-le",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
}
_BAD: Final = "nudge.bad"
"""Name of the handler that keeps a bad byte bad, instead of giving up the file."""


def named_encoding(name: str) -> str | None:
    """Return the encoding of a name that a user gave; None where it is unknown."""
    plain = name.strip().lower().replace("_", "-")
    found = ALIASES.get(plain, plain)
    return found if found in SHOWN else None


def marked_encoding(head: bytes, forced: str | None = None) -> tuple[str | None, int]:
    """Return the encoding that a byte order mark tells, and the bytes of the mark.

    Args:
        head: first bytes of a file.
        forced: encoding that the user named; a mark of the other byte order corrects it.
    """
    for mark, encoding in MARKS:
        wide = forced is None or forced[:6] == encoding[:6]
        if head.startswith(mark) and wide:
            return encoding, len(mark)
    return forced, 0


class EncodingVote:
    """A vote of a file's lines between UTF-8 and GB18030.

    A line with other than ASCII characters votes for the encoding in which it is text. So one line
    with bad bytes in a file of many is a bad line, and not another encoding.
    """

    def __init__(self) -> None:
        self._votes: Counter[str] = Counter()
        self._left = b""

    def add(self, block: bytes) -> None:
        """Let the lines of the file's next block vote."""
        text, self._left = self._left + block, b""
        if text.isascii() or self._votes.total() >= VOTES:
            return
        cut = text.rfind(b"\n") + 1
        if len(text) - cut <= BLOCK:
            self._left = text[cut:]
        self._count(text[:cut])

    def winner(self) -> str:
        """Return the encoding; UTF-8 where nothing speaks for another."""
        self._count(self._left)
        return "gb18030" if self._votes["gb18030"] > self._votes["utf-8"] else "utf-8"

    def _count(self, text: bytes) -> None:
        if text.isascii():
            return
        for line in text.split(b"\n"):
            if not line.isascii():
                self._votes[_line_encoding(line)] += 1
            if self._votes.total() >= VOTES:
                return


def _line_encoding(line: bytes) -> str:
    if _decodes(line, "utf-8"):
        return "utf-8"
    if not _decodes(line, "gb18030"):
        return ""
    wide = [one for one in line.decode("gb18030") if not one.isascii()]
    # Nearly any pair of high bytes is some character of GB18030; those in use are of GB2312.
    common = sum(1 for one in wide if one.encode("gb2312", "ignore"))
    return "gb18030" if 2 * common >= len(wide) else ""


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def utf8_chunks(path: Path, encoding: str, mark: int) -> Iterator[bytes]:
    """Yield a file's text as UTF-8; bytes that are not text stay invalid.

    Args:
        path: of the file.
        encoding: a key of `SHOWN`.
        mark: bytes of the byte order mark, which are left out.
    """
    with path.open("rb") as file:
        file.seek(mark)
        if encoding == "utf-8":
            yield from _raw(file)
            return
        codecs.register_error(_BAD, _keep_bad)
        decoder = codecs.getincrementaldecoder(encoding)(_BAD)
        for chunk in _raw(file):
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _raw(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(BLOCK), b"")


def _keep_bad(error: UnicodeError) -> tuple[str, int]:
    """Put half a surrogate pair for bad bytes: encoded as UTF-8 it is invalid, too."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end
