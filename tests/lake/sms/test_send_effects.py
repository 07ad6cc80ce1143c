"""Effects of sends: counted as by hand, weighted by what was logged, nothing known too early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from lake_samples import MIDNIGHT
from send_traffic import DAY, NOW, OUTAGE, WINDOW, traffic, written

from nudge.domain.alarms.quarantine import TYPE
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.journal.records import Mark, Record
from nudge.domain.people.recharges import Payment, expect_payment
from nudge.domain.reports.questions import Period
from nudge.domain.sms.effect_question import DAYS_BEFORE, EARLIEST, LATEST, EffectQuestion
from nudge.domain.sms.effect_report import ENOUGH, effect_report, figures
from nudge.domain.sms.expected_spans import expected_spans
from nudge.domain.sms.send_sums import NOTHING, SendEffects, SendSums
from nudge.lake.engine.query import connect
from nudge.lake.files.reader import Lake
from nudge.lake.sms.expected_dates import sample_people
from nudge.lake.sms.send_effects import send_effects

CALENDAR = OperatorCalendar.named("Asia/Shanghai")


@pytest.fixture(scope="module")
def records() -> list[tuple[float, Record]]:
    """The traffic, with one outage."""
    every = traffic()
    assert len({one.ref for _, one in every if one.kind == "decision"}) == 900  # type: ignore[union-attr]
    return [*every, (NOW - 1.0, OUTAGE.mark)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, records: list[tuple[float, Record]]) -> Lake:
    """The traffic as a lake."""
    return written(tmp_path_factory.mktemp("sends") / "lake", records)


@dataclass
class Recount:
    """The sums once more, one send after the other."""

    waiting: int = 0
    undated: int = 0
    outside: int = 0
    groups: dict[tuple[int, ...], dict[str, list[float]]] = field(default_factory=dict)

    def count(self, key: tuple[int, ...], person: str, values: Sequence[float]) -> None:
        """Add a send to a group."""
        own = self.groups.setdefault(key, {}).setdefault(person, [0.0] * 4)
        for place, value in enumerate(values):
            own[place] += value


def by_hand(records: Sequence[tuple[float, Record]], by: str) -> Recount:
    """The sums by hand."""
    every: list[Any] = [one for _, one in records]
    decisions = {one.ref: one for one in every if one.kind == "decision"}
    rewarded = {one.decision for one in every if one.kind == "reward"}
    paid = [(one.subject, one.at) for one in every if one.kind == "event"]
    told = Recount()
    for one in every:
        made = decisions[one.decision] if one.kind == "exposure" else None
        if made is None or (made.page, made.channel, made.reason) != ("reminder", "sms", "policy"):
            continue
        if OUTAGE.start <= one.at < OUTAGE.end:
            continue
        if one.at + WINDOW >= NOW:
            told.waiting += 1
            continue
        local = datetime.fromtimestamp(one.at, CALENDAR.zone)
        day = local.day if by == "month_day" else days_before(paid, one.subject, one.at)
        if day is None:
            told.undated += 1
        elif by == DAYS_BEFORE and not LATEST <= day <= EARLIEST:
            told.outside += 1
        else:
            weight, hit = 1.0 / made.propensity, one.decision in rewarded
            for key in ((day, local.hour), (day,), (-1, -1, local.hour), ()):
                told.count(key, one.subject, (1.0, float(hit), weight, weight * hit))
    return told


def days_before(paid: Sequence[tuple[str, float]], person: str, at: float) -> int | None:
    """Days from a moment to the payment that was expected then."""
    known = sorted(when for who, when in paid if who == person and when <= at)[-12:]
    expected = expect_payment([Payment(when, 0) for when in known])
    if expected is None:
        return None
    days = [datetime.fromtimestamp(x, CALENDAR.zone).date() for x in (expected.at, at)]
    return (days[0] - days[1]).days


def _sums(own: dict[str, list[float]]) -> SendSums:
    rows = list(own.values())
    return SendSums(
        int(sum(x[0] for x in rows)),
        len(rows),
        int(sum(x[1] for x in rows)),
        sum(x[2] for x in rows),
        sum(x[3] for x in rows),
        sum(x[2] ** 2 for x in rows),
        sum(x[2] * x[3] for x in rows),
        sum(x[3] ** 2 for x in rows),
    )


@pytest.mark.parametrize("by", ["month_day", "days_before"])
def test_every_sum_is_that_of_a_recount(
    lake: Lake, records: list[tuple[float, Record]], by: str
) -> None:
    """Cells, days, hours and total by hand: other reasons, purposes, outages and open ones out."""
    question = EffectQuestion(by=by)
    found = send_effects(connect(lake), question, None)
    told = by_hand(records, by)
    groups = {key: _sums(own) for key, own in told.groups.items()}
    same: dict[tuple[int, ...], SendSums] = {(): found.total}
    same |= dict(found.cells)
    same |= {(day,): one for day, one in found.days.items()}
    same |= {(-1, -1, hour): one for hour, one in found.hours.items()}
    assert same.keys() == groups.keys()
    for key, one in same.items():
        assert one == pytest.approx(groups[key])
    counts = (found.waiting, found.undated, found.outside)
    assert counts == (told.waiting, told.undated, told.outside)
    assert found.waiting > 0
    assert (found.undated > 0) == (by == DAYS_BEFORE)
    assert not found.sampled


def test_the_weighted_rate_is_that_of_everybody(lake: Lake) -> None:
    """The policy sends those who pay anyway into one window; the weights take that out again."""
    told = figures(send_effects(connect(lake), EffectQuestion(), None).total)
    rate, interval = told["rate"], told["interval"]
    assert isinstance(interval, list)
    assert interval[0] < 0.3 < interval[1], "half of the people pay with .5, half with .1"
    assert isinstance(rate, float)
    assert isinstance(told["effective"], float)
    assert isinstance(told["exposures"], int)
    assert told["effective"] < told["exposures"]


def test_a_period_takes_the_sends_of_its_days(lake: Lake) -> None:
    """The two halves add up to the whole."""
    middle = MIDNIGHT + 20 * DAY
    parts = [
        send_effects(connect(lake), EffectQuestion(period=one), None).total.exposures
        for one in (Period(None, middle), Period(middle, None), Period())
    ]
    assert parts[0] + parts[1] == parts[2] > parts[0] > 0


def test_of_many_people_a_part_is_taken_and_told(lake: Lake) -> None:
    """The part is by person, and always the same."""
    backend = connect(lake)
    rows = backend.table("exposures").select(root="subject")
    whole, part = sample_people(backend, rows, 1_000), sample_people(backend, rows, 1)
    assert (whole[1], part[1]) == (False, True)


def test_nothing_is_known_ahead_of_its_time() -> None:
    """A span's date comes from the payments up to its beginning alone."""
    times = [DAY * day for day in (0, 10, 20, 33, 41)]
    spans = list(expected_spans(times, None))
    assert [one.since for one in spans] == times[2:]
    for one in spans:
        known = [Payment(at, 0) for at in times if at <= one.since]
        expected = expect_payment(known)
        assert expected is not None
        assert one.expected_at == expected.at
    again = list(expected_spans(times[:4], None))
    assert [x.expected_at for x in again] == [x.expected_at for x in spans[:2]]


def test_a_group_of_few_people_has_no_figures() -> None:
    """Below 20 people nothing is told but how many sends there were, and how many are missing."""
    sums = SendSums(25, 19, 3, 25.0, 3.0, 30.0, 3.0, 3.0)
    told = figures(sums)
    assert told["hidden"] is told["thin"] is True
    assert told["rate"] is told["interval"] is told["people"] is told["conversions"] is None
    assert told["exposures"] == 25
    shown = figures(sums._replace(people=20))
    assert shown["rate"] == pytest.approx(0.12)


def test_what_is_missing_makes_a_group_large_enough() -> None:
    """So many more sends of the same weights: the effective number grows in proportion."""
    for exposures, square in ((75, 75.0), (900, 9000.0), (1, 1.0)):
        sums = SendSums(exposures, exposures, 0, float(exposures), 0.0, square, 0.0, 0.0)
        told = figures(sums)
        effective = exposures**2 / square
        missing = told["missing"]
        assert isinstance(missing, int)
        assert (exposures + missing) * effective / exposures >= ENOUGH
        assert (exposures + missing - 1) * effective / exposures < ENOUGH
    plenty = SendSums(500, 500, 10, 500.0, 10.0, 500.0, 10.0, 10.0)
    assert (figures(plenty)["thin"], figures(plenty)["missing"]) == (False, 0)
    assert figures(NOTHING)["missing"] == ENOUGH


def test_the_headline_compares_what_may_be_compared() -> None:
    """Cells with enough sends only; without any it says so, and without people that it is early."""
    many = SendSums(400, 400, 40, 400.0, 40.0, 400.0, 40.0, 40.0)
    few = SendSums(30, 30, 29, 30.0, 29.0, 30.0, 29.0, 29.0)
    all_ = SendSums(4000, 4000, 80, 4000.0, 80.0, 4000.0, 80.0, 80.0)
    found = SendEffects({(28, 10): many, (1, 9): few}, {}, {}, all_)
    told: Any = effect_report(EffectQuestion(), found)["headline"]
    assert "在样本足够的 1 个时段里，每月 28 日 10 时最高" in told["zh"]
    assert "10:00 on day 28 of the month is highest" in told["en"]
    before = EffectQuestion(by=DAYS_BEFORE)
    for day, words in ((3, "充值前 3 天"), (0, "预计充值当天"), (-1, "充值后 1 天")):
        cells = {(day, 10): many}
        told = effect_report(before, SendEffects(cells, {}, {}, all_))["headline"]
        assert words in told["zh"]
    pooled = SendEffects({(1, 9): few}, {4: many, 5: few}, {9: many}, all_)
    told = effect_report(before, pooled)["headline"]
    assert "在样本足够的 1 个小时里，9 时最高" in told["zh"]
    assert "Of 1 days with enough sends, 4 days before the expected recharge is" in told["en"]
    told = effect_report(before, SendEffects({(1, 9): many}, {}, {}, many))["headline"]
    assert "分不出高下" in told["zh"], "a group that is no better than all is no winner"
    told = effect_report(before, SendEffects({(1, 9): few}, {}, {}, few))["headline"]
    assert "不能比较" in told["zh"]
    told = effect_report(before, SendEffects({}, {}, {}, NOTHING))["headline"]
    assert told["en"].startswith("Too early")


def test_the_highest_of_many_equal_hours_is_no_winner() -> None:
    """Of 200 reports on 24 hours that are all alike, hardly more than one in twenty names one."""
    random, named = np.random.default_rng(5), 0
    for _ in range(200):
        hits = random.binomial(400, 0.05, 24)
        hours = {hour: _plain(400, int(count)) for hour, count in enumerate(hits)}
        told: Any = effect_report(
            EffectQuestion(), SendEffects({}, {}, hours, _plain(9600, int(hits.sum())))
        )["headline"]
        named += "最高" in told["zh"]
    assert named <= 20


def _plain(sends: int, hits: int) -> SendSums:
    """Sums of so many people of whom each got one send of weight 1."""
    n, h = float(sends), float(hits)
    return SendSums(sends, sends, hits, n, h, n, h, h)


def test_the_mark_of_an_outage_is_one_of_the_lake() -> None:
    """The outage above is read from the lake's marks, as in an installation."""
    assert isinstance(OUTAGE.mark, Mark)
    assert OUTAGE.mark.type == TYPE
