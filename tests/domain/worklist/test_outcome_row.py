"""Rows of outcomes: each value comes in by its door, and the same row is one."""

from __future__ import annotations

from typing import Any

import pytest

from nudge.domain.worklist.outcome_row import OutcomeReader, OutcomeRow

READER = OutcomeReader(("stays", "gone"), ("ann",), ("call",), 1_000_000_000.0)


def read(**row: Any) -> OutcomeRow | str:
    return READER.read({"case": "0-1"} | row)


@pytest.mark.parametrize(
    ("row", "cure"),
    [
        ({"case": ""}, "case: is missing"),
        ({}, "outcome: is missing"),
        ({"outcome": "married"}, "use stays, gone"),
        ({"outcome": "stays", "agent": "dan"}, "use ann"),
        ({"outcome": "stays", "channel": "fax"}, "use call"),
        ({"outcome": "stays", "seconds": "long"}, "seconds: "),
        ({"outcome": "stays", "seconds": -1}, "seconds: is out of range"),
        ({"outcome": "stays", "reached": "perhaps"}, "reached: "),
        ({"outcome": "stays", "at": "2099-01-01T00:00:00Z"}, "at: lies in the future"),
        ({"outcome": "stays", "at": "yesterday"}, "at: "),
        ({"outcome": "stays", "cost": True}, "cost: "),
        ({"outcome": "stays", "note": "x" * 501}, "note: "),
        ({"outcome": ["stays"]}, "outcome: "),
    ],
)
def test_a_value_that_does_not_fit_names_its_column_and_the_cure(
    row: dict[str, Any], cure: str
) -> None:
    """The row is refused with a sentence, and never an error of the service."""
    found = read(**row)
    assert isinstance(found, str)
    assert cure in found


def test_the_same_row_has_one_digest() -> None:
    """Text and numbers of the same value are one; any other value makes another row."""
    one = read(outcome="stays", seconds="60", reached="yes", note="13812345678")
    same = read(outcome="stays", seconds=60, reached=True, note="13812345678")
    other = read(outcome="stays", seconds=61, reached=True, note="13812345678")
    assert isinstance(one, OutcomeRow)
    assert isinstance(same, OutcomeRow)
    assert isinstance(other, OutcomeRow)
    assert one.digest == same.digest != other.digest
    assert one.note == "xxxxxxxxxxx"
