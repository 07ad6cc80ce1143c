"""The SDK in a real browser, against a real service: pages closed, cut off and restored.

That defaults come within the budget and stay is shown by `tests/example/test_shop.py`, and old
browsers by `tests/example/test_guide.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from e2e_service import Service
from page_lives import ENDS, Outcome, plan_lives, play
from playwright.sync_api import Page
from sdk_site import FAULTS, Site

from nudge.api.sdk_files import SdkFile, read_sdk_files
from nudge.lake.engine.query import connect

SEED = 48
WAITING = "Object.keys(localStorage).filter(key => !key.indexOf('nudge.e')).length"
TOLD = "Object.keys(localStorage).some(key => !key.indexOf('told.'))"
SETTLED = f"{TOLD} && !({WAITING})"
"""The page told its exposure, and the service acknowledged it."""


def test_every_exposure_is_counted_once_after_one_healthy_visit(
    lives_service: Service, site: Site
) -> None:
    """Two lives of each fault, and each end among them; every pair of the two is in the soak."""
    lives = plan_lives(2 * len(FAULTS), SEED)
    assert {life.end for life in lives} == set(ENDS)
    check_lives(lives_service, play(site, lives))


@pytest.mark.soak
@pytest.mark.parametrize("count", [2_000, 8_000])
def test_thousands_of_lives_lose_and_double_nothing(
    lives_service: Service,
    site: Site,
    count: int,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    """Every exposure is counted once over thousands of lives; ten thousand in all."""
    outcome = play(site, plan_lives(count, count))
    record_testsuite_property(f"exposures told in {count} lives", len(outcome.told))
    record_testsuite_property(f"pages restored in {count} lives", outcome.restored)
    check_lives(lives_service, outcome)


def check_lives(service: Service, outcome: Outcome) -> None:
    """Every exposure that the SDK was told of is counted once, and nothing else is."""
    assert service.settled(120)
    exposures = counted(service, "exposures", "decision_id")
    sent = counted(service, "events", "event_id")
    told = Counter(outcome.told)
    assert outcome.waiting == []
    assert set(told.values()) == {1}
    assert {one: exposures[one] for one in told if exposures[one] != 1} == {}
    assert {one: sent[f"s{one}"] for one in told if sent[f"s{one}"] != 1} == {}
    # A page that was killed may have told the SDK, and not noted it any more.
    killed = sum(n for kind, n in outcome.lives.items() if kind.endswith("crashed"))
    assert (exposures - told).total() <= killed
    assert outcome.restored > 0


def counted(service: Service, table: str, column: str) -> Counter[str]:
    """How often each value stands in a column of the lake."""
    rows = connect(service.lake).table(table).select(column).to_pyarrow().to_pylist()
    return Counter(row[column] for row in rows)


def test_a_page_that_stays_open_sends_when_the_network_is_back(site: Site, page: Page) -> None:
    """An exposure told while offline is kept, and sent by the same page later, without an error."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(site.life("healthy", "offline", after=1_000, budget=10_000))
    page.wait_for_function("found.answers.length")
    page.context.set_offline(True)
    page.wait_for_function(WAITING)
    page.context.set_offline(False)
    page.wait_for_function(SETTLED)
    assert problems == []


def test_a_healthy_page_says_nothing_on_the_console(site: Site, page: Page) -> None:
    """No error, no call to another host, and no preflight before a call."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    hosts: list[str] = []
    page.on("request", lambda request: hosts.append(request.url))
    page.goto(site.life("healthy", "quiet", after=0, budget=10_000))
    page.wait_for_function(SETTLED)
    assert told == []
    own = (site.pages, site.way, "data:")
    assert [url for url in hosts if not url.startswith(own)] == []
    assert [call for call in site.calls if call.startswith("OPTIONS")] == []


def test_seen_waits_until_it_is_in_sight(site: Site, page: Page) -> None:
    """A banner below the fold is an exposure once it was half in sight for a second."""
    page.goto(site.life("healthy", "seen", budget=10_000))
    page.wait_for_function("found.answers.length")
    page.evaluate(
        """() => {
            const banner = document.querySelector('#banner');
            banner.style.marginTop = '3000px';
            nudge.seen(banner, 'abc');
        }"""
    )
    page.wait_for_timeout(1_300)
    assert page.evaluate(WAITING) == 0
    page.evaluate("document.querySelector('#banner').scrollIntoView()")
    page.wait_for_function(WAITING)


def test_the_printed_tag_loads_and_another_file_does_not(
    lives_service: Service, site: Site, page: Page
) -> None:
    """A browser runs the script under its hash, from any origin, and refuses any other one."""
    present = read_sdk_files().versions[read_sdk_files().current]
    other = SdkFile(present.version, "sha384-" + "A" * 64, present.text)
    for file, kind in ((present, "object"), (other, "undefined")):
        page.goto(f"{site.pages}/other")
        page.set_content(f"<body>{file.tag(lives_service.url)}</body>", wait_until="load")
        assert page.evaluate("typeof nudge") == kind
