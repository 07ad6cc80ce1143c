"""Checks of a screen in a browser: nothing in the console, no other host, no finding of axe."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page

AXE: Final = Path(__file__).parent / "axe.min.js.gz"
WIDTHS: Final = (360, 1440)
PATIENCE: Final = 20_000
"""Milliseconds: a test machine is busy."""
FINDINGS: Final = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], iframes: false});
  return found.violations.map((one) => one.id + ': ' + one.nodes.map((n) => n.html).join(' | '));
}"""
WIDE: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


NAMES: Final = [
    *("SMS", "WAP", "CSV", "Nudge", "API", "ID", "App", "APP", "Redis", "Valkey", "Python"),
    *("Ctrl", "Enter", "Esc", "Parquet", "IVR", "MB"),
]
"""Words in Latin letters that stand on Chinese pages, too."""
FOREIGN: Final = """([lang, names]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const own = document.documentElement.lang.slice(0, 2), found = [];
  const skip = 'script, .data, code, pre, kbd, svg, textarea, bdi';
  while (walker.nextNode()) {
    const box = walker.currentNode.parentElement, said = box.closest('[lang]').lang.slice(0, 2);
    if (box.closest(skip) || said !== own) continue;
    const foreign = lang === 'zh' ? /[A-Za-z]{2,}/g : /[\u3400-\u9fff]+/g;
    const words = walker.currentNode.textContent.replace(/[\\w/.-]+\\.toml/g, '').match(foreign);
    found.push(...(words || []).filter((word) => !names.includes(word)));
  }
  return found;
}"""
"""The words of the other language in what a page says itself: data and code may be anything."""
FOCUSABLE: Final = """() => [...document.querySelectorAll(
  'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .filter((one) => one.type !== 'radio' || one.checked)
  .map((one, i) => { one.dataset.stop = i; return String(i); })"""
STILL: Final = """() =>
  document.body.addEventListener('htmx:beforeRequest', (one) => one.preventDefault())"""
STOP: Final = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  return [here.dataset.stop ?? null, style.outlineStyle !== 'none' || style.boxShadow !== 'none'];
}"""


@dataclass
class Screen:
    """A tab on the pages, and what went wrong in it.

    Attributes:
        page: playwright's.
        url: of the service.
        problems: errors of the console and of scripts, requests to other hosts, refused styles.
    """

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a page, and wait until its network is quiet."""
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")

    def findings(self) -> list[str]:
        """The findings of axe on the page that is open, of every level."""
        # The tests' own tool comes past the page's policy, which allows no script from outside.
        self.page.evaluate(gzip.decompress(AXE.read_bytes()).decode() + "; 0")
        found: list[str] = self.page.evaluate(FINDINGS)
        if self.page.evaluate(WIDE):
            found.append("the page is wider than the window")
        return found

    def foreign_words(self, lang: str) -> list[str]:
        """The words on the page that are not of its language."""
        found: list[str] = self.page.evaluate(FOREIGN, [lang, NAMES])
        return found

    def unreachable(self) -> list[str]:
        """The elements that the Tab key does not reach, or reaches without showing it."""
        # A part that asks again would take the marks away.
        self.page.evaluate(STILL)
        wanted = set(self.page.evaluate(FOCUSABLE))
        self.page.evaluate("document.activeElement.blur()")
        missing = []
        for _ in range(2 * len(wanted) + 5):  # a field of a date has several stops
            self.page.keyboard.press("Tab")
            stop, visible = self.page.evaluate(STOP)
            wanted.discard(stop)
            if stop is not None and not visible:
                missing.append(f"no outline: {self._html(stop)}")
        return missing + [self._html(one) for one in sorted(wanted)]

    def _html(self, stop: str) -> str:
        found = "(stop) => document.querySelector(`[data-stop='${stop}']`).outerHTML.slice(0, 120)"
        return str(self.page.evaluate(found, stop))


@contextmanager
def screen_of(
    browser: Browser,
    url: str,
    role: str = "admin",
    lang: str = "zh",
    width: int = 1440,
    *,
    dark: bool = False,
) -> Iterator[Screen]:
    """A tab that is signed in by a role; at its end nothing may have gone wrong.

    Args:
        browser: for all tabs.
        url: of a site that listens.
        role: that is signed in.
        lang: of the pages.
        width: of the window, in pixels.
        dark: whether the system's theme is dark.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    with tab_of(context, url) as screen:
        screen.page.goto(f"{url}/pages/test/{role}?lang={lang}")
        yield screen


@contextmanager
def tab_of(context: BrowserContext, url: str) -> Iterator[Screen]:
    """A tab of a profile that ends with it; at its end nothing may have gone wrong."""
    context.set_default_timeout(PATIENCE)
    screen = Screen(context.new_page(), url)
    page = screen.page
    page.on("console", lambda line: _note(screen, line.type, line.text))
    page.on("pageerror", lambda error: screen.problems.append(str(error)))
    page.on("request", lambda one: _outside(screen, one.url))
    try:
        yield screen
        assert not screen.problems, screen.problems
    finally:
        context.close()


def _note(screen: Screen, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        screen.problems.append(text)


def _outside(screen: Screen, address: str) -> None:
    if not address.startswith((screen.url, "data:")):
        screen.problems.append(f"asks another host: {address}")
