"""The monitors' file: the shipped one is read, and each mistake is named with its cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from places import CONFIG

from nudge.config.documents.monitors_file import load_monitors, load_watch_plan, parse_monitors
from nudge.config.table_file import ConfigTables
from nudge.domain.alarms.monitors import Monitors, WatchKind
from nudge.errors import InvalidConfigError

RATE = {"name": "payment", "watch": "rate", "change": 0.3}
FIRST, LAST = date(2026, 12, 30), date(2027, 1, 2)

LIMIT = {"name": "few", "watch": "hourly_count", "least": 5}


def test_the_shipped_monitors_fit_the_shipped_funnel() -> None:
    """One false alarm a year is borne; conversion is watched by stage, payment by method."""
    tables = ConfigTables(CONFIG)
    found = load_monitors(tables)
    plan = load_watch_plan(tables, found)
    assert found.per_year == 1.0
    watched = {one.name: one.watched(plan) for one in found.each}
    assert watched["conversion"] == ("home", "recharge", "amount_number", "pay_tapped", "method")
    assert watched["payment"] == ("method",)
    assert {one.name for one in found.each if one.quarantine} == {"payment", "failures"}
    assert plan.dimensions["city"] == "city_tier"


def test_an_installation_without_the_file_has_monitors(tmp_path: Path) -> None:
    """An installation without files watches payments by default."""
    found = load_monitors(tmp_path)
    assert found == Monitors()
    plan = load_watch_plan(ConfigTables(tmp_path), found)
    assert [stage.name for stage in plan.stages] == ["paid"]


@pytest.mark.parametrize(("text", "yearly"), [("1 per year", 1.0), ("2 per month", 24.0)])
def test_a_budget_is_a_number_a_year(text: str, yearly: float) -> None:
    """A budget is written with its span."""
    assert parse_monitors({"budget": text, "monitors": [RATE]}, "m").per_year == yearly


def test_a_limit_is_read() -> None:
    """A limit has least, most or both, and no change."""
    (found,) = parse_monitors({"monitors": [LIMIT | {"most": 7}]}, "m").each
    assert (found.kind, found.least, found.most) == (WatchKind.HOURLY_COUNT, 5, 7)
    with pytest.raises(InvalidConfigError, match="change: is missing"):
        parse_monitors({"monitors": [{"name": "x", "watch": "rate"}]}, "m")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"monitors": []}, "monitors: is empty or too long; give 1 to 50"),
        ({"budget": "none"}, "budget: 'none' is not a budget; write how many"),
        ({"budget": "0 per year"}, "budget: '0 per year' is not a budget"),
        ({"budjet": "1 per year"}, "budjet: is unknown; did you mean 'budget'?"),
        ({"monitors": [RATE, RATE]}, "monitors.payment.name: is given twice"),
        ({"monitors": [RATE | {"watch": "rat"}]}, "'rat' is not allowed; did you mean 'rate'?"),
        ({"monitors": [RATE | {"change": 2}]}, "monitors.payment.change: is out of range"),
        ({"monitors": [RATE | {"by": ["town"]}]}, "monitors.payment.by: 'town' is unknown"),
        ({"monitors": [RATE | {"change": None}]}, "monitors.payment.change: "),
        ({"monitors": [RATE | {"most": 3}]}, 'does not go with watch = "rate"; use an hourly one'),
        ({"monitors": [LIMIT | {"change": 0.3}]}, "monitors.few.change: does not go with a limit"),
        ({"monitors": [{"name": "few", "watch": "hourly_rate"}]}, "and so is most; write one of"),
        (
            {"monitors": [LIMIT | {"least": -1}]},
            "monitors.few.least: is out of range; write 0 to 1,0",
        ),
        ({"monitors": [LIMIT | {"most": 2}]}, "monitors.few.least: is above most, 2; write less"),
        ({"dimensions": {"method": "x"}}, "dimensions.method: is there already"),
        ({"promotions": [{"from": FIRST}]}, "promotions[0].to: is missing"),
        ({"promotions": [{"from": LAST, "to": FIRST}]}, "promotions[0].to: is before from"),
        ({"promotions": [{"from": FIRST, "to": date(2027, 2, 2)}]}, "write at most 31: what lasts"),
        ({"promotions": [{"from": FIRST, "to": LAST, "by": 2}]}, "promotions[0].by: is unknown"),
    ],
)
def test_a_mistake_is_named_with_its_cure(changes: dict[str, Any], problem: str) -> None:
    """Each mistake has file, key and cure."""
    with pytest.raises(InvalidConfigError) as caught:
        parse_monitors({"monitors": [RATE], **changes}, "monitors.toml")
    (text,) = caught.value.problems
    assert text.startswith("monitors.toml: ")
    assert problem in text


def test_promotions_are_days() -> None:
    """A promotion has its first and its last day, and all between."""
    table = {"monitors": [RATE], "promotions": [{"from": "2026-12-30", "to": LAST}]}
    found = parse_monitors(table, "m")
    assert found.promotions == ((FIRST, LAST),)
    assert len(found.promoted) == 4
    assert {FIRST, LAST} <= found.promoted


def test_a_stage_that_the_funnel_lacks_is_refused(tmp_path: Path) -> None:
    """A monitor of a stage that nobody reaches would watch nothing."""
    text = '[[monitors]]\nname = "x"\nwatch = "rate"\nstages = ["payed"]\nchange = 0.3\n'
    (tmp_path / "monitors.toml").write_text(text)
    with pytest.raises(InvalidConfigError, match="stages: 'payed' is unknown; use paid"):
        load_monitors(tmp_path)
