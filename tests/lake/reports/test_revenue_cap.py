"""The cap of revenue: known from the first payments, one for all parts of a report, and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_traffic import NOW, SLOT, traffic, written

from nudge.domain.journal.records import Reward
from nudge.domain.reports.comparison import ComparisonRows, arm_sums_of
from nudge.domain.reports.questions import where_of
from nudge.domain.reports.report import ReportTerms, report
from nudge.lake.engine.engine import EngineLimits, engine
from nudge.lake.reports.cubes import build_cube
from nudge.lake.reports.cut import Cut
from nudge.lake.reports.revenue_cap import FIRST, two_digits, with_cap
from nudge.lake.reports.slot_rows import SlotRows, slot_rows

YUAN = replace(SLOT, terms=replace(SLOT.terms, objective="revenue"))
LARGE = 1_000_000
"""Fen: one payment of 10,000 yuan among those of some tens."""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlotRows]:
    """Rows in which one late payment is enormous."""
    found = traffic()
    number = max(
        i
        for i, (_, _, one) in enumerate(found)
        if isinstance(one, Reward) and one.value > 0 and one.conversions > 0
    )
    at, partition, last = found[number]
    assert isinstance(last, Reward)
    found[number] = at, partition, replace(last, value=LARGE)
    root = tmp_path_factory.mktemp("capped")
    lake = written(root / "lake", found)
    with engine(lake, EngineLimits(400_000_000), root / "cache") as (backend, contents):
        yield slot_rows(backend, contents, "banner", root / "cache")


def told(rows: SlotRows, cut: Cut) -> Any:
    """The report of a cut."""
    cube = build_cube(rows, cut, SLOT.names)
    return report(ReportTerms(YUAN, {1: 0.12, 2: 0.12}, NOW), cut.by, cube)


def test_the_cap_comes_from_the_first_payments_of_all_visitors(rows: SlotRows) -> None:
    """Five times the 95 % quantile of the first 1,000, whatever the filter; none of conversions."""
    table = rows.table.select("at_seconds", "id", "value").to_pandas()
    paid = table[table["value"] > 0].sort_values(["at_seconds", "id"])["value"].to_numpy()[:FIRST]
    want = two_digits(5.0 * float(np.quantile(paid, 0.95)))
    for where in ((), where_of("channel:web")):
        assert with_cap(rows, Cut(revenue=True, where=where)).cap == want
    assert with_cap(rows, Cut()).cap is None
    assert want < LARGE


def test_one_enormous_payment_is_cut_where_variants_are_compared_and_told(rows: SlotRows) -> None:
    """Counted revenue has it; compared revenue has the cap; the report tells the difference."""
    whole, cut = told(rows, Cut(revenue=True)), with_cap(rows, Cut(revenue=True))
    capped = told(rows, cut)
    assert cut.cap is not None
    found, plain = capped["whole"], whole["whole"]
    assert plain["capped"] is None
    assert found["capped"]["cap"] == cut.cap / 100
    assert found["capped"]["exposures"] == 1
    assert found["capped"]["yuan"] == pytest.approx((LARGE - cut.cap) / 100)
    assert found["revenue"] == plain["revenue"]
    rewards = [
        arm_sums_of(ComparisonRows.of(build_cube(rows, one)), [0, 1], shares=False).table
        for one in (Cut(revenue=True), cut)
    ]
    assert rewards[0].square.sum() > LARGE**2 / 1e4 > 50 * rewards[1].square.max()


def test_segments_add_up_to_what_was_cut_in_all(rows: SlotRows) -> None:
    """All segments share the cap of the whole."""
    found = told(rows, with_cap(rows, Cut(by=("channel",), revenue=True)))
    cut = [one["capped"] for one in found["segments"] if not one["hidden"]]
    assert {one["cap"] for one in cut} == {found["whole"]["capped"]["cap"]}
    for name in ("exposures", "yuan"):
        assert sum(one[name] for one in cut) == pytest.approx(found["whole"]["capped"][name])


@pytest.mark.parametrize(
    ("fen", "want"), [(7, 7), (99, 99), (101, 110), (25_000, 25_000), (25_001, 26_000)]
)
def test_a_cap_has_two_digits(fen: float, want: int) -> None:
    """The cap is rounded up, so that a refund among the first payments hardly ever moves it."""
    assert two_digits(fen) == want
