"""Rows of a file that cannot be read, told by their place and never by what stands in them."""

from __future__ import annotations

from typing import NamedTuple


class BadRow(NamedTuple):
    """A row that is left out, or several in a run with the same problem.

    Attributes:
        line: number of the (first) line in a CSV file, of the row in a Parquet file; from 1.
        problem: what is wrong, and the cure; it repeats nothing of the row.
        rows: rows in the run.
    """

    line: int
    problem: str
    rows: int = 1
