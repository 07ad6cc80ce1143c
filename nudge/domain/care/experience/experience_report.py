"""The experience report as plain JSON, from its counts and words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bandits.inference.interval import Estimate
from bandits.inference.tables.paired_means import LEVEL
from bandits.inference.tables.step_down import StepAnswer
from nudge.domain.care.experience.experience_change import (
    CellChange,
    Verdict,
    is_comparable,
    judge_cells,
)
from nudge.domain.care.experience.experience_counts import (
    LOW,
    MOST_SCORE,
    ExperienceCounts,
    ScoreCell,
)
from nudge.domain.care.experience.experience_query import ExperienceQuestion
from nudge.domain.care.experience.experience_sentences import (
    cell_name,
    change_sentence,
    headline,
    words_sentence,
)
from nudge.domain.care.experience.low_words import LowPhrase, LowWords
from nudge.domain.reports.filters import plain_where
from nudge.domain.reports.report_time import FEWEST

Plain = dict[str, object]
_NOTHING: Plain = {"value": None, "interval": None, "level": None, "verdict": "unclear"}


def experience_report(
    question: ExperienceQuestion, found: ExperienceCounts, words: LowWords | None
) -> Plain:
    """Build the experience report.

    Args:
        question: answered by the report.
        found: counts of its period, and of the one before.
        words: that come with low scores; None where the texts could not be read.
    """
    label, before = question.calendar.label, question.before
    cells = [found.whole, *found.cells]
    changes = judge_cells(cells) if question.compare else [None] * len(cells)
    rows = [_cell(question, *pair) for pair in zip(cells, changes, strict=True)]
    return {
        "from": label(question.period.start),
        "to": label(question.period.end),
        "by": list(question.by),
        "where": plain_where(question.where),
        "compare": before
        and {
            "with": question.compare,
            "from": label(before.start),
            "to": label(before.end),
            "cells_with": question.unit or question.compare,
        },
        "interval_level": LEVEL,
        "low": LOW,
        "headline": headline(question.by, found, changes, question.compare),
        "whole": rows[0],
        "cells": rows[1:],
        "number_of_cells": found.number,
        "words": _words(words),
    }


def _cell(question: ExperienceQuestion, cell: ScoreCell, change: CellChange | None) -> Plain:
    values = dict(zip(question.by, cell.values, strict=True)) if cell.values else {}
    name = cell_name(question.by, cell.values) if cell.values else {"zh": "整体", "en": "all"}
    head: Plain = {"values": values, "name": name, "hidden": cell.people < FEWEST}
    if cell.people < FEWEST:
        return head
    figures = _figures(cell, "now")
    if not question.compare:
        return {**head, **figures, "before": None, "change": None}
    before = _figures(cell, "before") if is_comparable(cell) else None
    return {**head, **figures, "before": before, "change": _change(cell, change)}


def _figures(cell: ScoreCell, side: str) -> Plain:
    score, low = (getattr(pair, side) for pair in (cell.score, cell.low))
    return {
        "scores": score.rows,
        "people": score.subjects,
        "mean": MOST_SCORE * (score.mean or 0.0),
        "interval": _ends(score.estimate(), float(MOST_SCORE)),
        "low_share": low.mean,
        "low_interval": _ends(low.estimate(), 1.0),
    }


def _ends(found: Estimate | None, scale: float) -> list[float] | None:
    return None if found is None else [scale * found.low, scale * found.high]


def _change(cell: ScoreCell, change: CellChange | None) -> Plain:
    said = change_sentence(cell, change)
    if change is None:
        return {"verdict": "unclear", "score": _NOTHING, "low_share": _NOTHING, **said}
    return {
        "verdict": change.verdict,
        "score": _answer(change.score, better=1.0),
        "low_share": _answer(change.low, better=-1.0),
        **said,
    }


def _answer(answer: StepAnswer, better: float) -> Plain:
    one = answer.estimate
    verdict: Verdict = "unclear"
    if answer.is_sure:
        verdict = "better" if one.value * better > 0.0 else "worse"
    return {
        "value": one.value,
        "interval": [one.low, one.high],
        "level": answer.level,
        "verdict": verdict,
    }


def _words(found: LowWords | None) -> Plain:
    said = words_sentence(found)
    if found is None or not found.is_enough:
        why = "store_away" if found is None else "few_people"
        return {"answerable": False, "why": why, **said, **_people(None), "phrases": []}
    phrases: Sequence[LowPhrase] = found.phrases
    return {
        "answerable": True,
        "why": "",
        **said,
        **_people(found),
        "phrases": [
            {
                "phrase": one.phrase,
                "people": one.people,
                "share_low": one.share_low,
                "share_other": one.share_other,
                "log_odds": one.log_odds,
                "interval": [one.low, one.high],
            }
            for one in phrases
        ],
    }


def _people(found: LowWords | None) -> Plain:
    return {
        "people_low": None if found is None else found.people_low,
        "people_other": None if found is None else found.people_other,
    }
