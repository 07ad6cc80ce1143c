"""Sizes that the pages of a Parquet file declare, checked before Arrow believes them.

Arrow makes room for what a page's header declares: one damaged byte, and a file of 3 kB takes
gigabytes. The headers are in Thrift's compact protocol (PageHeader in apache/parquet-format).
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final

import pyarrow.parquet as pq

LARGEST: Final = 1 << 28
"""Most bytes of a page; writers make pages of 1 MB."""
HEADERS: Final = (1 << 14, 1 << 20)
"""Bytes that are read for a header: nearly always the first is enough."""
DEEPEST: Final = 8
"""Most structures in each other."""
WIDEST: Final = 63
"""Bits of the widest number."""
UNPACKED, PACKED = 2, 3
COUNTS: Final = (5, 7, 8)
"""Parts of a header whose field 1 is the number of values."""
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS: Final = (4, 5, 6)


def check_pages(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> None:
    """Check the pages of a column in a row group.

    Raises:
        ValueError: a page declares more than there can be.
        IndexError: a header is cut off.
    """
    at = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        at = min(at, chunk.dictionary_page_offset)
    end = at + chunk.total_compressed_size
    while at < end:
        fields, size = _header(file, at)
        packed, unpacked = fields.get(PACKED, -1), fields.get(UNPACKED, -1)
        at += size + packed
        if packed < 0 or at > end or not 0 <= unpacked <= LARGEST:
            raise ValueError("a page declares more than there is")
        for part in COUNTS:
            counts = fields.get(part)
            most = max(chunk.num_values, unpacked)
            if counts is not None and not 0 <= dict(counts).get(1, 0) <= most:
                raise ValueError("a page declares more values than there are")


def _header(file: BinaryIO, at: int) -> tuple[dict[int, Any], int]:
    """Return a page's header and its length."""
    for most in HEADERS:
        file.seek(at)
        reader = _Compact(file.read(most))
        try:
            return reader.struct(), reader.at
        except IndexError:
            if most == HEADERS[-1]:
                raise
    raise IndexError("a header is too long")


class _Compact:
    """A reader of Thrift's compact protocol: what page headers use of it."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self.at, self._depth = raw, 0, 0

    def struct(self) -> dict[int, Any]:
        """Return a structure's fields by number."""
        found: dict[int, Any] = {}
        number, self._depth = 0, self._depth + 1
        while head := self._byte():
            step = head >> 4
            number = number + step if step else self._integer()
            found[number] = self._value(head & 15)
        self._depth -= 1
        return found

    def _value(self, kind: int) -> Any:  # noqa: ANN401 - of any kind
        if self._depth > DEEPEST:
            raise ValueError("a header is damaged")
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in _INTEGERS:
            return self._integer()
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            return self._list()
        if kind not in (_BYTE, _DOUBLE, _BINARY):
            raise ValueError("a header is damaged")
        size = {_BYTE: 1, _DOUBLE: 8}.get(kind)
        self._skip(self._varint() if size is None else size)
        return None

    def _list(self) -> None:
        head = self._byte()
        if head & 15 in (_LIST, _SET):
            raise ValueError("a header is damaged")
        count = head >> 4 if head >> 4 != 15 else self._varint()  # noqa: PLR2004 - the mark of a long list
        for _ in range(min(count, len(self._raw))):
            self._value(head & 15)

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self._raw):
            raise IndexError("a header is cut off")

    def _byte(self) -> int:
        self.at += 1
        return self._raw[self.at - 1]

    def _varint(self) -> int:
        found = shift = 0
        while (byte := self._byte()) & 128:
            if shift > WIDEST:
                raise ValueError("a header is damaged")
            found |= (byte & 127) << shift
            shift += 7
        return found | byte << shift

    def _integer(self) -> int:
        raw = self._varint()
        return (raw >> 1) ^ -(raw & 1)
