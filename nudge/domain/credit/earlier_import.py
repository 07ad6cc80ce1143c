"""Rows of an import by an earlier version, which knew them by their number in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from nudge.domain.credit.count_import import BLOCK
from nudge.domain.credit.import_values import is_absent
from nudge.domain.credit.log_import import SUBJECT


@dataclass(frozen=True)
class EarlierImport:
    """An import whose rows up to a number were written, by partition.

    Attributes:
        name: of the import.
        written: partition -> number of the last row that was written there, from 1.
        partitions: of the journal.
        teach_only: its rows became counts.
    """

    name: str
    written: Mapping[int, int]
    partitions: int
    teach_only: bool

    def has(self, subject: object, number: int) -> bool:
        """Return whether a row was written.

        Args:
            subject: of the row, as the file has it.
            number: of the row in its file, from 1.
        """
        return number <= self.written.get(self._partition(subject, number), 0)

    def _partition(self, subject: object, number: int) -> int:
        if self.teach_only:
            return (number - 1) // BLOCK % self.partitions
        if isinstance(subject, str) and SUBJECT.fullmatch(subject):
            return int(subject[:8], 16) % self.partitions
        text = f"{self.name}|row {number}" if is_absent(subject) else f"{self.name}|{subject}"
        hashed = blake2b(text.encode(), digest_size=16).hexdigest()
        return int(hashed[:8], 16) % self.partitions
