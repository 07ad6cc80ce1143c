"""Survey of a file before its import: which rows fit, and what each is known by.

Nothing is written. 17 bytes a row stay in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nudge.domain.credit.count_import import CountImport
from nudge.domain.credit.earlier_import import EarlierImport
from nudge.domain.credit.import_marks import SIZE
from nudge.domain.credit.import_values import Row
from nudge.domain.credit.log_import import ROW_ID, LogImport
from nudge.domain.credit.row_identity import RowDigests, are_known
from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import InputFile

Look = Callable[[int], object]
"""Is called with a number of rows that were looked at."""
Plan = LogImport | CountImport
"""How rows become records: decisions with exposure and reward, or counts that only teach."""
KEPT: Final = 1_000
"""Most refused rows that are named."""
REFUSED, FITS, EARLIER = range(3)


@dataclass
class ImportSurvey:
    """The survey of a file.

    Attributes:
        digests: of the rows that fit.
        states: of each row that can be read: `REFUSED`, `FITS`, or written by an earlier version.
        refused: rows that do not fit.
        bad: the first of them.
    """

    digests: RowDigests
    states: bytearray = field(default_factory=bytearray)
    refused: int = 0
    bad: list[BadRow] = field(default_factory=list)

    def refuse(self, one: BadRow) -> None:
        """Note a row that does not fit."""
        self.refused += one.rows
        if len(self.bad) < KEPT:
            self.bad.append(one)

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return len(self.digests.content) // SIZE + self.refused


@dataclass(frozen=True, eq=False)
class RowChoice:
    """The rows of a survey that are to be written.

    Attributes:
        digests: (n, 2) of the rows that fit.
        fresh: (n,) rows that no import has brought.
        named: (n,) rows that an earlier version has written, and no mark names.
    """

    digests: NDArray[np.uint64]
    fresh: NDArray[np.bool_]
    named: NDArray[np.bool_]

    @classmethod
    def of(cls, survey: ImportSurvey, known: NDArray[np.uint64]) -> RowChoice:
        """Choose the rows of a survey that are not among the known ones (m, 2)."""
        digests, repeats = survey.digests.finish()
        states = np.frombuffer(bytes(survey.states), dtype=np.uint8)
        earlier = states[states != REFUSED] == EARLIER
        unknown = ~(are_known(digests, known) | repeats)
        return cls(digests, unknown & ~earlier, unknown & earlier)


def look_through(
    source: InputFile, plan: Plan, earlier: Sequence[EarlierImport], *, strict: bool, look: Look
) -> ImportSurvey:
    """Read a whole file without writing anything.

    Args:
        source: the file.
        plan: of its import.
        earlier: what an earlier version has written of the same file.
        strict: the first row that does not fit is an error.
        look: is called with the rows of each batch.

    Raises:
        InvalidConfigError: the file cannot be read; or a row does not fit, and `strict`.
    """
    rules = plan.of.rules if isinstance(plan, CountImport) else plan.rules
    source.check_ids(rules.column("subject"), rules.column(ROW_ID))
    survey = ImportSurvey(RowDigests(named=ROW_ID in rules.columns))
    number = 0
    for batch in source.batches():
        for bad in batch.refused:
            _refuse(survey, source, bad, strict=strict)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            number += 1
            digest, problem = _look(plan, row)
            if digest is None:
                survey.states.append(REFUSED)
                _refuse(survey, source, BadRow(line, problem), strict=strict)
                continue
            subject = row.get(rules.column("subject"))
            has = any(one.has(subject, number) for one in earlier)
            survey.states.append(EARLIER if has else FITS)
            survey.digests.add(digest)
        look(len(batch.rows))
    return survey


def fitting(source: InputFile, survey: ImportSurvey) -> Iterator[tuple[int, Row]]:
    """Yield the rows that fit once more, each with its place among them, from 0."""
    states, place = iter(survey.states), 0
    for batch in source.batches():
        for row in batch.rows:
            if next(states) != REFUSED:
                yield place, row
                place += 1


def _look(plan: Plan, row: Row) -> tuple[bytes | None, str]:
    """Return what a row is known by, or the problem of one that does not fit."""
    try:
        known = plan.known(row)
        digest = plan.digest(known)
        plan.records(known, digest)
    except (ValueError, TypeError, OverflowError) as error:
        return None, str(error)
    return digest, ""


def _refuse(survey: ImportSurvey, source: InputFile, bad: BadRow, *, strict: bool) -> None:
    if strict:
        text = f"{source.unit} {bad.line:,}: {bad.problem}; nothing was written (--strict)"
        raise InvalidConfigError([f"{source.name}: {text}"])
    survey.refuse(bad)
