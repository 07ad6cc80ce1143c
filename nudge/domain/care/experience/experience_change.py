"""Changes of scores against the period before, the cells judged together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal, NamedTuple

from bandits.inference.interval import Estimate
from bandits.inference.tables.paired_means import PairedMeans
from bandits.inference.tables.step_down import ALPHA, StepAnswer, step_down
from nudge.domain.care.experience.experience_counts import MOST_SCORE, ScoreCell
from nudge.domain.reports.report_time import FEWEST

Verdict = Literal["better", "worse", "unclear"]
FIGURES: Final = 2
"""Figures of a cell that are compared: the mean, and the share of low scores."""


class CellChange(NamedTuple):
    """The change of a cell's two figures.

    Attributes:
        score: of the mean, in points.
        low: of the share of low scores.
    """

    score: StepAnswer
    low: StepAnswer

    @property
    def verdict(self) -> Verdict:
        """The verdict on the cell: by its mean, else by its low scores."""
        if self.score.is_sure:
            return "better" if self.score.estimate.value > 0.0 else "worse"
        if self.low.is_sure:
            return "worse" if self.low.estimate.value > 0.0 else "better"
        return "unclear"


def judge_cells(cells: Sequence[ScoreCell], alpha: float = ALPHA) -> list[CellChange | None]:
    """Return the change of each cell; None where too few people gave a score to compare.

    All changes are judged together: the chance that any of them is called real without being so is
    at most `alpha`.

    Args:
        cells: of the table, the whole among them.
        alpha: chance of any wrong verdict.
    """
    known = [is_comparable(cell) for cell in cells]
    questions = [
        partial(_change, pair, scale)
        for cell, told in zip(cells, known, strict=True)
        if told
        for pair, scale in ((cell.score, float(MOST_SCORE)), (cell.low, 1.0))
    ]
    answers = iter(step_down(questions, alpha))
    return [CellChange(next(answers), next(answers)) if told else None for told in known]


def is_comparable(cell: ScoreCell) -> bool:
    """Return True where enough people gave a score in both periods."""
    return min(cell.people, cell.people_before) >= FEWEST


def _change(pair: PairedMeans, scale: float, level: float) -> Estimate:
    found = pair.difference(level)
    if found is None:
        return Estimate(0.0, -scale, scale)
    return Estimate(found.value * scale, found.low * scale, found.high * scale)
