"""What `nudge verify` finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Two things that should be equal and are not.

    Attributes:
        partition: of the journal; -1 for the lake as a whole.
        what: which comparison.
        expected: by what is primary.
        found: instead.
    """

    partition: int
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        """One line."""
        where = "lake" if self.partition < 0 else f"p={self.partition}"
        return f"{where} {self.what}: expected {self.expected}, found {self.found}"
