"""Names and passwords of users."""

from __future__ import annotations

import pytest

from nudge.domain.users.credentials import check_password, parse_name
from nudge.domain.values.refusal import ValueRefusedError


@pytest.mark.parametrize("written", ["li_na", " Li_Na ", "LI_NA", "ｌｉ_ｎａ"])
def test_a_name_is_one_however_it_is_typed(written: str) -> None:
    """Case, blanks and wide letters make no other user."""
    assert parse_name(written) == "li_na"


@pytest.mark.parametrize("written", ["", "l", "1li", "li na", "li<b>", "李娜", "a" * 41, 7, None])
def test_what_is_no_name_is_refused_with_the_cure(written: object) -> None:
    """The text says what a name looks like."""
    with pytest.raises(ValueRefusedError, match="2 to 40 of a-z"):
        parse_name(written)


@pytest.mark.parametrize(
    "word", ["", "123456789", "li_na_long", "LI_NA_LONG", "aaaaaaaaaaaa", "x" * 201]
)
def test_a_password_that_is_guessed_is_refused(word: str) -> None:
    """Short ones, the name, one letter repeated, and ones that would take long to hash."""
    with pytest.raises(ValueRefusedError):
        check_password(word, "li_na_long")


@pytest.mark.parametrize(
    "word", ["correct horse", "长长的一句话当密码", "0123456789", "li_na_long!"]
)
def test_a_password_needs_no_composition(word: str) -> None:
    """Length suffices, in any script."""
    check_password(word * (1 if len(word) > 9 else 2), "li_na_long")
