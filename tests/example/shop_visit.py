"""A visitor's browser in the shop: it notes errors, calls to other hosts, and what jumps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from child_processes import eventually
from playwright.sync_api import Browser, BrowserContext, Page
from shop_site import API, ShopSite

NUMBER = "13812345678"
PATIENCE = 20_000
"""Milliseconds: a test machine is busy."""
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => shifts.push(one.value)))
  .observe({type: 'layout-shift', buffered: true});
"""
PATIENT = """
{ const later = window.setTimeout;
  window.setTimeout = (call, wait, ...more) => later(call, wait === 300 ? 20000 : wait, ...more); }
"""
"""Lengthens the SDK's budget: a busy machine takes more than its 300 ms, and answers count here."""
SHOWN = """() => [
  [...document.querySelectorAll('[name=amount]')].findIndex((one) => one.checked),
  document.getElementById('other').value, document.getElementById('number').value,
  document.getElementById('banner')?.textContent]"""
NETWORK = "Failed to load resource"
"""A browser writes this line itself where the network fails; no script can keep it quiet."""


@dataclass
class ShopVisit:
    """A visitor with a browser profile of its own.

    Attributes:
        context: the profile.
        page: the shop's tab.
        problems: errors of scripts and of the console.
        strange: addresses of other hosts that were asked.
        met: calls that had met trouble at the door before this visit.
    """

    site: ShopSite
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    met: int = 0

    def open(self, path: str = "", *, lang: str = "zh") -> None:
        """Open a page of the shop."""
        self.page.goto(f"{self.site.url}/example{path}?lang={lang}")

    def wait(self, expression: str) -> None:
        """Wait until an expression holds in the page; the shop's policy allows no `eval` to ask."""
        assert eventually(lambda: bool(self.page.evaluate(expression))), expression

    def await_answer(self) -> None:
        """Wait until the page shows decisions or defaults."""
        self.wait("performance.getEntriesByName('answered').length > 0")

    def await_state(self, *states: str) -> str:
        """Wait until the small window shows one of these states, and return it."""
        self.wait(f"{list(states)}.includes(payment.state)")
        return str(self.page.evaluate("payment.state"))

    def go(self, path: str) -> None:
        """Tap the page's button, and wait for the next page."""
        self.page.click("#go")
        self.page.wait_for_url(f"**/example/{path}**")

    def pay_by(self, button: str, outcome: str) -> None:
        """Choose a method, and tell the payment page that opens how it ends."""
        with self.context.expect_page() as opened:
            self.page.click(button)
        with opened.value as bank:
            bank.click(f"[value={outcome}]")
            bank.wait_for_selector("[data-status]:not([hidden])")

    @property
    def visitor(self) -> str:
        """The visitor's id."""
        return str(self.page.evaluate("shop.visitor"))

    @property
    def amount(self) -> int:
        """The amount that the page has selected."""
        return int(self.page.evaluate("shop.amount"))

    @property
    def number(self) -> str:
        """The number in the page's field."""
        return str(self.page.input_value("#number"))

    @property
    def waiting(self) -> int:
        """The events that the browser still keeps."""
        found = "Object.keys(localStorage).filter((key) => key.startsWith('nudge.e')).length"
        return int(self.page.evaluate(found))

    def shifts(self) -> list[float]:
        """The layout shifts of this page, by the browser's own measure."""
        found: list[float] = self.page.evaluate("shifts")
        return found

    def shown(self) -> Any:
        """Everything of the page that a decision may change."""
        return self.page.evaluate(SHOWN)

    def answer_time(self) -> float:
        """Milliseconds from the question to what is shown, by the browser's clock."""
        mark = "performance.getEntriesByName('{}')[0].startTime"
        return float(self.page.evaluate(f"{mark.format('answered')} - {mark.format('asked')}"))

    def _note(self, kind: str, text: str) -> None:
        # The line of a call that met trouble may come when the trouble is over.
        if kind == "error" and not (self.site.door.met > self.met and NETWORK in text):
            self.problems.append(text)

    def _watch(self, page: Page) -> None:
        page.on("console", lambda line: self._note(line.type, line.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))


@contextmanager
def visiting(
    browser: Browser, site: ShopSite, script: str = PATIENT, **more: Any
) -> Iterator[ShopVisit]:
    """A new visitor; at the end nothing went wrong that would stand in the console.

    Args:
        browser: for all visitors.
        site: the shop.
        script: run before those of each page.
        more: options of the profile, such as its `viewport`.
    """
    options = {"viewport": {"width": 375, "height": 812}} | more
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(WATCH + script)
    visit = ShopVisit(site, context, context.new_page(), met=site.door.met)
    context.on("page", visit._watch)
    visit._watch(visit.page)
    own = site.url
    context.on(
        "request", lambda one: None if one.url.startswith(own) else visit.strange.append(one.url)
    )
    try:
        yield visit
        assert (visit.problems, visit.strange) == ([], [])
    finally:
        site.door.trouble, site.door.paths = "none", API
        context.close()
