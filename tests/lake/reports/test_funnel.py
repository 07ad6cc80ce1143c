"""The funnel: equal to hand-written SQL, a leak found where it was injected, cases by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pytest
from funnel_traffic import DAY, START, Timed, failing, traffic, written
from places import CONFIG

from nudge.config.documents.funnel_file import load_funnel
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.funnel.funnel import Funnel, FunnelQuestion, VisitPeriod
from nudge.domain.funnel.funnel_counts import FunnelCounts
from nudge.domain.funnel.funnel_query import funnel_question
from nudge.domain.journal.records import Event
from nudge.domain.slots.slot import Scalar
from nudge.errors import InvalidRequestError
from nudge.flows.reports.funnel import funnel, funnel_answer
from nudge.lake.engine.query import connect, sql_view
from nudge.lake.files.reader import Lake
from nudge.lake.reports.funnel import count

PATH = load_funnel(CONFIG)
WEEK = 7 * DAY
FIRST, SECOND = VisitPeriod(START, START + WEEK), VisitPeriod(START + WEEK, START + 2 * WEEK)

VISITS = """
CREATE TABLE acts AS
  SELECT subject, "at", position, type, source, fields['step'] AS step,
         coalesce(fields['reason'], '') AS reason
  FROM events WHERE type IN ('paid', 'payment_failed') OR source = 'page' OR type = 'step';
CREATE TABLE begun AS
  SELECT subject, "at" FROM (
    SELECT subject, "at", lag("at") OVER (PARTITION BY subject ORDER BY "at") AS earlier
    FROM acts WHERE type NOT IN ('paid', 'payment_failed')
  ) WHERE earlier IS NULL OR "at" - earlier >= INTERVAL 30 MINUTE;
CREATE TABLE numbered AS
  SELECT a.*, b."at" AS began,
         (SELECT max(c."at") FROM acts c WHERE c.subject = a.subject AND c."at" <= a."at"
            AND c.type NOT IN ('paid', 'payment_failed')) AS last_act
  FROM acts a ASOF JOIN begun b ON a.subject = b.subject AND a."at" >= b."at";
CREATE TABLE visits AS
  SELECT subject, began, max(last_act) AS ended,
    min("at") FILTER (step = 'home') AS s0, min("at") FILTER (step = 'recharge') AS s1,
    CASE WHEN bool_or(step = 'amount') AND bool_or(step = 'number')
      THEN greatest(min("at") FILTER (step = 'amount'), min("at") FILTER (step = 'number')) END s2,
    min("at") FILTER (step = 'pay_tapped') AS s3, min("at") FILTER (step = 'method') AS s4,
    min("at") FILTER (type = 'paid' AND source = 'server') AS s5,
    arg_max(reason, ("at", position)) FILTER (type = 'payment_failed') AS failed
  FROM numbered WHERE "at" - last_act <= INTERVAL 6 HOUR OR type NOT IN ('paid', 'payment_failed')
  GROUP BY ALL;
DELETE FROM visits WHERE coalesce(s0, s1, s2, s3, s4, s5) IS NULL;
CREATE TABLE stages AS
  SELECT *, CASE WHEN s5 IS NOT NULL THEN 5 WHEN s4 IS NOT NULL THEN 4 WHEN s3 IS NOT NULL THEN 3
    WHEN s2 IS NOT NULL THEN 2 WHEN s1 IS NOT NULL THEN 1 ELSE 0 END AS furthest
  FROM visits;
"""
GROUPS = {
    "": "''",
    "channel": """(SELECT arg_max(d.channel, (d."at", d.position)) FROM decisions d
        WHERE d.subject = v.subject AND d."at" <= v.ended AND d.channel <> 'sms')""",
    "city": """(SELECT arg_max(d.context['city_tier'], (d."at", d.position)) FROM decisions d
        WHERE d.subject = v.subject AND d."at" <= v.ended AND d.channel <> 'sms')""",
    "variant:banner": """(SELECT arg_max(x.variant, (x."at", x.position)) FROM exposures x
        WHERE x.subject = v.subject AND x."at" <= v.ended AND x.slot = 'banner')""",
    "day": "strftime(v.began + INTERVAL 8 HOUR, '%Y-%m-%d')",
    "week": "strftime(date_trunc('week', v.began + INTERVAL 8 HOUR), '%Y-%m-%d')",
    "hour": "strftime(v.began + INTERVAL 8 HOUR, '%H')",
    "weekday": "isodow(v.began + INTERVAL 8 HOUR)::VARCHAR",
}


def by_hand(lake: Lake) -> duckdb.DuckDBPyConnection:
    """Visits and their stages by hand-written SQL."""
    connection = duckdb.connect()
    for table in ("events", "decisions", "exposures"):
        connection.execute(f"CREATE TABLE {table} AS {sql_view(lake, table)}")
    connection.execute(VISITS)
    return connection


def stages_by_hand(
    connection: duckdb.DuckDBPyConnection, by: str, period: VisitPeriod, chosen: str = "true"
) -> set[object]:
    """Group, stage, visits, lost and median seconds."""
    start, end = (f"make_timestamp({round(at * 1e6)})" for at in (period.start, period.end))
    within = f"began >= {start} AND began < {end} AND ({chosen})"
    found: set[object] = set()
    for i in range(6):
        times = [f"CASE WHEN s{j} >= s{i} THEN s{j} END" for j in range(i + 1, 6)] or ["NULL"]
        later = f"least({', '.join(times)})::TIMESTAMP"
        rows = connection.execute(f"""
            SELECT coalesce({GROUPS[by]}, ''), {i}, count(*),
                   count(*) FILTER (furthest = {i} AND {i} < 5),
                   median(epoch_us({later}) - epoch_us(s{i})) / 1000000
            FROM stages v WHERE s{i} IS NOT NULL AND {within} GROUP BY 1
        """)  # noqa: S608 - of constants
        found |= set(rows.fetchall())
    return found


def stages_of(counts: FunnelCounts) -> set[object]:
    """The same, of the product's counts."""
    return {(x.group, x.stage, x.visits, x.lost.hits, x.seconds) for x in counts.stages}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two weeks of visitors, some of whom come back; in the second, payments of the app fail."""
    weeks = (
        traffic(900, START, 0),
        traffic(300, START + 3600, 0),  # the same visitors again, perhaps within half an hour
        traffic(900, START + WEEK, 1, failing("app", "gateway_down", 0.5)),
    )
    return written(tmp_path_factory.mktemp("funnel") / "lake", chain(*weeks))


@pytest.fixture(scope="module")
def hand(lake: Lake) -> duckdb.DuckDBPyConnection:
    """The recount of that lake, which the tests only read."""
    return by_hand(lake)


@pytest.mark.parametrize("by", list(GROUPS))
def test_counts_equal_hand_written_sql(
    lake: Lake, hand: duckdb.DuckDBPyConnection, by: str
) -> None:
    """Visits, losses and median times of each stage and group are those of a recount in SQL."""
    backend = connect(lake)
    for period in (SECOND, VisitPeriod(START, START + 2 * WEEK)):
        found = count(backend, PATH, period, by)
        assert stages_of(found) == stages_by_hand(hand, by, period)
        assert found.visits > 600


FILTERS = {
    "channel:app,channel:wap,hour:09..17": f"{GROUPS['channel']} IN ('app', 'wap') "
    f"AND {GROUPS['hour']} BETWEEN '09' AND '17'",
    "city:1..2": f"{GROUPS['city']} IN ('1', '2')",
    "context.city_tier:..1,city_tier:1": f"{GROUPS['city']} = '1'",
    "weekday:6..7": f"{GROUPS['weekday']} IN ('6', '7')",
}


@pytest.mark.parametrize(("text", "chosen"), FILTERS.items(), ids=list(FILTERS))
def test_q4_a_filter_keeps_the_visits_of_a_recount(
    lake: Lake, hand: duckdb.DuckDBPyConnection, text: str, chosen: str
) -> None:
    """Any of a dimension's values, all of its dimensions; payments without a visit are untold."""
    texts = {"where": text, "from": "2020-01-01", "to": "2020-01-01"}
    where = funnel_question(texts, START, None, OperatorCalendar()).where
    found = count(connect(lake), PATH, SECOND, "channel", where=where)
    assert stages_of(found) == stages_by_hand(hand, "channel", SECOND, chosen)
    assert 0 < found.visits < 900
    assert found.sources.without_visit is None


def test_q4_a_filter_and_its_group_are_the_same_visits(lake: Lake) -> None:
    """`variant:SLOT:VARIANT` keeps what `variant:SLOT` shows; what fits nothing has no visits."""
    backend = connect(lake)
    every = count(backend, PATH, SECOND, "variant:banner")
    name = next(one.group for one in every.stages if one.group)
    alone = count(backend, PATH, SECOND, "", where=(("variant:banner", name),))
    assert {(x.stage, x.visits) for x in alone.stages} == {
        (x.stage, x.visits) for x in every.stages if x.group == name
    }
    nobody = FunnelQuestion(SECOND, "", where=(("channel", "fax"),))
    assert "符合筛选条件" in funnel(lake, PATH, nobody)["headline"]["zh"]


def test_q4_like_is_compared_with_like(lake: Lake) -> None:
    """Visits whose payment may still come are in the figures, and in no change."""
    backend, half = connect(lake), START + 10 * DAY
    asked = FunnelQuestion(SECOND, "channel", "week")
    found: Any = funnel_answer(backend, PATH, asked, half)
    label = asked.calendar.label
    assert found["compare"]["until"] == label(half - PATH.late)
    assert found["compare"]["to"] == label(half - PATH.late - WEEK)
    assert found["visits"] == funnel_answer(backend, PATH, asked, SECOND.end * 2)["visits"]
    part = count(backend, PATH, VisitPeriod(SECOND.start, half - PATH.late), "channel")
    before = count(backend, PATH, VisitPeriod(FIRST.start, half - PATH.late - WEEK), "channel")
    at = {one.stage: one.lost.rate for one in part.overall}
    was = {one.stage: one.lost.rate for one in before.overall}
    told = found["stages"][4]["change"]["loss_rate"]
    assert told == pytest.approx(at[4] - was[4])
    assert "method" in found["compare"]["en"]
    assert "上升" in found["compare"]["zh"]


def test_q4_what_has_no_counterpart_is_said_to(lake: Lake) -> None:
    """Nothing final yet, and nobody before: no change, and why in both languages."""
    backend = connect(lake)
    asked = FunnelQuestion(SECOND, "channel", "week")
    fresh: Any = funnel_answer(backend, PATH, asked, SECOND.start + 60.0)
    assert fresh["compare"]["from"] is None
    assert "may still pay" in fresh["compare"]["en"]
    first: Any = funnel_answer(backend, PATH, replace(asked, period=FIRST), SECOND.end)
    assert "上期没有访问" in first["compare"]["zh"]
    for found in (fresh, first):
        changes = [one["change"] for one in found["stages"]]
        assert {one["verdict"] for one in changes} == {"unclear"}
        assert {one["loss_rate"] for one in changes} == {None}


def test_reasons_equal_hand_written_sql(lake: Lake, hand: duckdb.DuckDBPyConnection) -> None:
    """Losses at each stage for each reason are those of a recount; all of it adds up."""
    found = count(connect(lake), PATH, VisitPeriod(START, START + 2 * WEEK), "")
    lost = "SELECT furthest, coalesce(failed, ''), count(*) FROM stages WHERE furthest < 5"
    rows = hand.execute(f"{lost} GROUP BY ALL")
    assert {(x.stage, x.reason, x.lost.hits) for x in found.leaks} == set(rows.fetchall())
    assert sum(x.lost.hits for x in found.leaks) + found.overall[-1].visits == found.visits


@pytest.mark.parametrize("compare", ["week", None])
def test_an_injected_leak_is_ranked_first(lake: Lake, compare: str | None) -> None:
    """One channel fails for one reason: ranked first against last week and other channels."""
    found = funnel(lake, PATH, FunnelQuestion(SECOND, "channel", compare))
    leak = found["leaks"]["ranked"][0]
    assert (leak["group"], leak["stage"], leak["reason"]) == ("app", "method", "gateway_down")
    assert leak["verdict"] == "worse"


def test_a_quiet_week_is_no_worse(lake: Lake) -> None:
    """The channels without the leak lose no more at payment than the week before."""
    found = funnel(lake, PATH, FunnelQuestion(SECOND, "channel", "week"))
    groups = {one["group"]: one["stages"] for one in found["groups"]}
    assert groups["app"][4]["change"]["verdict"] == "worse"
    assert {groups[name][4]["change"]["verdict"] for name in ("web", "wap")} == {"unclear"}


def acts(subject: str, *told: tuple[float, str]) -> list[Timed]:
    """Events at seconds: `home`, ... are steps, others types; `server:` is a server's."""
    return [(START + at, _event(f"{subject}-{at}", subject, name)) for at, name in told]


def _event(event_id: str, subject: str, name: str) -> Event:
    source, _, name = name.rpartition(":")
    name, _, reason = name.partition("/")
    steps = {"home", "recharge", "amount", "number", "pay_tapped", "method"}
    fields = {"step": name} if name in steps else {"reason": reason} if reason else {}
    kind = "step" if name in steps else name
    return Event(subject, event_id, kind, source or "page", None, fields)


def counted(tmp_path: Path, records: Iterable[Timed], path: Funnel = PATH) -> FunnelCounts:
    """The counts of a day of these records."""
    lake = written(tmp_path / "lake", records, partitions=1)
    return count(connect(lake), path, VisitPeriod(START, START + DAY))


def test_half_an_hour_without_an_act_ends_a_visit(tmp_path: Path) -> None:
    """A gap under 30 minutes keeps a visit, 30 minutes end it, and payments do not prolong it."""
    records = [
        *acts("a" * 32, (0, "home"), (1799.5, "recharge")),
        *acts("b" * 32, (0, "home"), (1800, "recharge")),
        *acts("c" * 32, (0, "home"), (1000, "server:paid"), (1900, "home")),
    ]
    found = counted(tmp_path, records)
    assert (found.visits, found.subjects) == (5, 3)
    assert {one.path: one.visits for one in found.paths} == {
        (0, 1): 1,
        (0,): 2,
        (1,): 1,
        (0, 5): 1,
    }


def test_both_the_amount_and_the_number_are_needed(tmp_path: Path) -> None:
    """A stage that needs all its events is reached with the last of them."""
    records = [
        *acts("a" * 32, (0, "home"), (5, "amount")),
        *acts("b" * 32, (0, "home"), (5, "number"), (9, "amount"), (12, "pay_tapped")),
    ]
    found = counted(tmp_path, records)
    stages = {one.stage: (one.visits, one.seconds) for one in found.stages}
    assert stages == {0: (2, 9.0), 2: (1, 3.0), 3: (1, None)}


def test_skips_and_loops_are_paths_of_their_own(tmp_path: Path) -> None:
    """Coming back to a stage is told, repeating one is not, and a stage left out is missing."""
    records = [
        *acts("a" * 32, (0, "home"), (1, "home"), (2, "recharge"), (3, "home"), (4, "recharge")),
        *acts("b" * 32, (0, "home"), (1, "pay_tapped")),
    ]
    paths = [one.path for one in counted(tmp_path, records).paths]
    assert paths == [(0, 1, 0, 1), (0, 3)]


def test_a_late_payment_belongs_to_the_visit_before(tmp_path: Path) -> None:
    """Within 6 hours of the last act it is the visit's; later or without one it is a finding."""
    hours = 3600
    records = [
        *acts("a" * 32, (0, "method"), (6 * hours, "server:paid")),
        *acts("b" * 32, (0, "method"), (6 * hours + 1, "server:paid")),
        *acts("c" * 32, (0, "server:paid")),
    ]
    found = counted(tmp_path, records)
    assert found.overall[-1].visits == 1
    assert found.sources.without_visit == 2


def test_sources_that_disagree_are_a_finding(tmp_path: Path) -> None:
    """A claim reaches no stage; what only the page or only the server says is counted apart."""
    records = [
        *acts("a" * 32, (0, "method"), (9, "paid")),
        *acts("b" * 32, (0, "method"), (9, "paid"), (11, "server:paid")),
        *acts("c" * 32, (0, "method"), (11, "server:paid")),
    ]
    found = counted(tmp_path, records)
    assert {one.stage: one.visits for one in found.stages} == {4: 3, 5: 2}
    sources = found.sources
    assert (sources.claimed, sources.confirmed) == (2, 2)
    assert (sources.claimed_only, sources.confirmed_only) == (1, 1)


def test_f14_a_payment_that_came_back_reaches_no_stage(tmp_path: Path) -> None:
    """All of it taken back, at once, in parts or under the visitor's other id: it was not paid.

    A part, a refund of somebody else's payment and one of a claim take nothing.
    """

    def paid(subject: str) -> list[Timed]:
        fields: dict[str, Scalar] = {"amount": 50}
        said = Event(subject, f"p{subject[0]}", "paid", "server", None, fields)
        return [*acts(subject, (0, "method")), (START + 9, said)]

    def back(subject: str, of: str, nth: int, amount: int | None = None) -> Timed:
        fields: dict[str, Scalar] = {"refund_of": of}
        fields |= {} if amount is None else {"amount": amount}
        event = Event(subject, f"r{nth}", "refunded", "server", None, fields)
        return START + 30 * DAY + nth, event

    into = Event("d" * 32, "i", "identified", "server", None, {"into": "0" * 32, "partition": 0})
    records = [
        *(one for letter in "abcdef" for one in paid(letter * 32)),
        *acts("9" * 32, (0, "method"), (9, "paid")),
        back("a" * 32, "pa", 1),
        back("b" * 32, "pb", 2, 20),
        back("b" * 32, "pb", 3, 30),
        back("c" * 32, "pc", 4, 49),
        (START + 20, into),
        back("0" * 32, "pd", 5),
        back("f" * 32, "pe", 6),
        back("9" * 32, f"{'9' * 32}-9", 7),
    ]
    found = counted(tmp_path, records)
    assert {one.stage: one.visits for one in found.stages} == {4: 7, 5: 3}
    assert (found.sources.claimed, found.sources.confirmed) == (1, 3)


def test_the_reason_is_that_of_the_last_failure(tmp_path: Path) -> None:
    """A missing reason is a reason, and who pays in the end was not lost."""
    records = [
        *acts("a" * 32, (0, "method"), (1, "payment_failed/soft"), (2, "payment_failed/hard")),
        *acts("b" * 32, (0, "method"), (1, "payment_failed/soft"), (2, "payment_failed")),
        *acts("c" * 32, (0, "method"), (1, "payment_failed/soft"), (2, "server:paid")),
        *acts("d" * 32, (0, "home")),
    ]
    leaks = counted(tmp_path, records).leaks
    assert {(x.stage, x.reason): x.lost.hits for x in leaks} == {
        (0, ""): 1,
        (4, ""): 1,
        (4, "hard"): 1,
    }


@pytest.mark.parametrize("by", ["a b", "variant:", "variant:x y", "'; DROP TABLE events"])
def test_a_dimension_that_is_none_is_refused(lake: Lake, by: str) -> None:
    """A name that can be no attribute and no slot is refused with what may be asked."""
    with pytest.raises(InvalidRequestError, match="by: "):
        count(connect(lake), PATH, FIRST, by)


def test_an_empty_lake_has_no_visits(tmp_path: Path) -> None:
    """Nothing was counted, nothing leaks, and nothing fails."""
    found = funnel(Lake(tmp_path), PATH, FunnelQuestion(FIRST, "channel", "month"))
    assert found["visits"] == 0
    assert found["leaks"] == {"by_stage": [], "by_reason": [], "ranked": []}
