"""A file of people, read for the model of factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nudge.domain.care.factors.people_columns import ColumnRoles, PeopleColumns
from nudge.domain.care.factors.people_table import PeopleTable
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import InputFile
from nudge.lake.intake.row_taking import take_rows


@dataclass(frozen=True)
class PeopleFile:
    """The people of a file.

    Attributes:
        table: people.
        skipped: columns that were left out, each with the reason.
    """

    table: PeopleTable
    skipped: dict[str, str]


def read_people(
    source: InputFile, roles: ColumnRoles, refuse: Callable[[BadRow], None]
) -> PeopleFile:
    """Read the people of a file.

    Args:
        source: CSV or Parquet.
        roles: of its columns.
        refuse: is told each row that is left out.

    Raises:
        InvalidConfigError: a column is missing or cannot be used, or no row can; with the cure.
    """
    problems = roles.problems(source.columns)
    if problems:
        raise InvalidConfigError([f"{source.name}: {one}" for one in problems])
    columns = PeopleColumns(roles)
    take_rows(source, columns.take, refuse)
    if not columns.left:
        text = f"no row can be used; column {roles.left} has to say yes or no"
        raise InvalidConfigError([f"{source.name}: {text}"])
    try:
        return PeopleFile(*columns.table())
    except ValueRefusedError as error:
        raise InvalidConfigError([f"{source.name}: --segment or --kind {error}"]) from error
