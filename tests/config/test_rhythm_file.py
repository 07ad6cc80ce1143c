"""The file of a rhythm: every problem is named by its key, with the cure."""

from __future__ import annotations

import pytest

from nudge.config.documents.rhythm_file import FILE, parse_rhythm, rhythm_text
from nudge.config.table_file import parse_text
from nudge.domain.people.rhythm import Rhythm
from nudge.errors import InvalidConfigError

RHYTHM = Rhythm(4, 3.0, 22.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.5)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("version", 2, "this version reads no other"),
        ("regularity", 0, "write a whole number from 1 to 64"),
        ("regularity", 1.5, "write a whole number from 1 to 64"),
        ("rate_shape", -1.0, "write a number above 0"),
        ("leaving_scale", float("nan"), ""),
        ("until", "soon", 'write a day such as "2026-11-27"'),
        ("pace", 3, "unknown"),
    ],
)
def test_a_problem_names_its_key(key: str, value: object, told: str) -> None:
    """A wrong value is refused before anybody decides by it."""
    table = parse_text(rhythm_text(RHYTHM), FILE) | {key: value}
    with pytest.raises(InvalidConfigError) as error:
        parse_rhythm(table, FILE)
    assert str(error.value).startswith(f"{FILE}: {key}")
    assert told in str(error.value)


def test_a_key_that_is_missing_is_told() -> None:
    """Half a rhythm is none."""
    table = parse_text(rhythm_text(RHYTHM), FILE)
    del table["leaving_shape"]
    with pytest.raises(InvalidConfigError, match="leaving_shape"):
        parse_rhythm(table, FILE)
