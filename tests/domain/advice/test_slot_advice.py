"""Advice on a slot: what can be stopped is what no segment needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from places import CONFIG

from benchmarks.advice import ALPHA, MOST_LOST, advised
from benchmarks.advice_worlds import BEST_FOR_ALL, KINDS, NAMES, WAP, Log, World, cube_of
from nudge.config.slot_file import load_slots
from nudge.domain.advice.slot_advice import AdviceTerms, slot_advice
from nudge.domain.reports.report import ReportTerms, report
from nudge.domain.reports.sentences import Advice

TERMS = AdviceTerms(NAMES, revenue=False, alpha=ALPHA)
SLOT = load_slots(CONFIG / "slots")["banner"]
EVEN = np.full((2, 3), 1 / 3)
SHARES = np.outer([0.5, 0.5], [0.5, 0.3, 0.2])


def world(web: tuple[float, ...], wap: tuple[float, ...]) -> World:
    """A world in which half of the visitors come by WAP."""
    return World(SHARES, np.repeat(np.array([web, wap])[:, None], 3, axis=1), EVEN)


def told(some: World, by: tuple[str, ...] = (), visitors: int = 400_000) -> Any:
    """The report of a world's log, with the advice on it."""
    log = Log(some, np.random.default_rng(7))
    log.play(visitors)
    views = {name: cube_of(log, i) for i, name in enumerate(("channel", "stage"))}
    variants = tuple(replace(SLOT.variants[0], name=name, enabled=True, title={}) for name in NAMES)
    terms = ReportTerms(replace(SLOT, variants=variants), {}, 0.0, advice=slot_advice(TERMS, views))
    return report(terms, by, views["channel"])


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_called_stoppable_that_costs_more_than_one_percent(
    kind: str, *, learned: bool
) -> None:
    """All that is called stoppable may be removed together, at any look, for at most 1 %.

    So it is in logs of fixed policies and of learners. The long form is the benchmark `advice`.
    Where one is best for all it is named.
    """
    found = advised(kind, 0, learned=learned, looks=5)
    assert found.lost[0] <= MOST_LOST
    assert found.best or kind not in BEST_FOR_ALL


def test_by_the_mean_would_be_wrong() -> None:
    """A variant below the leader on average is needed by some visitors in most logs."""
    found = [advised(WAP, seed, looks=2) for seed in range(3)]
    assert max(one.lost[1] for one in found) > MOST_LOST
    assert max(one.lost[0] for one in found) <= MOST_LOST


def test_a_variant_that_some_need_is_not_stopped() -> None:
    """The whole slot's sentence says who needs what is below on average, without any `by`."""
    verdict = told(world((0.045, 0.03, 0.02), (0.03, 0.036, 0.02)))["whole"]["verdict"]
    assert (verdict["winner"], verdict["can_be_stopped"]) == ("data_draw", ["movie"])
    need = {"variant": "coffee", "segment": {"channel": "wap"}, "leads": True}
    assert verdict["needed_by"] == [need]
    assert verdict["en"].startswith("On average data_draw beats every other variant")
    assert verdict["en"].endswith("; for WAP visitors coffee leads; movie can be stopped.")
    assert "WAP 访客中 coffee 领先；可停用 movie。" in verdict["zh"]


def test_a_segment_stops_nothing_that_others_need() -> None:
    """A variant is stopped for all visitors: a segment's verdict names only what all can spare."""
    found = told(world((0.045, 0.03, 0.02), (0.03, 0.04, 0.02)), by=("channel",))
    wap = found["segments"][1]["verdict"]
    assert (wap["winner"], wap["can_be_stopped"]) == ("coffee", ["movie"])


def test_two_that_are_equal_on_average_are_not_either_of_them() -> None:
    """Opposite segments that cancel out are no reason to take any of two."""
    found = told(world((0.045, 0.03, 0.02), (0.03, 0.045, 0.02)), visitors=4_000_000)
    verdict = found["whole"]["verdict"]
    assert verdict["reason"] == "too_close"
    assert {one["variant"] for one in verdict["needed_by"]} == {"data_draw", "coffee"}
    assert "choose either" not in verdict["en"]


def test_without_rewards_nothing_is_advised() -> None:
    """An empty log has no advice."""
    log = Log(world((0.03,) * 3, (0.03,) * 3), np.random.default_rng(7))
    log.play(0)
    views = {"channel": cube_of(log, 0), "stage": cube_of(log, 1)}
    assert slot_advice(TERMS, views) == Advice()
