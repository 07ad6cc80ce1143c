"""Durations as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.basics.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("12h", 43200),
        ("1d", 86400),
        ("7d", 604800),
        ("2w", 1209600),
        ("1.5h", 5400),
        (" 3 d ", 259200),
        ("never", math.inf),
        (60, 60),
        (0.25, 0.25),
        (0, 0),
    ],
)
def test_reads_what_people_write(written: object, seconds: float) -> None:
    """A number and a unit, a plain number of seconds, or the word never."""
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", "d", "3", "3 days", "-1d", "1e3s", "inf", -1, math.nan, math.inf, True, None, [], 10**400],
)
def test_refuses_the_rest_and_says_what_is_right(written: object) -> None:
    """A text that is no duration is named and answered with the forms that are."""
    with pytest.raises(ValueError, match=r"is not a duration; write seconds, or text such as"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (86400, "1d"),
        (604800, "7d"),
        (259200, "3d"),
        (5400, "90m"),
        (90, "90s"),
        (0.5, "0.5s"),
        (0, "0s"),
        (math.inf, "never"),
    ],
)
def test_writes_the_largest_unit_that_fits(seconds: float, written: str) -> None:
    """A duration that is read back to people is short."""
    assert format_duration(seconds) == written


@pytest.mark.parametrize("seconds", [-1.0, math.nan, -math.inf])
def test_writes_no_impossible_duration(seconds: float) -> None:
    """There is no text for a duration that cannot be."""
    with pytest.raises(ValueError, match="is not a duration"):
        format_duration(seconds)


@given(st.floats(min_value=0, allow_nan=False))
def test_writing_loses_nothing(seconds: float) -> None:
    """Reading what was written gives the same bits, however large or small."""
    assert parse_duration(format_duration(seconds)) == seconds
