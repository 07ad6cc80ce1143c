"""Numbers are known by their heads: the answers are those of the library, for every head."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

from nudge.domain.identity.number import InvalidNumberError, Number, parse_number
from nudge.domain.identity.region import HEAD, _looked_up, region_of

TAILS = ("000000", "999999", "123456", "500000")


def is_number(text: str) -> bool:
    try:
        parse_number(text, "CN")
    except InvalidNumberError:
        return False
    return True


def test_f33_whether_a_number_exists_is_told_by_five_digits() -> None:
    """Of each head, whatever follows: as the library says for the whole number."""
    for head in range(13_000, 20_000):
        for tail in TAILS:
            text = f"{head}{tail}"
            whole = phonenumbers.is_valid_number(phonenumbers.parse(text, "CN"))
            assert is_number(text) == whole, head


@pytest.mark.parametrize("tables", [GEOCODE_DATA, CARRIER_DATA], ids=["places", "carriers"])
def test_f33_no_table_looks_behind_the_head(tables: dict[str, object]) -> None:
    """No mobile number of China has an entry of more than seven digits."""
    longest = max(len(one) for one in tables if one.startswith("861") and one[3] in "3456789")
    assert longest <= HEAD - 1


@pytest.mark.parametrize(
    "examples", [100, pytest.param(10_000, marks=pytest.mark.soak)], ids=["short", "soak"]
)
def test_f33_the_region_is_the_librarys(examples: int) -> None:
    """Province, city and carrier of any mobile number are those of a look at the whole number."""

    @settings(max_examples=examples)
    @given(st.integers(13_000_000_000, 19_999_999_999))
    def law(number: int) -> None:
        e164 = f"+86{number}"
        assert region_of(Number(e164, str(number))) == _looked_up(e164)

    law()


@pytest.mark.parametrize(
    "text", ["13812345678 ", "138-1234-5678", "+86 13812345678", "１３８12345678"]
)
def test_f33_other_spellings_are_the_same_number(text: str) -> None:
    """The short way is one of spelling only."""
    assert parse_number(text, "CN") == parse_number("13812345678", "CN")
