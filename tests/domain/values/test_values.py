"""Rules of the doors: how each kind of value is parsed, bounded and trimmed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.number import parse_number
from nudge.domain.values.amounts import parse_amount, parse_fen
from nudge.domain.values.cells import parse_cell
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.ids import parse_id
from nudge.domain.values.instants import parse_instant, parse_past
from nudge.domain.values.plain_text import parse_text
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError

NOON = 1_795_776_000.0


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1_795_734_600_000, "milliseconds"),
        ("1795734600000", "milliseconds"),
        (1_795_734_600_000_000, "microseconds"),
        (1.7957346e18, "nanoseconds"),
        (46_353.5, "spreadsheet"),
        (20_261_127, "digits"),
        ("20261127073000", "digits"),
        (0, "too far back"),
        ("1970-01-01T00:00:00Z", "too far back"),
        ("1900-01-01T00:00:00+08:00", "too far back"),
        ("9999-12-31T23:59:59+00:00", "too far ahead"),
        ("9999-12-31T23:59:59-12:00", "too far ahead"),
        ("2026-11-27T07:30:00", "no time zone"),
        (date(2026, 11, 27), "without a time"),
        (True, "wrong type"),
        (None, "wrong type"),
        ("yesterday", "not a time"),
        (float("nan"), "not finite"),
        (Decimal("sNaN"), "not finite"),
    ],
)
def test_times_that_cannot_be_right_are_refused_with_a_hint(value: object, hint: str) -> None:
    """A time outside of 2000..2099, without a zone or in another unit is refused, and said so."""
    with pytest.raises(ValueRefusedError, match=hint):
        parse_instant(value)


def test_one_time_has_many_spellings() -> None:
    """Seconds, text with a zone and datetimes of one moment are one time; no zone means UTC."""
    spellings = (
        NOON,
        int(NOON),
        str(int(NOON)),
        Decimal(int(NOON)),
        " 2026-11-27T10:40:00Z ",
        "2026-11-27T18:40:00+08:00",
        datetime(2026, 11, 27, 10, 40, tzinfo=UTC),
        datetime(2026, 11, 27, 10, 40),  # noqa: DTZ001 (a file's column has no zone)
    )
    assert {parse_instant(one) for one in spellings} == {NOON}


def test_a_past_time_is_not_after_now() -> None:
    """An import has happened already: a time after now is refused."""
    assert parse_past(NOON, NOON) == NOON
    with pytest.raises(ValueRefusedError, match="future"):
        parse_past(NOON + 1, NOON)


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("wsp1 ", "wsp1"),
        ("\u3000wsp1\u200b\ufeff", "wsp1"),
        (480_001, "480001"),
        (480_001.0, "480001"),
        ("480001.0", "480001"),
        (Decimal("480001.00"), "480001"),
        ("user/13", "user/13"),
        ("游客8", "游客8"),
        ("v1.0", "v1.0"),
        ("007", "007"),
    ],
)
def test_ids_are_trimmed_and_whole(value: object, right: str) -> None:
    """An id is trimmed, and a whole number however it is written is one id."""
    assert parse_id(value) == right


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "a\nb", "x" * 201, "4.8E+12", 480_001.5, float("nan"), float("inf"), 2.0**60),
        *(10**400, True, None, [], {}, b"a", datetime(2026, 1, 1, tzinfo=UTC), Decimal("sNaN")),
    ],
)
def test_what_cannot_be_an_id_is_refused(value: object) -> None:
    """Anything but printable text and exact whole numbers is refused."""
    with pytest.raises(ValueRefusedError):
        parse_id(value)


def test_a_phone_number_of_a_spreadsheet_is_known_again() -> None:
    """Decimal and exponent forms with all digits are the number; one digit less is refused."""
    right = parse_number("13812345678", "CN")
    for value in (
        13_812_345_678,
        13_812_345_678.0,
        "13812345678.0",
        "1.3812345678E+10",
        " +86 138-1234-5678",
    ):
        assert parse_number(value, "CN") == right
    for value in ("1.38E+10", "1.381234568E+10", True, None, "13812345678.5", float("nan"), ""):
        with pytest.raises(ValueRefusedError):
            parse_number(value, "CN")


def test_a_range_of_the_configuration_is_a_number() -> None:
    """A number that the library does not know is one where the configuration has its range."""
    with pytest.raises(ValueRefusedError):
        parse_number("14912345678", "CN")
    ranges = ("149xxxxxxxx", "1440xxxxxxxxx")
    assert parse_number("14912345678", "CN", ranges).dialled == "14912345678"
    assert parse_number("1440012345678", "CN", ranges).e164 == "+861440012345678"
    with pytest.raises(ValueRefusedError):
        parse_number("1491234567", "CN", ranges)


def test_flags_of_spreadsheets_and_people_are_understood() -> None:
    """Yes and no are taken as programs, spreadsheets and people write them, and nothing else."""
    for value in (True, 1, 1.0, "1", "Y", "yes", " TRUE ", "是", "同意", "ｙｅｓ"):
        assert parse_flag(value) is True
    for value in (False, 0, 0.0, "0", "N", "no", "False", "否", "拒绝", "不同意"):
        assert parse_flag(value) is False
    for value in ("", "maybe", 2, None, float("nan"), [], "oui"):
        with pytest.raises(ValueRefusedError):
            parse_flag(value)


def test_f03_a_closed_list_takes_spellings_and_nothing_else() -> None:
    """A word is known in any case and width and by its alias; a refusal lists the words."""
    channels = ClosedList(("sms", "call"), {"短信": "sms"})
    assert {channels.parse(one) for one in ("sms", "SMS", "sms ", "ＳＭＳ", "短信", " 短信")} == {
        "sms"
    }
    with pytest.raises(ValueRefusedError, match="use one of sms, call"):
        channels.parse("email")


def test_amounts_are_yuan_or_fen() -> None:
    """An amount is yuan with at most 2 decimals; fen are whole; text counts as the number."""
    assert parse_amount(50) == parse_amount("50.00") == parse_fen(5000) == parse_fen("5000") == 50
    for value in (0, -1, 100_000.01, 0.001, "1,000", "nan", float("inf"), True, None, "1_0", ""):
        with pytest.raises(ValueRefusedError):
            parse_amount(value)
    for value in (0, 0.5, 10_000_001, -5, None, "x"):
        with pytest.raises(ValueRefusedError):
            parse_fen(value)


def test_half_a_character_becomes_a_replacement() -> None:
    """Half an emoji costs that character and nothing beside it."""
    assert parse_text("ok \ud83d", 10) == "ok \ufffd"
    with pytest.raises(ValueRefusedError, match="control"):
        parse_text("a\x00b", 10)


def test_cells_of_a_file_get_their_types() -> None:
    """Text of a file becomes what it shows; a whole decimal number is a whole number."""
    assert [
        parse_cell(x) for x in ("50", "50.0", "50.5", 50.0, Decimal(50), "0571", "", " yes ")
    ] == [*(50, 50, 50.5, 50, 50, "0571", None, True)]
    assert parse_cell(datetime(2026, 11, 27, tzinfo=UTC)) == 1_795_737_600.0
    for value in ([], {}, b"x", float("nan"), "x" * 201, 2**70):
        with pytest.raises(ValueRefusedError):
            parse_cell(value)


def test_quantities_are_finite() -> None:
    """A quantity is a finite number or text of one."""
    assert parse_quantity("1e3") == 1000.0
    for value in ("1e999", "nan", "", "x", True, None, [], 10**400, Decimal("NaN")):
        with pytest.raises(ValueRefusedError):
            parse_quantity(value)


def test_f09_ids_that_stand_for_nobody_are_refused() -> None:
    """Ids that programs write where there is none are refused, in any case and spelling."""
    nothing = ClosedList(())
    rules = InputRules("CN", nothing, nothing, ("undefined", "游客"), ("13800138000",))
    for value in (
        "undefined",
        " UNDEFINED ",
        "游客",
        "0",
        0,
        "0000",
        "00000000-0000-0000-0000-000000000000",
    ):
        with pytest.raises(ValueRefusedError, match="nobody"):
            rules.visitor_id(value)
    assert rules.visitor_id(" wsp1 ") == "wsp1"
    with pytest.raises(ValueRefusedError, match="nobody"):
        rules.number("138 0013 8000")
