"""Views of a campaign's report."""

from __future__ import annotations

import json

import pytest

from nudge.domain.winback.contact_effect import (
    ContactReport,
    ContactVerdict,
    Increment,
    Obstacle,
)
from nudge.domain.winback.effect_view import effect_report

ONE = Increment(100, 0.0453, 0.0391, 0.0516, 0.0352, 0.0555)


@pytest.mark.parametrize("verdict", [v for v in ContactVerdict if v != "cannot_answer"])
def test_each_verdict_has_a_sentence_in_both_languages(verdict: ContactVerdict) -> None:
    """Headlines differ by verdict, and groups are told for each hundred people."""
    report = ContactReport(500, 100, 0.2, 0.15, verdict, ONE, ONE, ONE, (ONE,) * 5, needed=900)
    found = effect_report(report)
    assert found["verdict"] == verdict.value
    assert found["headline"]["zh"] != found["headline"]["en"]
    assert "+4.53" in found["sentences"][0]["zh"]
    assert "+3.52 to +5.55" in found["sentences"][0]["en"]
    assert found["top_fifth"]["next_interval"] == [0.0352, 0.0555]
    assert ("900" in found["headline"]["en"]) == (verdict == ContactVerdict.NO_DIFFERENCE)
    json.dumps(found)


@pytest.mark.parametrize("obstacle", list(Obstacle))
def test_a_campaign_that_cannot_answer_shows_no_number(obstacle: Obstacle) -> None:
    """The reason stands in place of increments; columns that differ are named with the cure."""
    report = ContactReport(
        500, 100, 0.2, 0.15, ContactVerdict.CANNOT_ANSWER, obstacle=obstacle, unlike=("spend",)
    )
    found = effect_report(report)
    assert found["whole"] is None
    assert found["sentences"] == []
    assert found["reason"] == obstacle.value
    if obstacle == Obstacle.NOT_BY_CHANCE:
        assert "spend" in found["headline"]["zh"]
        assert "--ignore" in found["headline"]["en"]
