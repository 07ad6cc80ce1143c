"""Sentences of an evaluation: what another way would have got, or why the log cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.evaluation import Always, Evaluation, Log, Uniform, evaluate
from nudge.domain.reports.evaluation_sentences import evaluation_sentence


def log_of(rates: tuple[float, float], rows: int = 4000, people: int = 4000) -> Log:
    """A log of two variants that were drawn evenly."""
    draw = np.random.default_rng(7)
    variant = draw.integers(0, 2, rows)
    reward = (draw.random(rows) < np.array(rates)[variant]).astype(float)
    subject = np.arange(rows) % people
    return Log(variant, np.full(rows, 0.5), reward, 2, subject=subject)


def said(found: Evaluation, *, revenue: bool = False) -> tuple[str, str]:
    """The sentence in both languages."""
    told = evaluation_sentence(found, revenue=revenue)
    return told["zh"], told["en"]


@pytest.mark.parametrize(
    ("variant", "zh", "en"), [(0, "低于实际", "less than"), (1, "高于实际", "more than")]
)
def test_an_answer_says_on_which_side_it_lies(variant: int, zh: str, en: str) -> None:
    """An interval beside what was done is told as more or less; one around it as open."""
    found = evaluate(log_of((0.1, 0.3)), Always(variant))
    chinese, english = said(found)
    assert zh in chinese
    assert en in english
    chinese, english = said(evaluate(log_of((0.1, 0.3)), Uniform()))
    assert "分不出高下" in chinese
    assert "cannot be told" in english


def test_revenue_is_told_in_yuan() -> None:
    """A slot that earns money is told in yuan an exposure."""
    chinese, english = said(evaluate(log_of((0.1, 0.3)), Always(1)), revenue=True)
    assert "每次曝光约带来 ¥0.3" in chinese
    assert "¥0.3" in english


@pytest.mark.parametrize(
    ("log", "zh", "en"),
    [
        (log_of((0.1, 0.3), rows=0), "还没有可以用来判断的曝光", "No exposure can be judged"),
        (log_of((0.1, 0.3), rows=40), "次曝光只相当于", "are worth as much as"),
        (log_of((0.1, 0.3), people=12), "只有 12 位访客", "has 12 visitors"),
    ],
)
def test_a_refusal_says_what_is_missing(log: Log, zh: str, en: str) -> None:
    """A log that cannot answer is told with what it lacks, and without any rate."""
    found = evaluate(log, Always(1))
    assert not found.answerable
    chinese, english = said(found)
    assert zh in chinese
    assert en in english


def test_a_choice_that_was_never_possible_is_refused_with_its_share() -> None:
    """A target whose choices were never drawn is told by the share of them."""
    log = log_of((0.1, 0.3))
    pmf = np.zeros((len(log), 2))
    pmf[np.arange(len(log)), log.variant] = 1.0
    never = Log(log.variant, np.ones(len(log)), log.reward, 2, pmf=pmf, subject=log.subject)
    chinese, english = said(evaluate(never, Uniform()))
    assert "不可能出现" in chinese
    assert "could never have been drawn" in english


def test_a_log_with_bad_rows_gives_no_answer() -> None:
    """A propensity that is none is told as a record that cannot be used."""
    log = log_of((0.1, 0.3))
    wrong = Log(log.variant, np.full(len(log), 2.0), log.reward, 2, subject=log.subject)
    chinese, english = said(evaluate(wrong, Uniform()))
    assert "不能使用的记录" in chinese
    assert "cannot be used" in english
