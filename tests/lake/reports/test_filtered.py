"""Reports of some exposures alone: by a filter, and within one run of the holdout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from report_traffic import NOW, SLOT, traffic, written

from nudge.domain.changes.compared_questions import compared_questions
from nudge.domain.changes.report_change import add_changes
from nudge.domain.reports.filters import Where
from nudge.domain.reports.questions import EVER, PerformanceQuestion, Period, where_of
from nudge.domain.reports.report import ReportTerms, report
from nudge.domain.reports.report_table import rows as table_of
from nudge.errors import InvalidRequestError
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.engine.sql import sql_view
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.slot_rows import SlotRows, slot_rows

SHARES = {1: 0.12, 2: 0.12}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return written(tmp_path_factory.mktemp("filtered") / "lake", traffic())


@pytest.fixture(scope="module")
def rows(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlotRows]:
    cache = tmp_path_factory.mktemp("cache")
    with engine(lake, EngineLimits(400_000_000), cache) as (backend, contents):
        yield slot_rows(backend, contents, "banner", cache)


def told(
    rows: SlotRows,
    where: Where = (),
    by: tuple[str, ...] = (),
    period: Period = EVER,
    runs: dict[int, int] | None = None,
) -> Any:
    """The report of some rows."""
    cube = build_cube(rows, Cut(period, by, where=where), SLOT.names)
    return report(ReportTerms(SLOT, SHARES, NOW, runs or {}), by, cube)


def counted(lake: Lake, condition: str) -> dict[str, int]:
    """Exposures by reason that fulfil a condition, by hand."""
    found = duckdb.sql(f"""
        WITH d AS ({sql_view(lake, "decisions")}), e AS ({sql_view(lake, "exposures")})
        SELECT e.reason, count(*) FROM e LEFT JOIN d USING (decision_id)
        WHERE e.slot = 'banner' AND ({condition}) GROUP BY ALL
    """).fetchall()  # noqa: S608 (our own conditions)
    return dict(found)


FILTERS = {
    "channel:wap": "d.channel = 'wap'",
    "page:home": "d.page = 'home'",
    "revision:1": "e.slot_revision = 1",
    "degraded:true": "d.degraded",
    "context.stage:growth": "json_extract_string(d.context_json, '$.stage') = 'growth'",
    "context.city_tier:": "d.context['city_tier'] IS NULL",
    "context.unheard:x": "false",
    "channel:wap, page:home": "d.channel = 'wap' AND d.page = 'home'",
    "channel:fax": "false",
    "channel:wap,page:home,channel:web": "d.channel IN ('wap', 'web') AND d.page = 'home'",
    "context.city_tier:2..,hour:8..23": "try_cast(d.context['city_tier'] AS DOUBLE) >= 2 "
    "AND hour(e.at + INTERVAL 8 HOUR) >= 8",
    "weekday:1..5,revision:..1": "isodow(e.at + INTERVAL 8 HOUR) <= 5 AND e.slot_revision <= 1",
    "context.city_tier:,context.city_tier:1": "d.context['city_tier'] IS NULL OR "
    "json_extract_string(d.context_json, '$.city_tier') = '1'",
}


@pytest.mark.parametrize(("text", "condition"), FILTERS.items(), ids=list(FILTERS))
def test_f34_a_filter_counts_what_anybody_counts_by_hand(
    lake: Lake, rows: SlotRows, text: str, condition: str
) -> None:
    """Every dimension filters exactly, and the whole is that of the segment `by` shows."""
    whole = told(rows, where_of(text))["whole"]
    hand = counted(lake, condition)
    assert whole["exposures"] == hand.get("policy", 0)
    if not whole["hidden"]:
        assert {k: v["exposures"] for k, v in whole["by_reason"].items()} == hand


def test_f34_a_filter_equals_the_segment_of_the_same_value(rows: SlotRows) -> None:
    """Estimates, lift and figures are those that `by` gives, but for the number of looks."""
    whole = told(rows, where_of("channel:wap"))["whole"]
    (segment,) = [
        one for one in told(rows, by=("channel",))["segments"] if one["segment"]["channel"] == "wap"
    ]
    for name in ("exposures", "conversions", "revenue", "rate", "open", "by_reason"):
        assert whole[name] == segment[name], name
    for name in ("value", "low", "high"):
        assert whole["lift"][name] == pytest.approx(segment["lift"][name], rel=1e-9)
    assert whole["lift"]["exposures"] == segment["lift"]["exposures"]


def test_f34_kept_sums_of_one_filter_answer_no_other(rows: SlotRows) -> None:
    """Past days are summed up once for each filter."""
    first = [
        told(rows, where_of(f"channel:{name}"))["whole"]["exposures"] for name in ("wap", "web")
    ]
    again = [
        told(rows, where_of(f"channel:{name}"))["whole"]["exposures"] for name in ("wap", "web")
    ]
    assert first == again
    assert first[0] > first[1]


WRONG = {
    "wap": "unknown dimension 'wap'",
    "chanel:wap": "unknown dimension",
    "channel": "write a dimension and its value",
    "day:yesterday": "day:2026-11-27",
    "revision:two": "revision:3",
    "degraded:yes": "degraded:false",
    "channel:wap,channel:wap": "twice",
    "variant:coffee": "what a decision led to",
    "stage:growth": "context.stage for an attribute",
    r"page:a\b": "backslash alone",
    "context.:x": "unknown dimension",
    "context.tier:300..100": "write context.tier:100..300",
    "context.tier:a..b": "context.tier:100..300",
    "context.tier:..": "context.tier:100..300",
    "context.tier:2026-01-01..5": "a date and a number",
    "context.tier:>=100": "context.tier:100.. for at least",
    "page:a..b": "page has no order",
    "hour:22..06": "hour:22..23,hour:00..06",
    "hour:24": "from 00 to 23",
    "week:2026-11-25": "its Monday",
    "day:2026-02-31": "day:2026-11-27",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=list(WRONG))
def test_f34_what_cannot_be_filtered_is_refused(text: str, message: str) -> None:
    """The message names what can."""
    with pytest.raises(InvalidRequestError, match=message):
        where_of(text)


def test_f34_a_question_keeps_its_filter(rows: SlotRows) -> None:
    """On its way to the worker as JSON; a job of an earlier version has none."""
    text = r"context.n:1..2,context.n:3..,hour:9,context.t:a\.\.b,"
    text += r"page:home,context.place:a\,b:c\\,channel:wap,channel:app"
    asked = PerformanceQuestion("banner", where=where_of(text))
    values = {"channel": ["app", "wap"], "page": "home", "context.place": "a,b:c\\"}
    ends = [{"from": "1", "to": "2"}, {"from": "3", "to": None}]
    values |= {"context.n": ends, "hour": "09", "context.t": "a..b"}
    assert asked.plain["where"] == values
    assert PerformanceQuestion.read(asked.plain) == asked
    before = {name: value for name, value in asked.plain.items() if name != "where"}
    assert PerformanceQuestion.read(before).where == ()
    assert rows.slot == asked.slot


def test_q4_a_change_is_counted_by_hand_and_has_an_interval(lake: Lake, rows: SlotRows) -> None:
    """Slot, segments and variants are compared with the revision before, over final rewards."""
    asked = PerformanceQuestion("banner", by=("channel",), compare="revision")
    pair = compared_questions(asked, NOW, 0.0, 2)
    assert pair.before is not None
    now, before = (
        build_cube(rows, Cut(by=one.by, where=one.where), SLOT.names)
        for one in (pair.now, pair.before)
    )
    plain: Any = report(ReportTerms(SLOT, SHARES, NOW), asked.by, now)
    told = add_changes(plain, pair, now, before, revenue=False)
    change = told["whole"]["change"]
    for side, number in (("now", 2), ("before", 1)):
        most = counted(lake, f"e.slot_revision = {number}")["policy"]
        assert 0 < change[side]["exposures"] <= most
    rate = change["rate"]
    assert rate["value"] == pytest.approx(change["now"]["rate"] - change["before"]["rate"])
    assert rate["low"] < rate["value"] < rate["high"]
    assert (rate["verdict"] == "unclear") == (rate["low"] <= 0.0 <= rate["high"])
    assert told["compare"]["revision"] == 1
    assert "may differ" in told["compare"]["en"]
    assert "并非随机分组" in told["compare"]["zh"]
    by_segment = [one["change"]["now"] for one in told["segments"] if not one["hidden"]]
    assert sum(one["exposures"] for one in by_segment if one) <= change["now"]["exposures"]
    assert any(one["change"]["rate"] for one in told["whole"]["variants"])
    table = table_of(told | {"slot": "banner", "as_of": ""})
    assert table[0]["change_rate"] == rate["value"]
    assert len({tuple(row) for row in table}) == 1


def test_f37_a_lift_begins_anew_with_another_fallback(lake: Lake, rows: SlotRows) -> None:
    """Both groups are counted from the revision on at which the holdout was shown another one."""
    pooled, anew = told(rows)["whole"], told(rows, runs={1: 1, 2: 2})["whole"]
    hand = counted(lake, "e.slot_revision = 2")
    assert anew["lift"]["exposures"] == {
        "policy": hand["policy"] + hand["only_eligible"],
        "holdout": hand["holdout"],
    }
    assert pooled["lift"]["exposures"]["holdout"] > hand["holdout"]
    assert (pooled["lift_since_revision"], anew["lift_since_revision"]) == (None, 2)
    alone = told(rows, (("revision", "2"),))["whole"]["lift"]
    assert anew["lift"]["value"] == pytest.approx(alone["value"], rel=1e-9)
    assert anew["lift"]["low"] == pytest.approx(alone["low"], rel=1e-6)


def test_f37_a_variant_has_no_lift_over_two_holdouts(rows: SlotRows) -> None:
    """An estimate over all rows is not compared with a holdout of some; since the change it is."""
    whole = told(rows, runs={1: 1, 2: 2})["whole"]
    compared = [one for one in whole["variants"] if one.get("estimate")]
    assert compared
    assert all(one["lift"] is None for one in compared)
    since = told(rows, (("revision", "2"),), runs={1: 1, 2: 2})["whole"]
    assert since["lift_since_revision"] is None
    assert any(one["lift"] for one in since["variants"])


def test_f37_a_period_before_the_change_has_its_own_lift(lake: Lake, rows: SlotRows) -> None:
    """A lift that was measured against the old fallback stays measured."""
    old = told(rows, (("revision", "1"),), runs={1: 1, 2: 2})["whole"]
    assert old["lift"]["exposures"]["holdout"] == counted(lake, "e.slot_revision = 1")["holdout"]
    assert old["lift_since_revision"] is None
