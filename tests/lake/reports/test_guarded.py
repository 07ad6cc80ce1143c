"""The sums that a guard compares equal those that anybody counts by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from quarantine_samples import quarantine_of
from report_traffic import NOW, traffic, written

from nudge.domain.reports.questions import Period
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.engine.sql import sql_view
from nudge.lake.files.reader import Lake
from nudge.lake.reports.guard_cut import harm_cube
from nudge.lake.reports.slot_rows import slot_rows

OUTAGE = quarantine_of(NOW - 9 * 3600.0, NOW - 5 * 3600.0)
SINCE = Period(NOW - 40 * 3600.0)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return written(tmp_path_factory.mktemp("guarded") / "lake", traffic(seed=3, visits=3000))


def by_hand(lake: Lake, revision: int) -> list[tuple[str, int, int, int]]:
    """(reason, exposures, conversions, fen)."""
    return duckdb.sql(f"""
        WITH d AS ({sql_view(lake, "decisions")}),
        e AS ({sql_view(lake, "exposures")}),
        r AS (SELECT decision_id, sum(conversions) c, sum(value) v
              FROM ({sql_view(lake, "rewards")}) GROUP BY decision_id)
        SELECT e.reason, count(*), sum(coalesce(c, 0))::BIGINT, sum(coalesce(v, 0))::BIGINT
        FROM e JOIN d USING (decision_id) LEFT JOIN r USING (decision_id)
        WHERE e.slot = 'banner' AND e.slot_revision >= {revision}
          AND e.at_seconds >= {SINCE.start!r}
          AND NOT (e.at_seconds >= {OUTAGE.start!r} AND e.at_seconds < {OUTAGE.end!r})
          AND e.reason IN ('policy', 'holdout') AND len(d.eligible) >= 2
        GROUP BY ALL ORDER BY ALL
    """).fetchall()  # noqa: S608 (our own values)


@pytest.mark.parametrize("revision", [1, 2, 3])
@pytest.mark.parametrize("revenue", [False, True])
def test_only_a_choice_of_policy_or_holdout_outside_of_outages_counts(
    lake: Lake, tmp_path: Path, revision: int, *, revenue: bool
) -> None:
    """By reason: exposures, conversions and fen, since a revision and a time, to the unit."""
    with engine(lake, EngineLimits(400_000_000), tmp_path) as (backend, contents):
        rows = slot_rows(backend, contents, "banner", tmp_path).without([OUTAGE])
        cube = harm_cube(rows, revision, period=SINCE, revenue=revenue)
    found = []
    for number, reason in enumerate(cube.reasons):
        groups = cube.groups.where(cube.groups.reason == number)
        found.append((reason, *(groups.total(x) for x in ("rows", "conversions", "value"))))
    assert sorted(found) == by_hand(lake, revision)
    assert cube.quarantined == 0 if revision == 3 else cube.quarantined > 0
    reward = float(cube.groups.reward.sum())
    wanted = sum(row[3] / 100 if revenue else row[2] for row in found)
    assert reward == pytest.approx(wanted, rel=1e-12)
