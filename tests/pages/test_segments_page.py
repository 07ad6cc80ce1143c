"""Segments as pages: rules in words, size by day, offers, and members for who may see them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from page_site import PageSite
from work_site import set_up, spend_less

from nudge.domain.journal.records import Mark
from nudge.flows.folds.segment import SegmentFold
from nudge.pages.screens.segments import by_kind, day_chart


@pytest.fixture
def full(site: PageSite) -> PageSite:
    """A site with two people of the mid tier, who spend less than before."""
    set_up(site)
    for name in ("ada", "bob"):
        spend_less(site, name)
    service = site.web.service
    for p in service.store.keys.every_partition():
        service.patient.journal.append_mark(p, Mark("beat"))
    site.fold(SegmentFold(service.patient, lambda: service.configuration.segment_book))
    return site


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_every_segment_has_its_rule_in_words_and_its_size(full: PageSite) -> None:
    """The first sentence names the largest; the file has the same rows."""
    page = full.text("/segments")
    assert "共 7 个客群，人数最多的是“" in page
    assert "逾期天数大于 10，或消费变化不大于 0.6" in page
    rows = rows_of(full.client(language="en").get("/segments?format=csv").text)
    counts = {one["Segment"]: one["Members now"] for one in rows}
    assert (counts["stage.warning"], counts["tier.mid"], counts["tier.high"]) == ("2", "2", "0")
    assert "change of spending is at most 0.6" in full.text("/segments", language="en")


def test_a_segment_tells_its_days_offers_and_members(full: PageSite) -> None:
    """The chart has a table, each offer says who may get it, and a member why they belong."""
    page = full.text("/segments/stage.warning", language="en")
    assert "2 people are in this segment now" in page
    for words in ("Members at the end of each day", "Recharge and have a coffee", "banner"):
        assert words in page
    assert page.count("<code>spending_change</code>") == 2
    client = full.client(language="en")
    days = rows_of(client.get("/segments/stage.warning?format=csv&table=days").text)
    assert days[-1]["Members"] == "2"
    offers = rows_of(client.get("/segments/stage.warning?format=csv&table=offers").text)
    assert {one["Slot"] for one in offers} == {"banner"}


def test_a_segment_that_is_not_there_is_told(site: PageSite) -> None:
    """An unknown name is a page of its own, and the first day says that nobody is in any."""
    for name in ("stage.nothing", "..%2Fv1", "x" * 300):
        assert site.client().get(f"/segments/{name}").status_code == 404
    assert "Nobody is in a segment yet" in site.text("/segments", language="en")


def test_the_data_of_the_chart_are_those_of_the_days(site: PageSite) -> None:
    """Each day is a point at its beginning in the operator's zone; kinds keep their order."""
    days = [{"date": "2026-11-27", "count": 3}, {"date": "2026-11-28", "count": 4}]
    with site.app.app_context():
        chart: Any = day_chart({"label": "high", "days": days})
    assert chart["x"] == ["2026-11-27T00:00:00+08:00", "2026-11-28T00:00:00+08:00"]
    assert chart["series"][0]["values"] == [3, 4]
    order = [{"kind": "stage"}, {"kind": "tier"}, {"kind": "stage"}]
    assert list(by_kind(order)) == ["stage", "tier"]
