"""Chromium and node for the tests of pages: Debian brings the one, playwright the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
)
"""Root runs the tests in containers, without a screen; extensions and a process more cost time."""


def node() -> str:
    """The node of playwright's driver: no other one has to be installed."""
    return str(compute_driver_executable()[0])


def chromium() -> str:
    """The browser; without it a test fails and says what to do."""
    found = shutil.which("chromium")
    assert found, "no chromium: `apt-get install chromium` (.ci/run does), then run the tests again"
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless browser until the end of the block; visitors are contexts of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
