"""A file of a campaign, read for the model of uplift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nudge.domain.winback.contact_columns import ContactColumns, ContactRoles
from nudge.domain.winback.contact_table import ContactTable
from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import InputFile
from nudge.lake.intake.row_taking import take_rows


@dataclass(frozen=True)
class CampaignFile:
    """The people of a campaign's file.

    Attributes:
        table: people.
        skipped: columns that were left out, each with the reason.
        others: rows of people who belong to another contact of the campaign.
    """

    table: ContactTable
    skipped: dict[str, str]
    others: int


def read_campaign(
    source: InputFile, roles: ContactRoles, refuse: Callable[[BadRow], None]
) -> CampaignFile:
    """Read the people of a campaign.

    Args:
        source: CSV or Parquet.
        roles: of its columns.
        refuse: is told each row that is left out.

    Raises:
        InvalidConfigError: a column is missing, or no row can be used; with the cure.
    """
    problems = roles.problems(source.columns)
    if problems:
        raise InvalidConfigError([f"{source.name}: {one}" for one in problems])
    columns = ContactColumns(roles)
    take_rows(source, columns.take, refuse)
    if not len(columns):
        text = f"no row can be used; look at column {roles.contacted}, --contact and --holdout"
        raise InvalidConfigError([f"{source.name}: {text}"])
    table, skipped = columns.table()
    return CampaignFile(table, skipped, columns.others)
