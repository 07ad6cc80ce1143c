"""Values of a slot's page: rates, charts, heat tables and marks from the API's answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from page_site import PageSite

from nudge.pages.screens.slots.estimates import EstimateRow, common_scale, price_of_floor
from nudge.pages.screens.slots.segments import ENOUGH, dimensions_of, heat_rows
from nudge.pages.screens.slots.timeline import (
    allocation_chart,
    day_rates,
    drawn_buckets,
    rate_chart,
    time_marks,
    wilson,
)
from nudge.pages.screens.slots.variant_names import VariantName
from nudge.pages.screens.slots.what_if_form import condition_groups
from nudge.pages.slot_words import dimension_word, mode_pill, slot_title, value_word

NAMES = {name: VariantName(name, name, i) for i, name in enumerate(("a", "b"))}
VERDICT = {"kind": "too_early", "winner": None, "zh": "数据还不够。", "en": "Too early."}


def day(name: str, rows: int, paid: int, waiting: int = 0) -> dict[str, Any]:
    """A day of a report."""
    final = {"exposures": rows, "conversions": paid}
    return {"segment": {"day": name}, "hidden": False, "matured": final, "open": waiting}


def test_an_interval_holds_its_rate() -> None:
    """The interval of a rate lies in [0, 1], around it, and narrows with the rows."""
    assert wilson(0, 0) is None
    for hits, rows in ((0, 10), (3, 10), (10, 10)):
        found = wilson(hits, rows)
        assert found is not None
        rate, low, high = found
        assert 0.0 <= low <= rate <= high <= 1.0
    wide, narrow = wilson(3, 10), wilson(300, 1000)
    assert wide is not None
    assert narrow is not None
    assert narrow[2] - narrow[1] < wide[2] - wide[1]


def test_days_add_up() -> None:
    """The cumulative rate is that of all exposures so far; a day of few people has no figure."""
    hidden = {"segment": {"day": "2026-11-03"}, "hidden": True, "exposures": 4}
    segments = [day("2026-11-02", 300, 60), day("2026-11-01", 100, 10), hidden]
    found = day_rates([*segments, day("2026-11-04", 0, 0, waiting=50)])
    assert [one.day for one in found] == ["2026-11-01", "2026-11-02", "2026-11-04"]
    assert found[1].total is not None
    assert found[1].total[0] == pytest.approx(70 / 400)
    assert found[2].rate is None
    chart = rate_chart(found, ["1", "2", "4"], "daily", "total")
    assert chart["series"][0]["values"] == [0.1, 0.2, None]
    assert chart["series"][0]["low"][2] is None


def test_changes_become_marks() -> None:
    """A change of the mode is a freeze; alarms that name another slot are left out."""
    revisions = [
        {"revision": 2, "at": "2026-11-02", "who": "k", "why": "", "diff": ["mode: live -> off"]},
        {"revision": 3, "at": "2026-11-03", "who": "k", "why": "", "diff": ["mode: off -> live"]},
    ]
    said = {"zh": "支付下降", "en": "Payments fell"}
    alarms = [
        {"id": "x", "began": "2026-11-04", "cause": {"slot": "other"}, "sentence": said},
        {"id": "y", "began": "2026-11-05", "cause": {"method": "wechat"}, "sentence": said},
    ]
    found = time_marks("banner", revisions, alarms)
    assert [one.kind for one in found] == ["alarm", "revision", "freeze"]
    assert found[0].href == "/alarms/y"


def test_shares_over_time_leave_out_few_people() -> None:
    """A bucket of few people has no share; marks before the first bucket are not drawn."""
    buckets = [
        {"at": "2026-11-02", "exposures": 10, "hidden": True, "variants": {}},
        {"at": "2026-11-03", "exposures": 40, "hidden": False, "variants": {"a": 30, "b": 10}},
    ]
    report = {"allocation": {"buckets": buckets}}
    old = time_marks("s", [{"revision": 1, "at": "2026", "who": "", "why": "", "diff": []}], [])
    chart = allocation_chart(report, NAMES, old)
    assert [one["values"] for one in chart["series"]] == [[None, 0.75], [None, 0.25]]
    assert chart["marks"] == []
    assert drawn_buckets(chart) == 1


def cell(name: str, rows: int, value: float, *, hidden: bool = False) -> dict[str, Any]:
    """A variant's figures in a segment."""
    estimate = {"value": value, "low": value - 0.01, "high": value + 0.01}
    return {"variant": name, "exposures": rows, "hidden": hidden, "estimate": estimate}


def test_thin_cells_have_no_colour() -> None:
    """A cell of few exposures says how many are missing; one of few people has no figure."""
    segment = {"segment": {"channel": "wap"}, "other": False, "exposures": 500, "verdict": VERDICT}
    rows = [
        segment | {"variants": [cell("a", 400, 0.1), cell("b", 40, 0.3)]},
        segment
        | {"exposures": 900, "segment": {"channel": "web"}}
        | {"variants": [cell("a", 890, 0.2), cell("b", 10, 0.3, hidden=True)]},
    ]
    web, wap = heat_rows({"segments": rows}, "channel", NAMES)
    assert (web.value, wap.value) == ("web", "wap")
    assert [one.shade for one in wap.cells] == ["h0", ""]
    assert wap.cells[1].missing == ENOUGH - 40
    assert web.cells[0].shade == "h4"
    assert web.cells[1].hidden
    assert web.cells[1].value is None


def test_a_slot_is_divided_by_its_own_attributes_first() -> None:
    """The channel comes first, then the slot's attributes, then what every slot has; none twice."""
    slot = {"context": [{"name": "stage"}, {"name": "channel"}]}
    assert dimensions_of(slot) == ["channel", "context.stage", "page", "weekday", "hour"]


def row(value: float | None, low: float | None = None, high: float | None = None) -> EstimateRow:
    """A row of the table of estimates."""
    return EstimateRow(NAMES["a"], True, False, 9, 1, value, low, high, None, 0.5, 0.0, False)


def test_the_floor_costs_what_the_others_bring_less() -> None:
    """Nothing is told of one estimate, of a slot that does not run, or of a stopped variant."""
    slot = {"serving": {"floor": 0.02}}
    rows = [row(0.3, 0.2, 0.4), row(0.1, 0.0, 0.2), row(None)]
    assert price_of_floor(slot, rows) == pytest.approx(0.02 * 0.2)
    assert price_of_floor(slot, [rows[0], replace(rows[1], enabled=False)]) is None
    assert price_of_floor(slot | {"mode": "off"}, rows) is None
    least, most = common_scale(rows)
    assert least == 0.0
    assert most > 0.4
    assert common_scale([row(None)]) == (0.0, 1.0)


def test_a_rule_offers_what_it_can_hold(site: PageSite) -> None:
    """Categories and pages are offered, with values that came; numbers and signs of rules not."""
    slot = {
        "fallback": {"default": "a", "home": "b"},
        "context": [
            {"name": "stage", "kind": "category", "cells": ["growth", "x=y"]},
            {"name": "age", "kind": "number", "cells": [1, 2]},
        ],
    }
    model = {"values": [{"attribute": "stage", "value": "left"}, {"attribute": "age", "value": 1}]}
    with site.app.test_request_context():
        groups = condition_groups(slot, model)
    found = {one.by: [value for value, _label in one.values] for one in groups}
    assert found["stage"] == ["stage:growth", "stage:left"]
    assert found["page"] == ["page:home"]
    assert "age" not in found


@pytest.mark.parametrize(
    ("slot", "state", "words"),
    [
        ({}, "ok", "运行中"),
        ({"mode": "off"}, "attention", "已暂停，全部展示默认方案"),
        ({"mode": "shadow"}, "attention", "只记录不展示"),
        ({"mode": "frozen"}, "attention", "已冻结"),
        ({"mode": "frozen", "frozen_serves": "fallback"}, "broken", "已冻结，全部展示默认方案"),
        ({"serving": {"held": {"version": 3}}}, "attention", "固定在旧版本"),
    ],
)
def test_each_mode_has_its_words(
    site: PageSite, slot: dict[str, Any], state: str, words: str
) -> None:
    """The mode is told in words beside its colour; a held version too."""
    with site.app.test_request_context():
        assert mode_pill({"serving": {}} | slot) == (state, words)


def test_the_operator_s_own_names_stay(site: PageSite) -> None:
    """The product's slots, attributes and values have words; all others are data."""
    with site.app.test_request_context():
        assert slot_title({"slot": "banner", "title": "Promotion banner"}) == "横幅"
        assert slot_title({"slot": "gift", "title": "Gifts"}) == "Gifts"
        assert slot_title({"slot": "gift"}) == "gift"
        assert dimension_word("context.stage") == "生命周期阶段"
        assert dimension_word("context.colour") == "colour"
        assert value_word("context.stage", "left") == "已流失"
        assert value_word("page", "home") == "home"
        assert value_word("channel", None) == "未知"
