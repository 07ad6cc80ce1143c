"""Columns of a campaign's file: who was contacted, who came back, and what was known before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nudge.domain.care.factors.people_columns import plain_cell, read_factors
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.plain_text import trim
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.winback.contact_table import ContactTable


@dataclass(frozen=True)
class ContactRoles:
    """The columns of a campaign's file that are not factors.

    Attributes:
        contacted: who was contacted.
        back: who came back: yes or no, or an amount.
        contact: value of `contacted` of those who were contacted; empty where it says yes or no.
        holdout: value of `contacted` of those who were held out; empty likewise.
        ignored: columns that are not looked at.
    """

    contacted: str
    back: str
    contact: str = ""
    holdout: str = ""
    ignored: tuple[str, ...] = ()

    def problems(self, columns: Sequence[str]) -> list[str]:
        """Return the problems of a file's columns, each with its cure."""
        asked = [("--contacted", self.contacted), ("--back", self.back)]
        asked += [("--ignore", name) for name in self.ignored]
        known = ", ".join(columns[:40])
        found = [
            f"{flag} {name}: there is no such column; use one of {known}"
            for flag, name in asked
            if name not in columns
        ]
        if self.contacted == self.back:
            found.append("--contacted and --back name the same column; name two")
        if bool(self.contact) != bool(self.holdout):
            found.append("--contact and --holdout belong together; give both, or neither")
        elif self.contact and self.contact == self.holdout:
            found.append("--contact and --holdout name the same value; name two")
        return found

    def side(self, value: object) -> bool | None:
        """Return True for who was contacted, False for the held out, None for others.

        Raises:
            ValueRefusedError: the cell says neither yes nor no.
        """
        if not self.contact:
            return parse_flag(plain_cell(value))
        word = "" if value is None else trim(str(value))
        return {self.contact: True, self.holdout: False}.get(word)


@dataclass
class ContactColumns:
    """The rows of a campaign's file, gathered.

    Attributes:
        roles: of the columns.
        others: rows of people who belong to another contact of the campaign.
    """

    roles: ContactRoles
    others: int = 0
    _contacted: list[bool] = field(default_factory=list)
    _outcome: list[float] = field(default_factory=list)
    _cells: dict[str, list[object]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows that were taken."""
        return len(self._contacted)

    def take(self, row: Mapping[str, object]) -> str:
        """Take a row, or return why it is refused."""
        try:
            side = self.roles.side(row[self.roles.contacted])
        except ValueRefusedError as error:
            return (
                f"column {self.roles.contacted} {error}; or name the words of contacted and held "
                "out by --contact and --holdout"
            )
        if side is None:
            self.others += 1
            return ""
        try:
            back = _outcome(plain_cell(row[self.roles.back]))
        except ValueRefusedError as error:
            return f"column {self.roles.back} {error}"
        self._contacted.append(side)
        self._outcome.append(back)
        used = {self.roles.contacted, self.roles.back, *self.roles.ignored}
        for name, value in row.items():
            if name not in used:
                self._cells.setdefault(name, []).append(value)
        return ""

    def table(self) -> tuple[ContactTable, dict[str, str]]:
        """Return the table, and why columns were left out, each with the reason."""
        factors, skipped = read_factors(self._cells)
        contacted = np.array(self._contacted, dtype=np.bool_)
        return ContactTable(factors, contacted, np.array(self._outcome)), skipped


def _outcome(value: object) -> float:
    """Return a number, or 1 and 0 for yes and no; an empty cell is none."""
    if value is None:
        return 0.0
    try:
        return float(parse_flag(value))
    except ValueRefusedError:
        return parse_quantity(value)
