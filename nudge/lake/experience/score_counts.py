"""Sums of scores by cell from the lake's events, and the texts that came with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import ibis
from ibis.expr.types import Table, Value

from nudge.domain.care.experience.experience_counts import SUMS, ExperienceCounts, ScoreCell
from nudge.domain.care.experience.experience_query import ExperienceQuestion
from nudge.domain.care.experience.text_ref import TextRef
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.experience.rated_events import rated_events
from nudge.lake.experience.score_dimensions import NEXT, with_dimensions

MOST_CELLS: Final = 100
"""Most cells of a report, those with most scores."""
MOST_TEXTS: Final = 20_000
"""Most texts that are read of each kind, low scores and others: the newest."""
_SIDES: Final = ("now", "before")
_OF_SUBJECT: Final = ("rows", "score", "low")


@dataclass(frozen=True)
class RatedScores:
    """The scores of a question, held by an engine.

    Attributes:
        backend: that holds them.
        rows: one a score.
        cells: columns of the question's dimensions.
        question: that is asked.
    """

    backend: Backend
    rows: Table
    cells: tuple[str, ...]
    question: ExperienceQuestion

    def count(self) -> ExperienceCounts:
        """Return the sums of all scores, and those of each cell."""
        (row,) = answer(self.backend, _sums(_by_subject(_sides(self.rows, ()), ()), ()))
        whole = ScoreCell.of((), _filled(row))
        if not self.cells:
            return ExperienceCounts(whole, (), 0)
        if self.question.unit is None:
            sides = _sides(self.rows, self.cells)
        else:
            place = self.cells[self.question.by.index(self.question.unit)]
            sides = _unit_sides(self.rows, self.cells, place, compares=bool(self.question.compare))
        with keep_rows(self.backend, _sums(_by_subject(sides, self.cells), self.cells)) as sums:
            known = sums.filter(sums.rows_now > 0)
            (number,) = answer(self.backend, known.aggregate(cells=known.count()))
            largest = known.order_by(known.rows_now.desc(), *self.cells).limit(MOST_CELLS)
            rows = answer(self.backend, largest)
        cells = tuple(
            ScoreCell.of(tuple(str(row[name]) for name in self.cells), _filled(row)) for row in rows
        )
        return ExperienceCounts(whole, cells, int(number["cells"]))

    def texts(self) -> list[TextRef]:
        """Return where the texts of the period's scores are kept: the newest of each kind."""
        written = self.rows.filter(self.rows.texted, self.rows.now == 1)
        found: list[TextRef] = []
        for low in (1, 0):
            some = written.filter(written.low == low)
            newest = some.order_by(some["at"].desc(), some.partition, some.position.desc())
            names = ("partition", "subject", "source", "event_id")
            rows = answer(self.backend, newest.select(*names).limit(MOST_TEXTS))
            found += [TextRef(**row, is_low=bool(low)) for row in rows]
        return found


@contextmanager
def rated_scores(
    backend: Backend, question: ExperienceQuestion, attributes: Mapping[str, str]
) -> Iterator[RatedScores]:
    """Keep the scores of a question for the time of the context.

    Args:
        backend: from `connect`.
        question: that is asked.
        attributes: other name of a dimension -> its context attribute.

    Raises:
        InvalidRequestError: a name is not a dimension.
        BrokenLakeError: a file is missing or unreadable.
    """
    rows = rated_events(backend.table("events"), question)
    rows, cells = with_dimensions(backend, rows, question, attributes)
    with keep_rows(backend, rows) as kept:
        yield RatedScores(backend, kept, cells, question)


def _sides(rows: Table, cells: tuple[str, ...]) -> Table:
    """Return the scores with the period that each counts in."""
    return rows.filter((rows.now == 1) | (rows.before == 1)).select(
        *cells, "subject", "score", "low", "now", "before"
    )


def _unit_sides(rows: Table, cells: tuple[str, ...], place: str, *, compares: bool) -> Table:
    """Return each score twice: in its own unit of time, and before the one that follows it."""
    names = ("subject", "score", "low")
    one, none = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    own = rows.filter(rows.now == 1).select(*cells, *names, now=one, before=none)
    if not compares:
        return own
    following: dict[str, Any] = {name: rows[NEXT if name == place else name] for name in cells}
    return own.union(rows.select(**following, **{n: rows[n] for n in names}, now=none, before=one))


def _by_subject(rows: Table, cells: tuple[str, ...]) -> Table:
    sums: dict[str, Value] = {}
    for side in _SIDES:
        inside = rows[side]
        sums[f"rows_{side}"] = inside.sum()
        sums[f"score_{side}"] = (inside * rows.score).sum()
        sums[f"low_{side}"] = (inside * rows.low).sum()
    found = rows.group_by(*cells, "subject").aggregate(**sums)
    # As numbers whose products cannot overflow; they are exact up to 9e15.
    return found.mutate(**{name: found[name].cast("float64") for name in sums})


def _sums(subjects: Table, cells: tuple[str, ...]) -> Table:
    sums: dict[str, Value] = {}
    for side in _SIDES:
        n, s, low = (subjects[f"{name}_{side}"] for name in _OF_SUBJECT)
        sums[f"people_{side}"] = (n > 0).cast("int64").sum()
        sums |= {f"{name}_{side}": subjects[f"{name}_{side}"].sum() for name in _OF_SUBJECT}
        products = {"nn": n * n, "ns": n * s, "ss": s * s, "nl": n * low, "ll": low * low}
        sums |= {f"{name}_{side}": value.sum() for name, value in products.items()}
    letters = {"n": "rows", "s": "score", "l": "low"}
    for name in ("nn", "ns", "sn", "ss", "nl", "ln", "ll"):
        one, other = (letters[letter] for letter in name)
        sums[name] = (subjects[f"{one}_now"] * subjects[f"{other}_before"]).sum()
    return (subjects.group_by(*cells) if cells else subjects).aggregate(**sums)


def _filled(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the sums of a row; of no rows an engine says nothing instead of 0."""
    return {name: float(row[name] or 0) for name in SUMS}
