"""Sums of scores by cell: what the lake counts, and what reports are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bandits.inference.tables.paired_means import CrossSums, PairedMeans, PeriodSums

LOW: Final = 5
"""The highest score that is low: 5 of 10 and below."""
MOST_SCORE: Final = 10
PARTS: Final = 1000
"""Parts of a score's point that are told apart: sums of whole parts are exact in every engine."""
SCALE: Final = float(MOST_SCORE * PARTS)
SUMS: Final = (
    *("people_now", "rows_now", "score_now", "low_now"),
    *("people_before", "rows_before", "score_before", "low_before"),
    *("nn_now", "ns_now", "ss_now", "nl_now", "ll_now"),
    *("nn_before", "ns_before", "ss_before", "nl_before", "ll_before"),
    *("nn", "ns", "sn", "ss", "nl", "ln", "ll"),
)
"""Names of the sums: n rows, s score in parts, l low scores of a subject; `ns` is rows now times
score before."""


@dataclass(frozen=True)
class ScoreCell:
    """The scores of a cell, in a period and in the one before.

    Attributes:
        values: of the question's dimensions, in their order; empty for an unknown one.
        score: means of the scores, from 0 (0 points) to 1 (10 points).
        low: shares of the scores that are low.
    """

    values: tuple[str, ...]
    score: PairedMeans
    low: PairedMeans

    @property
    def people(self) -> int:
        """People who gave a score in the period."""
        return self.score.now.subjects

    @property
    def people_before(self) -> int:
        """People who gave one in the period before."""
        return self.score.before.subjects

    @classmethod
    def of(cls, values: tuple[str, ...], row: Mapping[str, float]) -> ScoreCell:
        """Return the cell of a row of sums.

        Args:
            values: of the dimensions.
            row: sums by their names, `SUMS`.
        """
        return cls(values, _pair(row, "s", "score", SCALE), _pair(row, "l", "low", 1.0))


def _pair(row: Mapping[str, float], letter: str, total: str, scale: float) -> PairedMeans:
    now, before = (
        PeriodSums(
            subjects=int(row[f"people_{side}"]),
            rows=int(row[f"rows_{side}"]),
            total=row[f"{total}_{side}"] / scale,
            rows_squared=row[f"nn_{side}"],
            both=row[f"n{letter}_{side}"] / scale,
            total_squared=row[f"{letter}{letter}_{side}"] / scale**2,
        )
        for side in ("now", "before")
    )
    cross = CrossSums(
        rows=row["nn"],
        rows_total=row[f"n{letter}"] / scale,
        total_rows=row[f"{letter}n"] / scale,
        total=row[f"{letter}{letter}"] / scale**2,
    )
    return PairedMeans(now, before, cross)


@dataclass(frozen=True)
class ExperienceCounts:
    """The scores of a question.

    Attributes:
        whole: of all dimensions together.
        cells: those with most scores first.
        number: of cells there are; `cells` may be fewer.
    """

    whole: ScoreCell
    cells: tuple[ScoreCell, ...]
    number: int
