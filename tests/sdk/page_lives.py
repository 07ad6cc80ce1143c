"""Forced lives of pages in a real browser, and which exposures the SDK was told of in them.

A profile is a visitor: storage and cookies of its own. It has some lives, each ended by force, and
one healthy visit at the end.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from browsers import ARGUMENTS, chromium
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright
from sdk_site import FAULTS, Site

ENDS: Final = ("closed", "left", "restored", "offline", "crashed")
"""Closed; left for another page; left and restored from the back-forward cache; the network goes
first; the page's process is killed."""
LONGEST: Final = 3.0
"""Seconds of a life."""
BUDGET: Final = 1500
"""Milliseconds: what is asked here is what becomes of exposures, and a default has none."""
PROFILE: Final = 6
"""Lives of a profile."""
TOGETHER: Final = 8
"""Profiles at once."""
HEALTHY: Final = 30.0
"""Seconds that the healthy visit may take, on a busy machine: it ends when nothing waits."""
READ: Final = "[Object.keys(localStorage), localStorage.restored, found.answers.length]"


@dataclass(frozen=True)
class Life:
    """One life of a page.

    Attributes:
        fault: of the way to the service.
        end: how it ends.
        seconds: until then.
        after: milliseconds from the answer to the exposure.
    """

    fault: str
    end: str
    seconds: float
    after: int


@dataclass
class Outcome:
    """The outcome of some lives.

    Attributes:
        told: ids of decisions that the SDK was told to have been shown.
        waiting: events that no healthy visit could send.
        restored: pages that came from the back-forward cache.
        lives: how many ended how.
    """

    told: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    restored: int = 0
    lives: Counter[str] = field(default_factory=Counter)


def plan_lives(count: int, seed: int) -> list[Life]:
    """Lives in equal parts of all faults and ends, of random length.

    Their numbers have no common factor: a few lives have all faults and all ends, and as many as
    there are pairs have each pair once.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    return [
        Life(
            FAULTS[i % len(FAULTS)],
            ENDS[i % len(ENDS)],
            draw.uniform(0, LONGEST),
            draw.choice((0, 0, 50, 400)),
        )
        for i in range(count)
    ]


def play(site: Site, lives: Sequence[Life]) -> Outcome:
    """Play all lives in one browser, several profiles at once."""
    # In a thread of its own: the tests' other browser has a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _play(site, lives)).result()


async def _play(site: Site, lives: Sequence[Life]) -> Outcome:
    outcome, room = Outcome(), asyncio.Semaphore(TOGETHER)
    # Strides: the lives of a profile differ in their faults and ends.
    profiles = -(-len(lives) // PROFILE)
    async with async_playwright() as library:
        browser = await library.chromium.launch(
            executable_path=chromium(),
            args=ARGUMENTS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        await asyncio.gather(
            *(
                _profile(browser, site, i, lives[i::profiles], room, outcome)
                for i in range(profiles)
            )
        )
        await browser.close()
    return outcome


async def _profile(
    browser: Browser,
    site: Site,
    number: int,
    lives: Sequence[Life],
    room: asyncio.Semaphore,
    outcome: Outcome,
) -> None:
    async with room:
        context = await browser.new_context()
        for i, life in enumerate(lives):
            await _live(context, site, f"p{number}-{i}", life)
            outcome.lives[f"{life.fault} {life.end}"] += 1
        await _visit(context, site, f"p{number}-healthy", outcome)
        await context.close()


async def _live(context: BrowserContext, site: Site, name: str, life: Life) -> None:
    page = await context.new_page()
    address = site.life(life.fault, name, after=life.after, budget=BUDGET)
    await page.goto(address, wait_until="commit")
    if life.end == "offline":
        await asyncio.sleep(life.seconds / 4)
        await context.set_offline(True)
    await asyncio.sleep(life.seconds / 2)
    if life.end in {"left", "restored"}:
        await page.goto(f"{site.pages}/other", wait_until="commit")
    if life.end == "restored":
        await page.evaluate("history.back()")
    await asyncio.sleep(life.seconds / 2)
    await (_crash(page) if life.end == "crashed" else page.close())
    await context.set_offline(False)


async def _crash(page: Page) -> None:
    """Kill the page's process; the command is never answered."""
    session = await page.context.new_cdp_session(page)
    killed = asyncio.ensure_future(session.send("Page.crash"))
    await asyncio.sleep(0.3)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    await page.close()


async def _visit(context: BrowserContext, site: Site, name: str, outcome: Outcome) -> None:
    """Visit once more, with a service that answers, and look at what the profile has noted."""
    page = await context.new_page()
    # This page tells no exposure of its own: it would wait for its own confirmation.
    await page.goto(site.life("healthy", name))
    end = asyncio.get_running_loop().time() + HEALTHY
    while True:
        await asyncio.sleep(0.25)
        try:
            keys, restored, answers = await page.evaluate(READ)
        except Error:
            continue
        waiting = [key for key in keys if key.startswith("nudge.e")]
        told = [key.removeprefix("told.") for key in keys if key.startswith("told.")]
        if (answers and not waiting) or asyncio.get_running_loop().time() > end:
            break
    outcome.told += told
    outcome.waiting += waiting
    outcome.restored += int(restored or 0)
    await page.close()
