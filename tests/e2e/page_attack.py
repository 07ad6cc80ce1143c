"""An attack by somebody who has a page's key: visitors by the hundred, who say what serves."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Said = Callable[[str], tuple[bool, bool]]
"""The words of a made-up visitor under a variant: shown, tapped."""
FAVOURITE = "triple_gift"
PATTERNS: dict[str, Said] = {
    "taps": lambda variant: (True, variant == FAVOURITE),
    "rivals": lambda variant: (variant != FAVOURITE, False),
    "both": lambda variant: (True, variant not in {FAVOURITE, "video"}),
}
THREADS = 8


@dataclass
class Attack:
    """Made-up visitors of one slot.

    Attributes:
        url: of the service.
        key: of the page.
        addresses: from which they come.
        variants: that they got.
        refused: calls that were answered with 429.
    """

    url: str
    key: str
    said: Said
    addresses: int = 1
    slot: str = "banner"
    variants: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    def run(self, first: int, visitors: int) -> None:
        """Let some visitors come, eight at a time."""
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.visit, range(first, first + visitors)))

    def visit(self, number: int) -> None:
        """One visitor asks, and says things."""
        who = f"made-up-{number}"
        body = {"visitor_id": who, "channel": "web", "page": "home", "slots": [self.slot]}
        answer = self._call(number, "/v1/decisions", body)
        if answer is None:
            return
        given = answer["decisions"][self.slot]
        self.variants[given["variant"]] += 1
        shown, tapped = self.said(given["variant"])
        events: list[dict[str, object]] = []
        if shown:
            events.append({"type": "shown", "decision_id": given["decision_id"]})
        if tapped:
            events.append({"type": "step", "step": "pay_tapped"})
        named = [
            {"event_id": f"{number}-{i}", "visitor_id": who, **one} for i, one in enumerate(events)
        ]
        if named:
            self._call(number, "/v1/events", {"events": named})

    def _call(self, number: int, path: str, body: object) -> Any:
        at = urlsplit(self.url)
        source = (f"127.0.1.{1 + number % self.addresses}", 0)
        link = http.client.HTTPConnection(str(at.hostname), at.port, 30, source)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        link.request("POST", path, json.dumps(body), headers)
        answer = link.getresponse()
        told = answer.read()
        link.close()
        if answer.status == http.HTTPStatus.TOO_MANY_REQUESTS:
            self.refused += 1
            return None
        assert answer.status < 300, told
        return json.loads(told)
