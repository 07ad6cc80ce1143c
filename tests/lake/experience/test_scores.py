"""Scores of the lake: equal to a plain recount, by every dimension; a planted fall is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from funnel_traffic import DAY, START, Timed, written
from lake_samples import DECISION

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.experience.experience_counts import ScoreCell
from nudge.domain.care.experience.experience_query import (
    ExperienceQuestion,
    FeedbackPeriod,
    experience_question,
)
from nudge.domain.care.experience.low_words import ReadText
from nudge.domain.care.experience.text_ref import TextRef
from nudge.domain.journal.records import Event
from nudge.domain.reports.filters import Where
from nudge.flows.reports.experience import experience, no_texts
from nudge.lake.engine.query import connect
from nudge.lake.experience.score_counts import rated_scores
from nudge.lake.files.reader import Lake

CALENDAR = OperatorCalendar()
WEEK = 7 * DAY
PERIOD = FeedbackPeriod(START + WEEK, START + 3 * WEEK)
BEFORE = FeedbackPeriod(START - WEEK, START + WEEK)
CHANNELS = ("app", "wap", "web")
SCENES = ("recharge", "query", "")
PEOPLE = 240


@dataclass(frozen=True)
class Score:
    """A score as the test gave it."""

    person: int
    at: float
    score: float
    scene: str
    touch_point: str

    @property
    def channel(self) -> str:
        """Of the newest decision until then: people change it after the second week."""
        later = self.at >= START + 2 * WEEK and self.person % 5 == 0
        return CHANNELS[(self.person + later) % 3]


def subject(person: int) -> str:
    return f"{person:032x}"


def scores() -> Iterator[Score]:
    rng = np.random.default_rng(1)
    for person in range(PEOPLE):
        for _ in range(int(rng.integers(1, 7))):
            at = round(float(rng.uniform(START - WEEK, START + 3 * WEEK)), 3)
            falls = CHANNELS[person % 3] == "wap" and at >= PERIOD.start
            score = float(rng.integers(1, 7) if falls else rng.integers(5, 11))
            half = 0.5 * bool(rng.integers(0, 2)) if score < 10 else 0.0
            scene, touch = SCENES[int(rng.integers(0, 3))], ("hall", "")[int(rng.integers(0, 2))]
            yield Score(person, at, score + half, scene, touch)


EVERY = tuple(scores())


def events() -> Iterator[Timed]:
    for i, one in enumerate(EVERY):
        fields: dict[str, Any] = {"score": one.score, "has_text": True}
        fields |= {"scene": one.scene} if one.scene else {}
        fields |= {"touch_point": one.touch_point} if one.touch_point else {}
        yield one.at, Event(subject(one.person), f"e{i}", "feedback", "page", None, fields)
    # None of these is a score.
    for i, fields in enumerate(({}, {"score": "bad"}, {"score": 11}, {"score": -1})):
        yield START + WEEK + i, Event(subject(i), f"n{i}", "feedback", "page", None, fields)


def decisions() -> Iterator[Timed]:
    for person in range(PEOPLE):
        context = {"city_tier": str(person % 2)}
        made = replace(DECISION, subject=subject(person), page="home", context=context)
        yield START - 20 * DAY, replace(made, channel=CHANNELS[person % 3])
        yield START - 10 * DAY, replace(made, channel="sms", page="sent")
        if person % 5 == 0:
            yield START + 2 * WEEK, replace(made, channel=CHANNELS[(person + 1) % 3])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Four weeks of scores; in the last two those of WAP fall."""
    return written(tmp_path_factory.mktemp("scores") / "lake", [*events(), *decisions()])


Values = Callable[[Score], tuple[str, ...]]


def week_of(at: float) -> str:
    day = CALENDAR.day_of(at)
    return str(np.datetime64(day - (day + 3) % 7, "D"))


VALUES: dict[tuple[str, ...], Values] = {
    (): lambda _: (),
    ("scene",): lambda one: (one.scene,),
    ("touch_point",): lambda one: (one.touch_point or "home",),
    ("channel", "scene"): lambda one: (one.channel, one.scene),
    ("page",): lambda _: ("home",),
    ("source",): lambda _: ("page",),
    ("city",): lambda one: (str(one.person % 2),),
    ("context.city_tier", "channel", "scene"): lambda one: (
        str(one.person % 2),
        one.channel,
        one.scene,
    ),
    ("variant:banner",): lambda _: ("b",),
    ("context.unheard",): lambda _: ("",),
    ("hour",): lambda one: (f"{int((one.at + 8 * 3600) % DAY // 3600):02}",),
}


def recount(
    values: Values, span: FeedbackPeriod, kept: Callable[[Score], bool] = lambda _: True
) -> dict[tuple[str, ...], dict[int, list[float]]]:
    """The scores of each person in each cell, one by one."""
    found: dict[tuple[str, ...], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in EVERY:
        if span.start <= one.at < span.end and kept(one):
            found[values(one)][one.person].append(one.score)
    return found


def figures(people: dict[int, list[float]]) -> tuple[float, ...]:
    """People, scores, sum, low ones, and squares by person."""
    rows = [len(one) for one in people.values()]
    total = [sum(one) / 10.0 for one in people.values()]
    low = [sum(x <= 5 for x in one) for one in people.values()]
    squares = (sum(n * n for n in rows), sum(s * s for s in total), sum(x * x for x in low))
    return len(rows), sum(rows), sum(total), sum(low), *squares


def figures_of(cell: ScoreCell, side: str) -> tuple[float, ...]:
    """The same, of the product's cell."""
    score, low = getattr(cell.score, side), getattr(cell.low, side)
    own = (score.subjects, score.rows, score.total, low.total)
    return *own, score.rows_squared, score.total_squared, low.total_squared


def cells_of(lake: Lake, by: tuple[str, ...], where: Where = ()) -> tuple[ScoreCell, ...]:
    question = ExperienceQuestion(PERIOD, by, where=where)
    with rated_scores(connect(lake), question, {"city": "city_tier"}) as found:
        counts = found.count()
    return counts.cells or (counts.whole,)


@pytest.mark.parametrize("by", list(VALUES), ids=lambda by: ",".join(by) or "none")
def test_sums_equal_a_plain_recount(lake: Lake, by: tuple[str, ...]) -> None:
    """People, scores, sums and squares of each cell, in both periods, one by one."""
    now, before = recount(VALUES[by], PERIOD), recount(VALUES[by], BEFORE)
    cells = cells_of(lake, by)
    assert {cell.values for cell in cells} == set(now)
    for cell in cells:
        assert figures_of(cell, "now") == pytest.approx(figures(now[cell.values]))
        assert figures_of(cell, "before") == pytest.approx(figures(before[cell.values]))


def test_people_of_both_periods_are_paired(lake: Lake) -> None:
    """Products of a person's two sums, which make their interval narrower."""
    now, before = recount(lambda _: (), PERIOD)[()], recount(lambda _: (), BEFORE)[()]
    (cell,) = cells_of(lake, ())
    both = sorted(set(now) & set(before))
    rows = sum(len(now[p]) * len(before[p]) for p in both)
    total = sum(sum(now[p]) * sum(before[p]) for p in both) / 100.0
    assert (cell.score.cross.rows, cell.score.cross.total) == pytest.approx((rows, total))


def test_each_week_is_compared_with_the_week_before(lake: Lake) -> None:
    """By a unit of time a cell's counterpart is the unit before, also that before the period."""
    values: Values = lambda one: (one.channel, week_of(one.at))  # noqa: E731 - of the table above
    every = recount(values, FeedbackPeriod(START - WEEK, PERIOD.end))
    cells = cells_of(lake, ("channel", "week"))
    assert len(cells) == 6
    for cell in cells:
        channel, week = cell.values
        earlier = str(np.datetime64(week) - 7)
        assert figures_of(cell, "now") == pytest.approx(figures(every[cell.values]))
        assert figures_of(cell, "before") == pytest.approx(figures(every[channel, earlier]))


def test_a_filter_keeps_the_scores_of_a_recount(lake: Lake) -> None:
    """Any of a dimension's values, all of its dimensions."""
    texts = {"where": "channel:app,channel:wap,city:1,scene:recharge"}
    where = experience_question(texts, PERIOD.end, None, CALENDAR).where

    def kept(one: Score) -> bool:
        return one.channel != "web" and one.person % 2 == 1 and one.scene == "recharge"

    (cell,) = cells_of(lake, (), where)
    assert figures_of(cell, "now") == pytest.approx(
        figures(recount(lambda _: (), PERIOD, kept)[()])
    )


def test_a_planted_fall_is_told_where_it_is(lake: Lake) -> None:
    """WAP fell, the other channels did not; in both languages, and the texts need the store."""
    found: Any = experience(lake, ExperienceQuestion(PERIOD, ("channel",)), {})
    verdicts = {one["values"]["channel"]: one["change"]["verdict"] for one in found["cells"]}
    assert verdicts["wap"] == "worse"
    assert verdicts["app"] != "worse"
    assert "渠道 wap：平均分下降" in found["headline"]["zh"]
    assert "channel wap: the mean fell by" in found["headline"]["en"]
    assert found["words"]["why"] == "store_away"
    assert found["compare"]["from"] == CALENDAR.label(BEFORE.start)


def test_the_texts_of_the_period_are_read(lake: Lake) -> None:
    """Each text of the period once, with whether its score is low; none of the period before."""
    asked: list[TextRef] = []

    def read(refs: Any) -> Iterator[ReadText]:
        asked.extend(refs)
        return iter(())

    experience(lake, ExperienceQuestion(PERIOD), {}, read)
    inside = [(i, one) for i, one in enumerate(EVERY) if PERIOD.start <= one.at < PERIOD.end]
    expected = {(subject(one.person), f"page:feedback:e{i}", one.score <= 5) for i, one in inside}
    assert {(ref.subject, ref.name, ref.is_low) for ref in asked} == expected
    assert len(asked) == len(expected)


def test_an_empty_period_has_an_answer(lake: Lake) -> None:
    """Nobody scored: that in words, and nothing to compare."""
    empty = ExperienceQuestion(FeedbackPeriod(START + 90 * DAY, START + 91 * DAY))
    found: Any = experience(lake, empty, {}, no_texts)
    assert (found["cells"], found["whole"]["hidden"]) == ([], True)
    assert found["headline"]["zh"] == "该时段内没有评分。"
    assert found["words"]["why"] == "few_people"


def leaver(person: int) -> Iterator[Timed]:
    """A person who scores, and leaves in one of six ways, or stays."""
    who, kind = subject(person), person % 6
    at = PERIOD.start + person
    yield at, Event(who, "f", "feedback", "page", None, {"score": 5})
    if kind in {0, 1}:  # told: by a server, and before by a page, whose word counts less
        told = {"leaving": "other_operator"}
        yield at - DAY, Event(who, "c", "complaint", "server", None, told)
        page = {"score": 5, "leaving": "need_gone"}
        yield at - 10 * DAY, Event(who, "g", "feedback", "page", None, page)
    if kind == 2:
        context = {"leaving": "number_changed"}
        yield at - DAY, replace(DECISION, subject=who, context=context)
    months = {3: (50, 50, 20, 20), 4: (50, 50, 50, 50), 1: (90, 90, 1, 1)}.get(kind, ())
    for i, amount in enumerate(months):
        paid_at = PERIOD.end - (115 - 30 * i) * DAY
        yield paid_at, Event(who, f"p{i}", "paid", "server", None, {"amount": amount})


def test_kinds_of_leaving_are_told_or_seen(tmp_path: Path) -> None:
    """A server's word before a page's, an attribute, then payments that fell to half."""
    people = 144
    made = [one for person in range(people) for one in leaver(person)]
    lake = written(tmp_path / "lake", made)
    cells = cells_of(lake, ("leaving", "leaving_source"))
    each = people // 6
    assert {cell.values: cell.people for cell in cells} == {
        ("other_operator", "told"): 2 * each,
        ("number_changed", "told"): each,
        ("spending_falls", "seen"): each,
        ("", ""): 2 * each,
    }
