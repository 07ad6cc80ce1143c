"""Rows of a file of visitors: each cell by its door, and what does not fit costs itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from places import CONFIG

from nudge.config.documents.contact_file import load_contact_words
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.people.loading import FileConsent, VisitorRow
from nudge.domain.people.visitor_file import VisitorColumns
from nudge.settings.settings import Settings

NOW = 1_790_000_000.0
DAY = 86_400.0


@pytest.fixture(scope="module")
def rules() -> InputRules:
    channels, purposes = load_contact_words(CONFIG)
    return InputRules("CN", channels, purposes, Settings.identity_impossible_ids)


def row(rules: InputRules, **cells: object) -> VisitorRow | str:
    given = {"visitor_id": "v"} | cells
    columns = VisitorColumns.of(list(given), rules)
    assert not columns.problems
    return columns.row(given, NOW)


def good(rules: InputRules, **cells: object) -> VisitorRow:
    found = row(rules, **cells)
    assert isinstance(found, VisitorRow), found
    return found


@pytest.mark.parametrize(
    ("cell", "right"),
    [("wsp1 ", "wsp1"), (480001.0, "480001"), ("480001.0", "480001"), (Decimal(7), "7")],
)
def test_f04_ids_are_those_of_every_door(rules: InputRules, cell: object, right: str) -> None:
    """Trimmed; whole floats are whole numbers."""
    assert good(rules, visitor_id=cell).visitor_id == right


@pytest.mark.parametrize("cell", ["undefined", " NULL ", "游客", "0", None, "", "4.8E+12", 1.5])
def test_f09_who_stands_for_nobody_is_refused(rules: InputRules, cell: object) -> None:
    """The row is told, and nothing of it repeated."""
    found = row(rules, visitor_id=cell, msisdn="13812345678")
    assert isinstance(found, str)
    assert found.startswith("visitor_id ")
    assert "1381" not in found


def test_f05_a_lost_number_costs_itself(rules: InputRules) -> None:
    """The rest of the row is kept; the warning names the column and repeats nothing."""
    found = good(rules, msisdn="1.38E+10", tier="2", consent_sms="no")
    assert (found.msisdn, dict(found.known)) == (None, {"tier": 2})
    assert found.consents == {"sms": FileConsent(given=False)}
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("msisdn ")
    assert "1.38" not in found.warnings[0]


@pytest.mark.parametrize("cell", ["13812345678.0", "1.3812345678E+10", 13812345678.0, 13812345678])
def test_f05_numbers_as_spreadsheets_write_them(rules: InputRules, cell: object) -> None:
    """Decimal or with an exponent: no digit is lost."""
    found = good(rules, msisdn=cell).msisdn
    assert found is not None
    assert found.dialled == "13812345678"


@pytest.mark.parametrize(
    ("cell", "given"),
    [
        *(("1", True), ("0", False), (1, True), ("Y", True), ("n", False), ("是", True)),
        *(("否", False), ("同意", True), ("拒绝", False), (" Yes ", True), (False, False)),
    ],
)
def test_f18_a_consent_is_taken_as_people_write_it(
    rules: InputRules, cell: object, *, given: bool
) -> None:
    """0 and 1, Y and N, 是 and 否."""
    assert good(rules, consent_sms=cell).consents["sms"].given is given


@pytest.mark.parametrize("name", ["consent_sms", "consent_SMS", "consent_短信"])
def test_f03_the_channel_of_a_column_is_one_of_the_list(rules: InputRules, name: str) -> None:
    """In any case, and by its alias; another one is told before anything is written."""
    assert list(good(rules, **{name: "1"}).consents) == ["sms"]
    problems = VisitorColumns.of(["visitor_id", "consent_fax"], rules).problems
    assert len(problems) == 1
    assert "sms" in problems[0]


@pytest.mark.parametrize("name", ["consent_sms_at", "sms_at"])
def test_f16_a_consent_has_its_time(rules: InputRules, name: str) -> None:
    """By either name; a time that cannot be is left out, and told."""
    told = good(rules, consent_sms="1", **{name: NOW - DAY})
    assert told.consents["sms"] == FileConsent(given=True, at=NOW - DAY)
    assert not told.known
    wrong = good(rules, consent_sms="1", **{name: NOW + DAY})
    assert wrong.consents["sms"] == FileConsent(given=True)
    assert len(wrong.warnings) == 1


def test_f05_a_cell_that_does_not_fit_costs_itself(rules: InputRules) -> None:
    """The other cells are kept."""
    found = good(rules, tier=[1], tariff="a", consent_sms="perhaps")
    assert dict(found.known) == {"tariff": "a"}
    assert not found.consents
    assert len(found.warnings) == 2


def test_a_consent_has_the_version_of_its_text_and_its_source(rules: InputRules) -> None:
    """The columns beside a consent tell text and place for its proof, and become no attributes."""
    more = {"consent_sms_text_version": "v3", "consent_sms_source": "hall 13812345678"}
    said = good(rules, consent_sms="1", **more)
    assert said.known == {}
    assert said.consents["sms"].text_version == "v3"
    assert said.consents["sms"].source.startswith("hall ")
    assert "13812345678" not in said.consents["sms"].source
    plain = good(rules, consent_sms="1", consent_sms_text_version="")
    assert plain.digest(b"k") == good(rules, consent_sms="1").digest(b"k")
    assert plain.digest(b"k") != said.digest(b"k")


def test_a_version_and_a_source_of_one_word_are_two_rows() -> None:
    """A row with a text's version is not loaded as one with that word as its source."""
    version, source = (
        VisitorRow("ada", None, {}, {"sms": FileConsent(given=True, **one)}).digest(b"k")
        for one in ({"text_version": "app"}, {"source": "app"})
    )
    assert version != source
