"""Reports of the work as pages: computed by a worker, told by whole sentences, kept as files."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from threading import Event as Stop
from threading import Thread

import pytest
from example_api import example, example_site
from funnel_traffic import DAY, START, Timed, written
from loop_traffic import opened, paid, step
from page_site import PageSite
from playwright.sync_api import Browser
from screen_checks import screen_of

from nudge.wiring.stores import patient_store
from nudge.workers.reports.loop_answers import loop_kind
from nudge.workers.reports.report_loop import ReportLoop

REPORTS = {
    "/v1/winback/effect": "getWinbackEffect",
    "/v1/warnings/factors": "getFactors",
    "/v1/worklist/loop": "getWorkLoop",
}
PERIOD = f"from={START!r}&to={START + 2 * DAY!r}&kept_within=1d"


def traffic() -> Iterator[Timed]:
    """Half of 240 people are held out; who is called comes back three times as often."""
    for person in range(240):
        held = person % 2 == 0
        record = opened(person, float(person), held=held, stage="method", reason="timeout")
        yield START + person, record
        if not held:
            yield step(record, "assign", person + 10.0, to="ann", team="care", by="load")
            yield step(record, "contact", person + 20.0, channel="call", reached=True, cost=0.2)
        if person % 10 < (2 if held else 6):
            yield paid(person, person + 100.0)
    yield paid(10_000, 5 * DAY)


@pytest.fixture
def busy(site: PageSite) -> Iterator[PageSite]:
    """A site with a lake of cases, and a worker that answers about the closed loop."""
    settings = site.web.service.settings
    written(settings.lake_dir, traffic())
    store, stop = patient_store(settings), Stop()
    loop = ReportLoop(store, loop_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield site
    stop.set()
    thread.join()
    store.close()


def ready(site: PageSite, path: str, language: str = "en") -> str:
    """The page of a report, once a worker has made it; until then the page says so."""
    until = time.monotonic() + 120.0
    while 'class="pending"' in (page := site.text(path, language=language)):
        assert 'hx-select="#report"' in page
        assert time.monotonic() < until
        time.sleep(0.2)
    return page


def test_the_loop_begins_with_what_acting_added(busy: PageSite) -> None:
    """The verdict is the sentence against the holdout; groups have their titles in words."""
    page = ready(busy, f"/work/loop?{PERIOD}&by=stage")
    assert "Acting helps" in page.split('class="verdict"')[1][:400]
    assert "payment method chosen" in page
    table = busy.client(language="en").get(f"/work/loop?{PERIOD}&by=stage&format=csv").text
    rows = list(csv.DictReader(io.StringIO(table.lstrip("\ufeff"))))
    kept = [one for one in rows if one["Step"] == "kept (paid)"]
    assert [(one["Group"], one["Cases"]) for one in kept] == [
        ("All cases", "72"),
        ("payment method chosen", "72"),
    ]
    assert "选择支付方式" in ready(busy, f"/work/loop?{PERIOD}&by=stage", "zh")
    assert "与相似工单比较" in ready(busy, f"/work/loop?{PERIOD}&by=agent", "zh")


def test_a_report_comes_by_itself(browser: Browser, busy: PageSite) -> None:
    """The page asks again until the worker has made the report; nobody reloads it."""
    with busy.listening() as url, screen_of(browser, url, lang="en") as tab:
        tab.open("/work/loop?from=2026-09-21&to=2026-09-22&kept_within=1d&by=rule")
        tab.page.wait_for_selector("text=Acting helps", timeout=120_000)
        assert tab.page.query_selector(".pending") is None
        assert tab.findings() == []


@pytest.mark.parametrize("path", ["/work/loop", "/winback/effect", "/warnings/factors"])
def test_a_report_is_asked_for_once_and_shown_when_it_is_there(site: PageSite, path: str) -> None:
    """Without a worker the page says that it is being computed; a period without sense is told."""
    page = site.text(path, language="en")
    assert 'class="pending"' in page
    page = site.text(f"{path}?from=2026-11-28&to=2026-11-01", language="en")
    assert "cannot be asked" in page
    assert 'class="pending"' not in page


def test_what_win_back_adds_is_told_by_fifths_and_against_the_held_out(
    site: PageSite,
) -> None:
    """The verdict leads; each fifth has its interval, and each group its sentence."""
    client = example_site(site, REPORTS).client(language="en")
    page = client.get("/winback/effect").text
    assert "Contacting helps, and helps some more than others" in page.split("verdict")[1][:200]
    assert page.count('class="whisker ') == 5
    for words in ("+25.6%", "+15.0%, +36.3%", "Share kept of the held out", "All cases"):
        assert words in page
    table = client.get("/winback/effect?format=csv").text.lstrip("\ufeff")
    assert next(csv.DictReader(io.StringIO(table)))["Held out"] == "525"


def test_what_goes_with_leaving_is_told_in_sentences(site: PageSite) -> None:
    """Sure factors stand open, the others are folded in; the file has all."""
    client = example_site(site, REPORTS).client(language="en")
    page = client.get("/warnings/factors").text
    assert "409 of 1,200 people left" in page.split("verdict")[1][:200]
    sure, folded = page.split("<details>")[:2]
    assert "score_network at least 8" in sure
    assert "cannot tell" not in sure
    assert "failed_payments: cannot tell" in folded
    table = client.get("/warnings/factors?format=csv").text.lstrip("\ufeff")
    assert {one["Group"] for one in csv.DictReader(io.StringIO(table))} >= {"All people", "new"}


@pytest.mark.parametrize(("lang", "width"), [("zh", 360), ("en", 1440)])
def test_reports_with_figures_are_for_everybody(
    browser: Browser, site: PageSite, lang: str, width: int
) -> None:
    """With all that a report may tell, no finding of axe, and every word in one language."""
    shown = example_site(site, REPORTS)
    with shown.listening() as url, screen_of(browser, url, lang=lang, width=width) as tab:
        tab.problems.clear()  # signing in leads to the overview, which has no example here
        for path in ("/winback/effect", "/warnings/factors", "/work/loop"):
            tab.open(path)
            assert (path, tab.findings()) == (path, [])
            assert (path, tab.foreign_words(lang)) == (path, [])
            assert (path, tab.unreachable()) == (path, [])


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ({"gain": 0.38, "low": 0.12, "high": 0.64}, "a call is expected to bring ¥38 (¥12 to ¥64)"),
        ({"gain": 0.02, "low": -0.1, "high": 0.14}, "What a call adds cannot be told yet."),
        (None, "What a call adds cannot be told yet."),
    ],
)
def test_the_first_sentence_tells_what_a_call_brings_with_its_doubt(
    site: PageSite, gain: dict[str, float] | None, words: str
) -> None:
    """Yuan are told where the interval leaves out nothing at all, and with the interval alone."""
    told = example("listWinback")
    told["winback"][0] |= {"gain": gain, "worth": 100.0}
    case = told["winback"][0]["id"]
    work = {**example("getWork"), "id": case, "kind": "winback", "numbers": ["138****5678"]}
    answers = {
        "/v1/winback": told,
        "/v1/worklist/setup": "getWorkSetup",
        f"/v1/worklist/{case}": work,
        f"/v1/worklist/{case}/measure": "getMeasure",
        f"/v1/winback/{case}": {**example("getWinback"), "gain": gain, "worth": 100.0},
    }
    page = example_site(site, answers).text("/winback", language="en")
    verdict = page.split('class="verdict"')[1].split("</p>")[0]
    assert "Call 138****5678 first" in verdict
    assert words in verdict
