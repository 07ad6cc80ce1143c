"""A report equals what anybody counts by hand, whatever it is divided by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from lake_samples import MIDNIGHT
from quarantine_samples import quarantine_of
from report_traffic import DAY, NOW, SLOT, traffic, written

from bandits.inference import fixed
from bandits.inference.arm_blocks import ArmBlocks, join_strata, propensity_class
from bandits.inference.arm_sums import arm_sums
from bandits.inference.arm_table import ArmTable
from nudge.domain.journal.records import Reward
from nudge.domain.reports import comparison
from nudge.domain.reports.cube import Cube
from nudge.domain.reports.questions import DIMENSIONS, Period
from nudge.domain.reports.report import ReportTerms, report
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.engine.sql import sql_view
from nudge.lake.files.reader import Lake
from nudge.lake.reports.cubes import build_cube, keep_sums
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.slot_rows import SlotRows, slot_rows

PERIOD = Period(NOW - 30 * 3600.0, NOW - 4 * 3600.0)
HAND = {
    "channel": "d.channel",
    "page": "d.page",
    "cell": "d.cell",
    "day": "strftime(e.at + INTERVAL 8 HOUR, '%Y-%m-%d')",
    "week": "strftime(date_trunc('week', e.at + INTERVAL 8 HOUR), '%Y-%m-%d')",
    "month": "strftime(date_trunc('month', e.at + INTERVAL 8 HOUR), '%Y-%m-%d')",
    "hour": "strftime(e.at + INTERVAL 8 HOUR, '%H')",
    "weekday": "isodow(e.at + INTERVAL 8 HOUR)::VARCHAR",
    "revision": "e.slot_revision::VARCHAR",
    "policy_version": "d.policy_version::VARCHAR",
    "degraded": "d.degraded::VARCHAR",
    "context.city_tier": "d.context['city_tier']",
    "context.stage": "json_extract_string(d.context_json, '$.stage')",
    "context.unheard": "NULL::VARCHAR",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def lake(place: Path) -> Lake:
    return written(place / "lake", traffic())


def cube(lake: Lake, place: Path, cut: Cut) -> Cube:
    """The sums, by the way that a worker takes."""
    with engine(lake, EngineLimits(400_000_000), place / "cache") as (backend, contents):
        rows = slot_rows(backend, contents, "banner", place / "cache")
        return build_cube(rows, cut, SLOT.names)


def told(lake: Lake, place: Path, by: tuple[str, ...] = (), period: Period = Period()) -> Any:  # noqa: B008 (frozen)
    """The report."""
    shares = {1: 0.12, 2: 0.12}
    return report(ReportTerms(SLOT, shares, NOW), by, cube(lake, place, Cut(period, by)))


def counted(lake: Lake, by: tuple[str, ...], period: Period | None) -> list[tuple[Any, ...]]:
    """The same by hand: (values, variant, reason, open, exposures, conversions, fen)."""
    values = ", ".join(f"coalesce({HAND[name]}, '')" for name in by)
    within = ""
    if period is not None:
        within = f"AND e.at_seconds >= {period.start!r} AND e.at_seconds < {period.end!r}"
    return duckdb.sql(f"""
        WITH d AS ({sql_view(lake, "decisions")}),
        e AS ({sql_view(lake, "exposures")}),
        r AS (SELECT decision_id, sum(conversions) c, sum(value) v
              FROM ({sql_view(lake, "rewards")}) GROUP BY decision_id)
        SELECT [{values}]::VARCHAR[], e.variant, e.reason,
          NOT (e.at_seconds + e.window_seconds < {NOW!r}
               AND epoch(date_trunc('second', e.logged_at)) + 1 + 600 < {NOW!r}),
          count(*), sum(coalesce(c, 0)), sum(coalesce(v, 0))
        FROM e LEFT JOIN d USING (decision_id) LEFT JOIN r USING (decision_id)
        WHERE e.slot = 'banner' {within} GROUP BY ALL
    """).fetchall()  # noqa: S608 (our own values)


def blocks(found: Any, by: tuple[str, ...]) -> Iterator[tuple[list[str], Any]]:
    """The report's blocks with their values as text."""
    for block in found["segments"] if by else [found["whole"] | {"segment": {}}]:
        yield [block["segment"][name] or "" for name in by], block


BY = (
    (),
    *((name,) for name in DIMENSIONS if name != "policy_version"),
    ("context.city_tier",),
    ("context.stage",),
    ("context.unheard",),
    ("channel", "context.city_tier"),
)


@pytest.fixture(scope="module")
def rows_of(lake: Lake, place: Path) -> Iterator[SlotRows]:
    with engine(lake, EngineLimits(400_000_000), place / "cache") as (backend, contents):
        yield slot_rows(backend, contents, "banner", place / "cache")


@pytest.mark.parametrize(
    ("by", "period"), [*((b, None) for b in BY), ((), PERIOD), (BY[-1], PERIOD)]
)
def test_a_report_equals_a_recount_by_hand(
    lake: Lake, rows_of: SlotRows, by: tuple[str, ...], period: Period | None
) -> None:
    """Exposures, conversions, fen and what is open, exactly, by every dimension, variant, reason.

    The recount joins the lake's rows by text; it knows nothing of kept days, hashes or views.
    """
    sums = build_cube(rows_of, Cut(period or Period(), by), SLOT.names)
    found = report(ReportTerms(SLOT, {1: 0.12, 2: 0.12}, NOW), by, sums)
    rows = counted(lake, by, period)
    assert len(list(blocks(found, by))) == len({tuple(row[0]) for row in rows})
    for values, block in blocks(found, by):
        here = [row for row in rows if row[0] == values]
        drawn = [row for row in here if row[2] == "policy"]
        assert block["exposures"] == sum(row[4] for row in drawn)
        if block["hidden"]:
            continue
        assert block["open"] == sum(row[4] for row in drawn if row[3])
        for reason, figures in block["by_reason"].items():
            same(figures, [row for row in here if row[2] == reason])
        for variant in block["variants"]:
            mine = [row for row in drawn if row[1] == variant["variant"]]
            same(variant, mine)
            if not variant["hidden"]:
                assert variant["open"] == sum(row[4] for row in mine if row[3])
        assert set(block["by_reason"]) == {row[2] for row in here}


def same(figures: Any, rows: list[tuple[Any, ...]]) -> None:
    """Figures are the sums of the rows."""
    assert figures["exposures"] == sum(row[4] for row in rows)
    if not figures.get("hidden"):
        assert figures["conversions"] == sum(row[5] for row in rows)
        assert figures["revenue"] * 100 == pytest.approx(sum(row[6] for row in rows), abs=1e-6)


def test_the_floors_of_a_period_are_those_of_its_records(lake: Lake, place: Path) -> None:
    """Lowest and highest equal a recount, also from kept days; without a record both are null."""
    for period in (Period(), Period(MIDNIGHT + 1.2 * DAY, MIDNIGHT + 1.7 * DAY)):
        start, end = period.start or 0.0, period.end or 1e12
        lowest, highest = duckdb.sql(f"""
            WITH d AS ({sql_view(lake, "decisions")}),
            e AS ({sql_view(lake, "exposures")})
            SELECT min(d.floor), max(d.floor) FROM d JOIN e USING (decision_id)
            WHERE e.slot = 'banner' AND e.reason = 'policy'
              AND e.at_seconds >= {start!r} AND e.at_seconds < {end!r}
        """).fetchall()[0]  # noqa: S608 (our own values)
        assert told(lake, place, (), period)["floor"] == {"lowest": lowest, "highest": highest}
        assert lowest < highest <= 0.02
    old = told(lake, place, (), Period(MIDNIGHT, MIDNIGHT + DAY / 2))
    assert old["whole"]["exposures"] > 0
    assert old["floor"] == {"lowest": None, "highest": None}


def test_many_values_become_one(lake: Lake, place: Path) -> None:
    """Of 60 policy versions the 30 with most exposures are told apart; nothing is lost."""
    found = told(lake, place, ("policy_version",))
    assert len(found["segments"]) == 31
    (other,) = [one for one in found["segments"] if one["other"]]
    assert other["segment"] == {"policy_version": None}
    whole = sum(one["exposures"] for one in found["segments"])
    assert whole == found["whole"]["exposures"] == counted_policy(lake)


def counted_policy(lake: Lake) -> int:
    return sum(row[4] for row in counted(lake, (), None) if row[2] == "policy")


def test_estimates_are_those_of_the_rows(lake: Lake, place: Path) -> None:
    """AIPW means from summed groups equal those from single rows; intervals within 5 %.

    Subjects fall into other groups here, so their part of the variance differs by chance.
    """
    sums = cube(lake, place, Cut())
    found = report(ReportTerms(SLOT, {}, NOW), (), sums)
    rows = duckdb.sql(f"""
        WITH d AS ({sql_view(lake, "decisions")}), e AS ({sql_view(lake, "exposures")}),
        r AS (SELECT decision_id, sum(conversions) c
              FROM ({sql_view(lake, "rewards")}) GROUP BY decision_id)
        SELECT e.variant, coalesce(c, 0)::DOUBLE, d.pmf[1], d.pmf[2], e.subject
        FROM e JOIN d USING (decision_id) LEFT JOIN r USING (decision_id)
        WHERE e.reason = 'policy'
    """).fetchall()  # noqa: S608 (the lake's own paths)
    arms = np.array([{"a": 0, "b": 1, "c": -1}[row[0]] for row in rows])
    pmf = np.array([row[2:4] for row in rows])
    people = np.array([row[4] for row in rows])
    plain = arm_sums(arms, np.array([row[1] for row in rows]), pmf, people)
    shown = {one["variant"]: one for one in found["whole"]["variants"]}
    assert not shown["c"]["compared"]
    for arm, name in enumerate("ab"):
        want, got = fixed.mean(plain, arm), shown[name]["estimate"]
        assert got["value"] == pytest.approx(want.value, rel=1e-9)
        assert got["low"] == pytest.approx(want.low, rel=0.05)
        assert got["high"] == pytest.approx(want.high, rel=0.05)
    assert found["whole"]["left_out"] == 0


def test_blocks_are_those_of_the_rows(lake: Lake, place: Path) -> None:
    """Sums by hour and stratum (cell, class of the probabilities) equal a recount from rows.

    The strata come from `propensity_class` of the logged probabilities in the cube's order, 0 where
    a variant was not eligible, so this holds the engine's class and that of bandits equal.
    """
    found = cube(lake, place, Cut(revenue=True))
    rows = duckdb.sql(f"""
        WITH d AS ({sql_view(lake, "decisions")}), e AS ({sql_view(lake, "exposures")}),
        r AS (SELECT decision_id, sum(value) / 100 v
              FROM ({sql_view(lake, "rewards")}) GROUP BY decision_id)
        SELECT e.variant, coalesce(v, 0)::DOUBLE, e.at_seconds, e.cell,
          [coalesce(d.pmf[list_position(d.eligible, x)], 0) FOR x IN ['b', 'a', 'c']]
        FROM e JOIN d USING (decision_id) LEFT JOIN r USING (decision_id)
        WHERE e.reason = 'policy'
    """).fetchall()  # noqa: S608 (the lake's own paths)
    pmf = np.array([row[4] for row in rows])
    _, cells = np.unique([row[3] for row in rows], return_inverse=True)
    want = ArmBlocks.from_rows(
        np.array([{"b": 0, "a": 1, "c": -1}[row[0]] for row in rows]),
        np.array([row[1] for row in rows]),
        pmf[:, :2],
        blocks=np.array([int(row[2] // 3600) for row in rows]),
        strata=join_strata(propensity_class(pmf), cells),
    )
    sums = comparison.arm_sums_of(comparison.ComparisonRows.of(found), [0, 1], shares=False)
    got = sums.time_blocks
    assert got.dated
    assert len(got.block) == len(want.block) > 100
    of_one, of_other = (
        np.column_stack([one.block, *(getattr(one.table, c.name) for c in fields(ArmTable))])
        for one in (got, want)
    )
    order, other = (np.lexsort(np.round(x, 6).T) for x in (of_one, of_other))
    np.testing.assert_allclose(of_one[order], of_other[other], rtol=1e-9, atol=1e-9)
    for column in fields(ArmTable):
        total = getattr(got.table, column.name).sum(axis=0)
        np.testing.assert_allclose(total, getattr(sums.table, column.name), rtol=1e-9)


def test_a_variant_for_some_is_compared_where_it_was_possible(lake: Lake, place: Path) -> None:
    """`c` exists for apps since the second revision: there alone it is compared, with its rows."""
    since = Period(NOW - 30 * 3600.0, None)
    for values, block in blocks(told(lake, place, ("channel",), since), ("channel",)):
        compared = {one["variant"] for one in block["variants"] if one["compared"]}
        assert compared == ({"a", "b", "c"} if values == ["app"] else {"a", "b"})


def test_the_period_of_an_outage_is_in_no_figure(lake: Lake, place: Path) -> None:
    """Quarantined exposures are counted as such, and are as if they had not been."""
    outage = Period(NOW - 20 * 3600.0, NOW - 10 * 3600.0)
    assert outage.start is not None
    assert outage.end is not None
    one = quarantine_of(outage.start, outage.end)
    with engine(lake, EngineLimits(400_000_000), place / "cache") as (backend, contents):
        rows = slot_rows(backend, contents, "banner", place / "cache").without([one])
        found = report(ReportTerms(SLOT, {}, NOW), (), build_cube(rows, Cut(), SLOT.names))
    inside = sum(row[4] for row in counted(lake, (), outage))
    assert found["quarantined"] == inside > 0
    (told_of,) = found["quarantines"]
    assert (told_of["id"], told_of["why"]) == (one.id, "payments failed")
    assert told_of["exposures"] == inside
    assert found["whole"]["exposures"] < counted_policy(lake)
    every = sum(one["exposures"] for one in found["whole"]["by_reason"].values())
    assert every == sum(row[4] for row in counted(lake, (), None)) - inside


def test_kept_days_change_no_figure(lake: Lake, place: Path, tmp_path: Path) -> None:
    """With an empty cache, a half-filled one and a full one the report is the same.

    But for the last bits of sums of floats, which threads add up in any order.
    """
    fresh = told(lake, tmp_path)
    files = sorted((tmp_path / "cache" / "days" / "banner").iterdir())
    names = [file.name[:10] + file.name[35:] for file in files]
    assert names == ["2026-09-22-final.parquet", "2026-09-23.parquet"]
    again = told(lake, tmp_path)
    files[0].unlink()
    for other in (told(lake, tmp_path), again, told(lake, place)):
        assert rounded(other) == rounded(fresh)


def test_rows_that_are_open_are_joined_once_a_state(tmp_path: Path) -> None:
    """Reports of one state of the lake share its open rows; the next state has its own.

    What nobody has used for five minutes is removed.
    """
    records = traffic()
    upto = NOW - 3600.0
    lake = written(tmp_path / "before", [one for one in records if one[0] < upto])
    counts = [told(lake, tmp_path, by)["whole"]["exposures"] for by in ((), ("channel",))]
    (first,) = (tmp_path / "cache" / "open" / "banner").iterdir()
    assert counts[0] == counts[1]
    os.utime(first, (0.0, 0.0))
    more = told(written(tmp_path / "after", records), tmp_path)["whole"]["exposures"]
    (second,) = first.parent.iterdir()
    assert second.name != first.name
    assert more > counts[0]


def test_what_was_summed_up_ahead_is_found(lake: Lake, tmp_path: Path) -> None:
    """A question that was prepared sums no past day again, and one that was not is kept."""
    with engine(lake, EngineLimits(400_000_000), tmp_path) as (backend, contents):
        rows = slot_rows(backend, contents, "banner", tmp_path)
        keep_sums(rows, Cut(by=("channel",)), SLOT.names)
        kept = sorted(rows.sums.iterdir())
        assert len(kept) == 4  # sums and sizes, of the past and of the other rows
        build_cube(rows, Cut(by=("channel",)), SLOT.names)
        assert sorted(rows.sums.iterdir()) == kept
        build_cube(rows, Cut(by=("page",)), SLOT.names)
        assert len(list(rows.sums.iterdir())) == 8


def test_f14_rewards_that_come_behind_a_settled_day_are_counted(tmp_path: Path) -> None:
    """A refund weeks later, under the id that the visitor turned out to be, is in every figure.

    The days and the sums that were kept before it came are used again: it is a difference.
    """
    records = traffic()
    lake = written(tmp_path / "before", records)
    before = told(lake, tmp_path)
    made = [(p, x) for _, p, x in records if isinstance(x, Reward) and x.conversions == 1]
    taken = {x.decision for _, _, x in records if isinstance(x, Reward) and x.conversions == -1}
    settled = [(p, x) for p, x in made if x.at < NOW - 30 * 3600.0 and x.decision not in taken]
    back = [
        (NOW - 60.0 + n / 1000, p, taken_back(one, n)) for n, (p, one) in enumerate(settled[::2])
    ]
    more = written(tmp_path / "after", sorted([*records, *back], key=lambda one: one[0]))
    found = told(more, tmp_path)
    rows = [row for row in counted(more, (), None) if row[2] == "policy"]
    assert found["whole"]["exposures"] == before["whole"]["exposures"]
    for variant in found["whole"]["variants"]:
        same(variant, [row for row in rows if row[1] == variant["variant"]])
    assert len(back) > 50
    assert sum(row[5] for row in rows) < sum(one["conversions"] for one in variants_of(before))


def variants_of(found: Any) -> list[Any]:
    """The variants of a report's whole."""
    return list(found["whole"]["variants"])


def taken_back(one: Reward, number: int) -> Reward:
    """The change by which a refund takes a reward back, reported under another subject."""
    change = {"conversions": -1, "value": -one.value, "square": -one.square}
    return replace(one, reward_id=f"back-{number}", subject="f" * 32, at=NOW - 61.0, **change)


def rounded(value: Any) -> Any:
    """JSON with 9 digits of each number."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return f"{value:.9g}" if isinstance(value, float) else value


def test_few_people_have_no_figures(tmp_path: Path) -> None:
    """A page that 12 people saw is told to exist, with its exposures, and nothing more."""
    records = [
        (
            at,
            p,
            replace(r, page="rare") if getattr(r, "page", "") and int(r.subject, 16) < 12 else r,
        )
        for at, p, r in traffic(1, 3000)
    ]
    found = told(written(tmp_path / "lake", records), tmp_path, ("page",))
    (rare,) = [one for one in found["segments"] if one["segment"] == {"page": "rare"}]
    assert set(rare) == {"segment", "other", "hidden", "exposures", "verdict"}
    assert rare["hidden"]
    assert rare["exposures"] > 0
    assert rare["verdict"]["reason"] == "few_people"


def test_an_empty_lake_has_a_report(tmp_path: Path) -> None:
    """Before the first exposure everything is zero, and nothing can be told."""
    found = told(Lake(tmp_path / "lake"), tmp_path)
    assert found["whole"]["exposures"] == 0
    assert [one["variant"] for one in found["whole"]["variants"]] == ["b", "a", "c"]
    verdict = found["whole"]["verdict"]
    assert (verdict["kind"], verdict["reason"]) == ("cannot_tell", "nothing_shown")
