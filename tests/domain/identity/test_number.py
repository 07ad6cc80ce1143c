"""Numbers: what is one, how others see it, and where it is from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.identity.number import InvalidNumberError, number_from_seal, parse_number
from nudge.domain.identity.region import province_and_city, region_of


@pytest.mark.parametrize(
    "text", ["13812345678", "138 1234 5678", "+86 138-1234-5678", "0086 13812345678"]
)
def test_a_number_is_the_same_however_it_is_written(text: str) -> None:
    """Spaces, dashes and the country's prefix change nothing."""
    found = parse_number(text, "CN")
    assert (found.e164, found.dialled, found.masked) == (
        "+8613812345678",
        "13812345678",
        "138****5678",
    )
    assert number_from_seal(found.to_seal) == found


@pytest.mark.parametrize("text", ["", "1381234567", "abc", "12345678901", "+1 2", "13812345678x9"])
def test_what_is_no_number_is_told_without_being_repeated(text: str) -> None:
    """The message says what would be right; what was typed is in no message and no log."""
    with pytest.raises(InvalidNumberError) as error:
        parse_number(text, "CN")
    assert "phone number" in str(error.value)
    assert not text or text not in f"{error.value}{error.value.errors}"


@given(st.integers(0, 99_999_999).map(lambda n: f"138{n:08}"))
def test_others_see_three_digits_and_four(text: str) -> None:
    """The mask has the number's length, and hides the four digits in the middle."""
    masked = parse_number(text, "CN").masked
    assert (masked[:3], masked[3:7], masked[7:]) == (text[:3], "****", text[7:])


def test_a_number_is_in_no_text_of_itself() -> None:
    """A number printed by accident, in a log or a traceback, does not show its digits."""
    assert "138" not in repr(parse_number("13812345678", "CN"))


def test_a_number_of_another_country_keeps_its_country() -> None:
    """A filled-in number can be sent back as it is; whatever its length, something is hidden."""
    abroad = parse_number("+852 9123 4567", "CN")
    assert parse_number(abroad.dialled, "CN") == abroad
    masked = parse_number("+290 22158", "CN").masked
    assert masked == "+2***2158"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("江苏省南京市", {"province": "江苏", "city": "南京"}),
        ("北京市", {"province": "北京", "city": "北京"}),
        ("内蒙古自治区包头市", {"province": "内蒙古", "city": "包头"}),
        ("广西桂林市", {"province": "广西", "city": "桂林"}),
        ("广西壮族自治区桂林市", {"province": "广西", "city": "桂林"}),
        ("新疆乌鲁木齐市", {"province": "新疆", "city": "乌鲁木齐"}),
        ("云南省文山壮族苗族自治州", {"province": "云南", "city": "文山壮族苗族自治州"}),
        ("中国", {}),
        ("", {}),
    ],
)
def test_a_place_has_a_province_and_a_city(place: str, expected: dict[str, str]) -> None:
    """City offers match the name without 市; a number that tells no city tells no place."""
    assert province_and_city(place) == expected


def test_the_digits_tell_the_carrier_and_the_city() -> None:
    """As the tables have it: approximate, since numbers are ported."""
    assert region_of(parse_number("13912345678", "CN")) == {
        "province": "江苏",
        "city": "常州",
        "carrier": "中国移动",
    }
