"""The cost of made-up visitors through one page key to the pages of others (row S6).

200,000 made-up visitors a minute come in calls of 100 with one key from one address, beside 50
pages a second of three kinds: of known devices, with another key, and from another address.
Baseline `alone`: the same pages before the flood. The web is a real `nudge serve`, with the limits
of `config/nudge.toml`; the small form serves in this process.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from benchmarks.flood_site import KEY, memory_of, site, small_site
from benchmarks.options import option_parser

BASELINE: Final = "alone (baseline)"
PER_MINUTE: Final = 200_000
VISITORS: Final = 100
PAGES: Final = 50
SECONDS: Final = 120.0
SLOTS: Final = ("denomination", "prefill", "banner")
LINES: Final = 8
"""Connections of each kind of caller."""
KNOWN: Final = 20
MOST_RATIO: Final = 2.0


@dataclass
class Tally:
    """A tally of calls, by what became of them.

    Attributes:
        seconds: from when each was due to its answer.
        statuses: how many answers of each.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def told(self) -> str:
        """The row of the table."""
        p50, p99 = (1000 * self.percentile(share) for share in (50, 99))
        return f"{p50:9.1f} {p99:9.1f}   {dict(self.statuses)}"

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the calls was answered, in percent."""
        return float(np.percentile(self.seconds, share)) if self.seconds else 0.0


@dataclass(frozen=True)
class Page:
    """A page that asks: its key, its body, and the address that it comes from."""

    key: str
    body: dict[str, Any]
    address: str = "127.0.0.1"


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table; the exit code is 1 where the pages of others are refused, or take twice."""
    parser = option_parser("flood", __doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    given = parser.parse_args(arguments)
    seconds = 0.2 if given.small else given.seconds
    with small_site() if given.small else site() as (port, other, pid):
        others = _others(port, other)
        _run(port, others, PAGES, min(seconds, 20.0))  # the first calls of all load what they need
        alone = _run(port, others, PAGES, min(seconds, 30.0))
        before, flood = memory_of(pid), Tally()
        calls = PER_MINUTE / 60 / VISITORS
        pouring = threading.Thread(target=_run, args=(port, _made_up, calls, seconds, flood))
        pouring.start()
        beside = _run(port, others, PAGES, seconds)
        pouring.join()
        after, refused = memory_of(pid), _refused(port)
    return _table(alone, beside, flood, (before, after), refused)


def _table(
    alone: Tally, beside: Tally, flood: Tally, memory: tuple[dict[str, int], ...], refused: float
) -> int:
    print(f"{'':22} {'p50 ms':>9} {'p99 ms':>9}   answers")
    for name, tally in ((BASELINE, alone), ("beside the flood", beside), ("the flood", flood)):
        print(f"{name:22} {tally.told()}")
    ratios = [beside.percentile(share) / max(alone.percentile(share), 1e-9) for share in (50, 99)]
    print(f"{'beside / alone':22} {ratios[0]:8.2f}x {ratios[1]:8.2f}x")
    print(f"visitors refused: {refused:.0f} of {VISITORS * sum(flood.statuses.values())}")
    for name in memory[0]:
        print(f"memory of the {name}: {memory[0][name]} MB before, {memory[1][name]} MB after")
    refused_others = set(beside.statuses) != {200}
    return int(refused_others or max(ratios) > MOST_RATIO)


def _run(
    port: int,
    page_of: Callable[[int], Page],
    rate: float,
    seconds: float,
    into: Tally | None = None,
) -> Tally:
    """Send calls at their times, whether or not earlier ones were answered, on several lines."""
    tally, began = into or Tally(), time.perf_counter()
    numbers = iter(range(int(rate * seconds)))

    def line() -> None:
        open_lines: dict[str, http.client.HTTPConnection] = {}
        while (number := next(numbers, None)) is not None:
            due = began + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            tally.statuses[_call(port, page_of(number), open_lines)] += 1
            tally.seconds.append(time.perf_counter() - due)

    threads = [threading.Thread(target=line) for _ in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _call(port: int, page: Page, lines: dict[str, http.client.HTTPConnection]) -> int:
    line = lines.get(page.address)
    if line is None:
        source = (page.address, 0)
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=source)
        line.connect()
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines[page.address] = line
    return _asked(line, page)[0]


def _asked(line: http.client.HTTPConnection, page: Page) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {page.key}", "Content-Type": "application/json"}
    line.request("POST", "/v1/decisions", json.dumps(page.body), headers)
    answer = line.getresponse()
    return answer.status, answer.read()


def _ask(visitor: str, **more: str) -> dict[str, Any]:
    return {"visitor_id": visitor, "channel": "web", "page": "home", "slots": SLOTS, **more}


def _made_up(number: int) -> Page:
    run = os.getpid()
    visitors = [{"visitor_id": f"made-up-{run}-{number}-{n}"} for n in range(VISITORS)]
    return Page(KEY, {"channel": "web", "page": "home", "slots": SLOTS, "visitors": visitors})


def _others(port: int, other_key: str) -> Callable[[int], Page]:
    """Make the pages of others: a known device, another key and another address by turns."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    known = []
    for number in range(KNOWN):
        _, payload = _asked(line, Page(KEY, _ask(f"known-{number}")))
        token = str(json.loads(payload)["device_token"])
        known.append(_ask(f"known-{number}", device_token=token))
    drawn = iter(range(10**9))

    def page(number: int) -> Page:
        kinds = (
            lambda: Page(KEY, known[number % KNOWN]),
            lambda: Page(other_key, _ask(f"other-{next(drawn)}")),
            lambda: Page(KEY, _ask(f"far-{next(drawn)}"), "127.0.0.2"),
        )
        return kinds[number % len(kinds)]()

    return page


def _refused(port: int) -> float:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", "/metrics")
    text = line.getresponse().read().decode()
    found = re.findall(r'nudge_refused_total\{[^}]*kind="decisions"[^}]*\} (\S+)', text)
    return sum(map(float, found))
