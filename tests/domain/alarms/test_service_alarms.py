"""Alarms of the service itself: each trouble opens one alarm, which ends when it is settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from nudge.domain.alarms.service_alarms import (
    AT_ONCE,
    Freeze,
    RewardRun,
    ServiceFigures,
    ServiceLimits,
    ServiceMonitor,
    Watch,
    drought_length,
    judge_service,
    service_checks,
)
from nudge.domain.alarms.service_sentences import service_sentence

LIMITS: Final = ServiceLimits()
QUIET: Final = ServiceFigures(
    fold_lags={"learn": 2.0}, waiting_news={"banner": 1.0}, rewards={"banner": RewardRun(20, 0.1)}
)
SAID: Final = {"zh": "已冻结。", "en": "Frozen: fewer pay."}
BAD: Final = {
    "service.fold_lag|fold=learn": replace(QUIET, fold_lags={"learn": 400.0}),
    "service.store_away": replace(QUIET, store_away=31.0),
    "service.wrong_store": replace(QUIET, wrong_store="store_older"),
    "service.store_memory": replace(QUIET, store_memory=0.85),
    "service.spool": replace(QUIET, spool_used=0.6),
    "service.stale_snapshot|slot=banner": replace(QUIET, waiting_news={"banner": 301.0}),
    "service.publish_failing|slot=banner": replace(QUIET, failing={"banner": "numeric"}),
    "service.slot_frozen|slot=banner": replace(QUIET, frozen={"banner": Freeze("ops")}),
    "service.harm_freeze|slot=banner": replace(QUIET, frozen={"banner": Freeze("guard", SAID)}),
    "service.page_word_freeze|slot=banner": replace(
        QUIET, frozen={"banner": Freeze("page_word", SAID)}
    ),
    "service.reward_drought|slot=banner": replace(QUIET, rewards={"banner": RewardRun(500, 0.1)}),
    "service.sample_ratio|slot=banner": replace(QUIET, mismatched=frozenset({"banner"})),
    "service.walk": replace(QUIET, walk_failed="decisions"),
}


def play(story: Iterable[ServiceFigures], every: float = 10.0) -> list[tuple[float, str, str]]:
    """Judge figures one after the other; return what opened and ended, with the seconds."""
    watches: Mapping[str, Watch] = {}
    found: list[tuple[float, str, str]] = []
    for number, figures in enumerate(story):
        verdict = judge_service(figures, watches, number * every)
        watches = verdict.watches
        found += [(number * every, "opened", one.key) for one in verdict.opened]
        found += [(number * every, "over", key) for key in verdict.over]
    return found


@pytest.mark.parametrize("key", BAD)
def test_a_trouble_opens_its_alarm_and_nothing_else(key: str) -> None:
    """An alarm opens after a minute, a finding at once, and ends after five good minutes."""
    story = [QUIET] * 10 + [BAD[key]] * 100 + [QUIET] * 100
    opened = 100.0 if key.split("|", maxsplit=1)[0] in AT_ONCE else 160.0
    assert play(story) == [(opened, "opened", key), (1_400.0, "over", key)]


def test_a_freeze_is_told_in_the_words_of_the_guard_that_made_it() -> None:
    """Why it froze the slot stands in the sentence; a person's freeze says what to do."""
    for key, words in (("harm_freeze", "fewer pay"), ("slot_frozen", "Set its mode to live")):
        figures = BAD[f"service.{key}|slot=banner"]
        [check] = [one for one in service_checks(figures, LIMITS) if one.badness >= 1.0]
        assert words in service_sentence(check)["en"]


def test_every_monitor_is_tried() -> None:
    """The troubles above are those of all monitors."""
    assert {key.split("|")[0] for key in BAD} == {one.value for one in ServiceMonitor}


def test_a_short_trouble_opens_nothing() -> None:
    """A figure that is bad for less than a minute is none."""
    assert play(([QUIET] * 10 + [BAD["service.store_away"]] * 6) * 20) == []


def test_a_figure_that_wavers_opens_one_alarm() -> None:
    """Around its limit, and with short good moments, it stays one alarm."""
    high, edge = replace(QUIET, spool_used=0.52), replace(QUIET, spool_used=0.45)
    story = [high] * 10 + [edge, high] * 100 + [QUIET, high] * 100
    assert play(story) == [(0.0, "opened", "service.spool")]


def test_a_slot_that_is_gone_has_no_alarm() -> None:
    """A figure that is not checked any more is over like one that is good."""
    gone = replace(QUIET, waiting_news={}, rewards={})
    story = [BAD["service.stale_snapshot|slot=banner"]] * 10 + [gone] * 40
    assert [what for _, what, _ in play(story)] == ["opened", "over"]


def test_a_drought_is_no_chance_where_the_rate_is_as_usual() -> None:
    """Of a million exposures at the usual rate, and at .6 of it, no run is taken for a drought."""
    random = np.random.default_rng(5)
    for share in (1.0, 0.6):
        # A run between two rewards is geometric.
        longest = int(random.geometric(0.1 * share, size=100_000).max())
        assert drought_length(RewardRun(longest, 0.1), LIMITS) < 1.0


def test_a_drought_ends_chance_at_its_probability() -> None:
    """The length at which it opens is that of the formula: (1 - r / 2)^n = 1e-9."""
    length = next(n for n in range(1, 10_000) if drought_length(RewardRun(n, 0.1), LIMITS) >= 1.0)
    assert 0.95**length <= 1e-9 < 0.95 ** (length - 1)
    assert drought_length(RewardRun(10**6, 0.0), LIMITS) == 0.0
    assert drought_length(RewardRun(10**6, 1.0), LIMITS) > 1.0


@pytest.mark.parametrize("key", BAD)
def test_each_trouble_has_a_sentence_in_both_languages(key: str) -> None:
    """A sentence names the slot or fold and the figure, and leaves no place open."""
    [check] = [one for one in service_checks(BAD[key], LIMITS) if one.badness >= 1.0]
    said = service_sentence(check)
    for text in said.values():
        assert "{" not in text
        assert all(value in text for value in check.cause.values())
    assert said["zh"].endswith("。")
    assert said["en"].endswith(".")
