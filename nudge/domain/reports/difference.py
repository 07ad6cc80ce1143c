"""A difference: the finding of `nudge verify`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Two values that should be equal and are not.

    Attributes:
        partition: of the journal; -1 for the lake as a whole.
        what: name of the comparison.
        expected: value by the primary source.
        found: value of the other source.
    """

    partition: int
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the difference as one line."""
        where = "lake" if self.partition < 0 else f"p={self.partition}"
        return f"{where} {self.what}: expected {self.expected}, found {self.found}"
