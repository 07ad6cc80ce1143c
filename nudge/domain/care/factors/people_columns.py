"""Columns of a file of people, read as factors: numbers, flags and levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bandits.arrays import FloatArray
from nudge.domain.care.factors.people_table import Factor, FactorKind, Grouping, PeopleTable
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.plain_text import trim
from nudge.domain.values.quantities import parse_quantity
from nudge.domain.values.refusal import ValueRefusedError

MOST_LEVELS: Final = 40
"""Most different texts of a column; more are free words or ids, which are left out."""
MOST_GROUPS: Final = 50
"""Most segments or kinds of leaving."""
ABSENT: Final = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "?"))
"""Texts of a cell without a value, in lower case."""
LONGEST: Final = 60
"""Most characters of a level that are shown."""


@dataclass(frozen=True)
class ColumnRoles:
    """The columns of a file that are not factors.

    Attributes:
        left: who left: yes or no.
        segment: of each person; empty without.
        kind: of leaving; empty without.
        ignored: columns that are not looked at.
    """

    left: str
    segment: str = ""
    kind: str = ""
    ignored: tuple[str, ...] = ()

    def problems(self, columns: Sequence[str]) -> list[str]:
        """Return the problems of a file's columns, each with its cure."""
        named = {"--left": self.left, "--segment": self.segment, "--kind": self.kind}
        asked = [(flag, name) for flag, name in named.items() if name]
        asked += [("--ignore", name) for name in self.ignored]
        missing = [(flag, name) for flag, name in asked if name not in columns]
        known = ", ".join(columns[:40])
        found = [
            f"{flag} {name}: there is no such column; use one of {known}" for flag, name in missing
        ]
        if not found and not self.factors(columns):
            found.append(f"there is no column beside {self.left}; add scores and behaviours")
        return found

    def factors(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that are factors."""
        used = {self.left, self.segment, self.kind, *self.ignored}
        return [name for name in columns if name not in used]


@dataclass
class PeopleColumns:
    """The rows of a file of people, gathered.

    Attributes:
        roles: of the columns.
        left: of each row that was taken.
        cells: (column -> value of each row).
    """

    roles: ColumnRoles
    left: list[bool] = field(default_factory=list)
    cells: dict[str, list[object]] = field(default_factory=dict)

    def take(self, row: Mapping[str, object]) -> str:
        """Take a row, or return why it is refused."""
        try:
            left = parse_flag(plain_cell(row[self.roles.left]))
        except ValueRefusedError as error:
            return f"column {self.roles.left} {error}"
        self.left.append(left)
        for name, value in row.items():
            if name != self.roles.left and name not in self.roles.ignored:
                self.cells.setdefault(name, []).append(value)
        return ""

    def table(self) -> tuple[PeopleTable, dict[str, str]]:
        """Return the table, and why columns were left out, each with the reason."""
        names = self.roles.factors([self.roles.left, *self.cells])
        found, skipped = read_factors({name: self.cells[name] for name in names})
        segments, kinds = (_grouping(n, self.cells) for n in (self.roles.segment, self.roles.kind))
        left = np.array(self.left, dtype=np.bool_)
        if kinds is not None:
            kinds = Grouping(kinds.name, np.where(left, kinds.codes, -1), kinds.groups)
        return PeopleTable(found, left, segments, kinds), skipped


def read_factors(
    cells: Mapping[str, Sequence[object]],
) -> tuple[tuple[Factor, ...], dict[str, str]]:
    """Read columns as factors, and return the reason for each column that is left out.

    Args:
        cells: (column -> (n,) values as the file has them).
    """
    read = {name: read_factor(mask_numbers(name), column) for name, column in cells.items()}
    skipped = {mask_numbers(name): one for name, one in read.items() if isinstance(one, str)}
    return tuple(one for one in read.values() if isinstance(one, Factor)), skipped


def read_factor(name: str, cells: Sequence[object]) -> Factor | str:
    """Read a column as a factor, or return why it is left out.

    Args:
        name: of the column.
        cells: (n,) values as the file has them.
    """
    plain = [plain_cell(one) for one in cells]
    present = [one for one in plain if one is not None]
    if not present:
        return "is empty"
    numbers = _numbers(plain)
    if numbers is not None:
        return _number_factor(name, numbers)
    words = sorted({mask_numbers(str(one))[:LONGEST] for one in present})
    if len(words) > MOST_LEVELS:
        return f"has more than {MOST_LEVELS} different texts: ids or free words, no factor"
    if len(words) == 1:
        return "has one value only"
    return _word_factor(name, plain, words)


def _number_factor(name: str, numbers: FloatArray) -> Factor | str:
    known = numbers[~np.isnan(numbers)]
    different = np.unique(known)
    if len(different) == 1:
        return "has one value only"
    steps = np.diff(known)
    if len(different) == len(numbers) and (np.all(steps == 1.0) or np.all(steps == -1.0)):
        return "numbers the rows, which tells nothing of people"
    if set(different.tolist()) == {0.0, 1.0}:
        return Factor(name, FactorKind.FLAG, numbers, ("no", "yes"))
    return Factor(name, FactorKind.NUMBER, numbers)


def _word_factor(name: str, plain: Sequence[object], words: Sequence[str]) -> Factor:
    try:
        flags = {word: parse_flag(word) for word in words}
    except ValueRefusedError:
        flags = {}
    if len(words) == 2 and len(set(flags.values())) == 2:  # noqa: PLR2004 - a flag's two
        words = sorted(words, key=lambda word: flags[word])
    places = {word: float(n) for n, word in enumerate(words)}
    values = np.array(
        [np.nan if one is None else places[mask_numbers(str(one))[:LONGEST]] for one in plain]
    )
    kind = FactorKind.FLAG if len(words) == 2 else FactorKind.LEVELS  # noqa: PLR2004 - the same
    return Factor(name, kind, values, tuple(words))


def _numbers(plain: Sequence[object]) -> FloatArray | None:
    """Return a column as numbers (n,), or None where a cell holds a word."""
    try:
        return np.array([np.nan if one is None else parse_quantity(_flag(one)) for one in plain])
    except ValueRefusedError:
        return None


def _flag(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def plain_cell(value: object) -> object:
    """Return a cell's value, text trimmed; None where it has none."""
    if isinstance(value, str):
        text = trim(value)
        return None if text.lower() in ABSENT else text
    return None if isinstance(value, float) and np.isnan(value) else value


def _grouping(name: str, cells: Mapping[str, Sequence[object]]) -> Grouping | None:
    if not name or name not in cells:
        return None
    plain = [plain_cell(one) for one in cells[name]]
    words = [None if one is None else mask_numbers(str(one))[:LONGEST] for one in plain]
    groups = sorted({word for word in words if word is not None})
    if len(groups) > MOST_GROUPS:
        raise ValueRefusedError(f"has more than {MOST_GROUPS} groups; name a coarser column")
    places = {word: n for n, word in enumerate(groups)}
    codes = [-1 if word is None else places[word] for word in words]
    return Grouping(name, np.array(codes, dtype=np.int64), tuple(groups))
