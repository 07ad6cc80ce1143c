"""Columns of a file of people: read as numbers, flags and levels, or left out with the reason."""

from __future__ import annotations

import numpy as np
import pytest

from nudge.domain.care.factors.people_columns import ColumnRoles, PeopleColumns, read_factor
from nudge.domain.care.factors.people_table import Factor, FactorKind


@pytest.mark.parametrize(
    ("cells", "kind", "levels"),
    [
        (["1", "2.5", "", "7"], FactorKind.NUMBER, ()),
        (["0", "1", "1", "NA"], FactorKind.FLAG, ("no", "yes")),
        (["Yes", "No", "Yes"], FactorKind.FLAG, ("No", "Yes")),
        (["是", "否", "是"], FactorKind.FLAG, ("否", "是")),
        (["app", "web", "wap", "web"], FactorKind.LEVELS, ("app", "wap", "web")),
        ([True, False, None], FactorKind.FLAG, ("no", "yes")),
    ],
)
def test_a_column_is_read_by_what_its_cells_hold(
    cells: list[object], kind: FactorKind, levels: tuple[str, ...]
) -> None:
    """Cells tell whether a column is a number, a flag or levels; an empty cell is unknown."""
    found = read_factor("x", cells)
    assert isinstance(found, Factor)
    assert (found.kind, found.levels) == (kind, levels)
    assert np.isnan(found.values).sum() == sum(one in {"", "NA", None} for one in cells)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["1", "2", "3", "4"], "numbers the rows"),
        ([f"v{n}" for n in range(60)], "different texts"),
        (["a", "a"], "one value"),
        (["", None], "empty"),
    ],
)
def test_a_column_that_is_no_factor_is_left_out_with_the_reason(
    cells: list[object], why: str
) -> None:
    """Row numbers, ids, and columns of one value are no factors."""
    assert why in str(read_factor("x", cells))


def test_numbers_in_levels_are_masked() -> None:
    """A phone number in a cell does not reach the report."""
    found = read_factor("x", ["13812345678 asked", "web", "web"])
    assert isinstance(found, Factor)
    assert not any("13812345678" in level for level in found.levels)


def test_a_row_that_does_not_say_who_left_is_refused_with_the_cure() -> None:
    """A row is refused by its column and the cure, and repeats nothing of the cell."""
    columns = PeopleColumns(ColumnRoles("left"))
    assert columns.take({"left": "maybe", "x": "1"}).startswith("column left is neither yes nor no")
    assert columns.take({"left": "是", "x": "1"}) == ""
    assert columns.left == [True]


def test_missing_columns_are_told_by_their_option() -> None:
    """A role whose column is missing is a problem of the file, with the columns there are."""
    (problem,) = ColumnRoles("churned").problems(["left", "x"])
    assert problem == "--left churned: there is no such column; use one of left, x"
