"""The screen of the funnel: where visitors leave, and whom to call."""

from __future__ import annotations

import re

import pytest
from funnel_visits import answering, archive, settled, visit
from page_site import PageSite

from nudge.pages.screens.funnel import shape_stages

LEAK = "WAP的“选择支付方式”环节（原因：支付通道故障）"


@pytest.fixture
def busy(site: PageSite) -> PageSite:
    visit(site.web)
    archive(site.web)
    return site


def test_the_first_sentence_names_the_leak_in_the_reader_s_language(busy: PageSite) -> None:
    """The verdict is the API's own sentence, and the leak is a link to those who left there."""
    with answering(busy.web):
        text = settled(busy, "/funnel?compare=")
        assert LEAK in re.findall('<p class="verdict">(.*?)</p>', text)[0]
        assert 'href="/winback?stage=method&amp;reason=gateway_down&amp;channel=wap"' in text
        assert "stage “payment method chosen”" in settled(busy, "/funnel?compare=", language="en")


def test_filters_of_the_address_reach_the_report(busy: PageSite) -> None:
    """A channel, a dimension and no comparison: the table tells what was asked."""
    with answering(busy.web):
        text = settled(busy, "/funnel?channel=web&by=weekday&compare=")
    assert '<option value="web" selected>' in text
    assert "星期" in text
    assert LEAK not in text
    assert "变化" not in text


def test_every_table_is_a_file(busy: PageSite) -> None:
    """Each table's link gives it as CSV; an unknown one is not there."""
    with answering(busy.web):
        text = settled(busy, "/funnel?compare=")
        client = busy.client()
        links = re.findall('href="([^"]*format=csv[^"]*)"', text)
        assert len(links) == 4
        for link in links:
            found = client.get(link.replace("&amp;", "&"))
            assert found.mimetype == "text/csv"
            assert len(found.text.splitlines()) > 1
        assert client.get("/funnel?compare=&format=csv&table=visitors").status_code == 404


def test_without_a_worker_the_page_says_that_it_is_computed(site: PageSite) -> None:
    """The answer is asked for again by itself, and by a link without script."""
    text = site.text("/funnel?by=none")
    assert 'hx-get="/funnel?by=none"' in text
    assert "刷新查看" in text


def test_a_filter_that_does_not_fit_is_explained(site: PageSite) -> None:
    """The page stays, says what is wrong, and keeps what was typed."""
    text = site.text("/funnel?from=2026-01-01&to=2026-03-01&compare=week", language="en")
    assert "overlaps it" in text
    assert 'value="2026-01-01"' in text
    assert "does not fit" in site.text("/funnel?by=variants%20of%20all", language="en")


def test_no_visit_is_no_table(site: PageSite) -> None:
    """Before the first visit the page says how to make some."""
    with answering(site.web):
        assert "make demo" in settled(site, "/funnel")


def stage(name: str, visits: int, lost: int, change: float | None) -> dict[str, object]:
    return {
        "stage": name,
        "visits": visits,
        "share_of_all": visits / 100,
        "went_on": visits - lost,
        "lost": lost,
        "loss_rate": lost / visits,
        "change": {"loss_rate": change},
    }


def test_the_outline_is_what_would_have_gone_on_before() -> None:
    """At the loss of the compared period; without one there is none."""
    leak = {"stage": "home", "reason": "soft", "lost": 3}
    leaks = [leak, leak | {"reason": None, "lost": 9}, leak | {"lost": 4}]
    stages = [stage("home", 100, 40, 0.1), stage("paid", 60, 0, None)]
    first, last = shape_stages({"visits": 100, "stages": stages, "leaks": {"ranked": leaks}})
    assert (first.width, first.kept) == (1.0, 0.6)
    assert first.before == pytest.approx(0.7)
    assert first.reasons == (("soft", 7),)
    assert (last.before, last.reasons) == (None, ())
