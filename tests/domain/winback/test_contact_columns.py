"""Columns of a campaign's file."""

from __future__ import annotations

import pytest

from nudge.domain.winback.contact_columns import ContactColumns, ContactRoles

WORDS = ContactRoles("segment", "visit", "mail", "none", ("spend",))
FLAGS = ContactRoles("contacted", "paid")


def test_words_name_contacted_and_held_out_and_others_are_left_out() -> None:
    """Rows of a third contact are counted, and neither taken nor refused."""
    columns = ContactColumns(WORDS)
    for side in ("mail", "none", "letter"):
        row = {"segment": side, "visit": "1", "age": "7", "spend": "3"}
        assert not columns.take(row)
    table, skipped = columns.table()
    assert table.contacted.tolist() == [True, False]
    assert columns.others == 1
    assert skipped == {"age": "has one value only"}
    assert not table.factors


@pytest.mark.parametrize(
    ("cell", "outcome"), [("yes", 1.0), ("否", 0.0), ("12.5", 12.5), ("", 0.0), (None, 0.0)]
)
def test_an_outcome_is_a_flag_or_an_amount(cell: object, outcome: float) -> None:
    """Yes and no are 1 and 0, numbers are amounts, an empty cell is nothing that came of it."""
    columns = ContactColumns(FLAGS)
    assert not columns.take({"contacted": "1", "paid": cell})
    assert columns.table()[0].outcome.tolist() == [outcome]


def test_a_bad_cell_costs_its_row_and_says_the_cure() -> None:
    """Refusals name the column and what to write or ask instead."""
    columns = ContactColumns(FLAGS)
    told = columns.take({"contacted": "mail", "paid": "1"})
    assert told.startswith("column contacted is neither yes nor no")
    assert "--contact and --holdout" in told
    assert "column paid" in columns.take({"contacted": "1", "paid": "much"})
    assert len(columns) == 0


def test_problems_of_columns_name_the_cure() -> None:
    """Options that do not fit the file, or each other, are told before a row is read."""
    assert not FLAGS.problems(("contacted", "paid", "age"))
    assert "use one of a, b" in ContactRoles("x", "b").problems(("a", "b"))[0]
    assert "name two" in ContactRoles("a", "a").problems(("a", "b"))[0]
    assert "belong together" in ContactRoles("a", "b", contact="mail").problems(("a", "b"))[0]
    assert "the same value" in ContactRoles("a", "b", "mail", "mail").problems(("a", "b"))[0]
