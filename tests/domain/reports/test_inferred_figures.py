"""Inferred figures beside a slot's totals: the report's, or none."""

from __future__ import annotations

import pytest

from nudge.domain.reports.inferred_figures import LEVEL, InferredFigures

NONE = dict.fromkeys(("rate", "revenue_per_exposure"))
NO_ESTIMATE = dict.fromkeys(("estimate", "interval", "chance_to_be_best", "expected_loss"))


def test_without_a_report_all_is_none() -> None:
    """Before the first report no figure is known, whatever is asked for."""
    figures = InferredFigures()
    assert figures.level == LEVEL
    assert figures.of_slot() == figures.of_reason("holdout") == NONE
    assert figures.of_variant("a") == NONE | NO_ESTIMATE


@pytest.mark.parametrize("row", [{"hidden": True}, {"estimate": None}])
def test_what_the_report_does_not_tell_is_none(row: dict[str, object]) -> None:
    """A variant of few people, one that is not compared, an unknown one: no second opinion."""
    variants = [{"variant": "a", "exposures": 7, **row}]
    figures = InferredFigures({"whole": {"variants": variants, "by_reason": {}}})
    for name in ("a", "gone"):
        assert figures.of_variant(name) == NONE | NO_ESTIMATE
    assert figures.of_reason("imported") == NONE
    assert InferredFigures({"whole": {"hidden": True}}).of_variant("a") == NONE | NO_ESTIMATE


def test_an_interval_may_be_open_at_an_end() -> None:
    """An end that the report leaves open stays open; the rest is passed on as it is."""
    estimate = {"value": 0.1, "low": 0.05, "high": None}
    row = {"variant": "a", "rate": 0.11, "revenue_per_exposure": 2.5, "estimate": estimate}
    more = {"chance_to_be_best": 0.25, "expected_loss": 0.01}
    figures = InferredFigures({"interval_level": 0.9, "whole": {"variants": [row | more]}})
    assert figures.level == pytest.approx(0.9)
    assert figures.of_variant("a") == {
        "rate": 0.11,
        "revenue_per_exposure": 2.5,
        "estimate": 0.1,
        "interval": [0.05, None],
        **more,
    }
