"""The shipped denomination slot of a fresh `nudge serve`, spoken to over HTTP alone."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nudge.client.api import Api, ServiceTarget

ROOT: Final = Path(__file__).parents[1]
KEY: Final = "benchmark-key-of-first-visitors-0123"
SLOT: Final = "denomination"
LIST: Final = 100
"""Visitors of one call."""
PATIENCE: Final = 90.0
"""Seconds until a snapshot must know what was sent."""


@dataclass(frozen=True)
class Visit:
    """A visitor with the answer: who, the variant and the decision.

    Attributes:
        degraded: whether the store confirmed the decision too late: it is explained by the lake.
    """

    visitor: str
    variant: str
    decision: str
    reason: str
    degraded: bool


@dataclass
class FreshSlot:
    """The slot of a fresh store, with what its learner must have heard of.

    Attributes:
        api: of the service.
        name: prefix of the visitors' ids.
        visits: all so far, in order.
        exposures: those of the policy, which teach.
        conversions: of these, the ones that were paid for.
    """

    api: Api
    name: str
    visits: list[Visit] = field(default_factory=list)
    exposures: int = 0
    conversions: int = 0

    def visit(self, count: int) -> list[Visit]:
        """Send new visitors to the home page, of whom nothing is known; return their answers."""
        found: list[Visit] = []
        while len(found) < count:
            first = len(self.visits)
            some = min(LIST, count - len(found))
            ids = [f"{self.name}-{first + i}" for i in range(some)]
            page = {"channel": "web", "page": "home", "slots": [SLOT]}
            told = self.api.post("/v1/decisions", page | {"visitors": [_named(i) for i in ids]})
            came = [_visit(*one) for one in zip(ids, told["results"], strict=True)]
            self.visits += came
            found += came
        self.exposures += sum(one.reason == "policy" for one in found)
        return found

    def pay(self, payers: Sequence[Visit]) -> None:
        """Let a server say that these visitors paid what was preselected."""
        for start in range(0, len(payers), 1000):
            some = payers[start : start + 1000]
            self.api.post("/v1/events", {"events": [_payment(one) for one in some]})
        self.conversions += sum(one.reason == "policy" for one in payers)

    def settle(self) -> None:
        """Wait until the policy that is served knows all that was sent.

        Raises:
            TimeoutError: it does not come to know it.
        """
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.learned() == (self.exposures, self.conversions):
                return
            time.sleep(0.05)
        wanted = (self.exposures, self.conversions)
        raise TimeoutError(f"exposures and conversions served {self.learned()}, sent {wanted}")

    def learned(self) -> tuple[int, int]:
        """Return exposures and conversions behind the policy that is served."""
        told = self.api.get(f"/v1/slots/{SLOT}/model")["learned"] or {}
        return told.get("exposures", 0), told.get("conversions", 0)

    def version(self) -> int:
        """Return the version of the policy that is served."""
        return int(self.api.get(f"/v1/slots/{SLOT}")["serving"]["policy_version"])

    def shares_of(self, visits: Sequence[Visit]) -> dict[str, float]:
        """Return the distribution from which the policy drew for the last of these visitors.

        Raises:
            LookupError: the policy drew for none of them with the store at hand.
        """
        drawn = [one for one in visits if one.reason == "policy" and not one.degraded]
        if not drawn:
            raise LookupError("the policy drew for none of these visitors")
        found = self.api.get(f"/v1/decisions/{drawn[-1].decision}")["distribution"]
        return {name: float(share) for name, share in found.items()}

    def probe(self) -> dict[str, float]:
        """Return the distribution that is served now: that of one more visitor."""
        while True:
            (one,) = self.visit(1)
            if one.reason == "policy" and not one.degraded:
                return self.shares_of([one])


def _named(visitor: str) -> dict[str, str]:
    return {"visitor_id": visitor}


def _visit(visitor: str, told: dict[str, Any]) -> Visit:
    found = told["decisions"][SLOT]
    made = found["decision_id"]
    return Visit(visitor, found["variant"], made, found["reason"], found["degraded"])


def _payment(one: Visit) -> dict[str, object]:
    told = {"event_id": f"paid-{one.visitor}", "type": "paid", "visitor_id": one.visitor}
    return told | {"amount": int(one.variant)}


@contextlib.contextmanager
def fresh(name: str, publish_every: float | None = None) -> Iterator[FreshSlot]:
    """Run a service with an empty store on a free port of loopback; end it afterwards.

    Args:
        name: prefix of the visitors' ids.
        publish_every: of its settings; None leaves the shipped one.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as place:
        environ = {n: v for n, v in os.environ.items() if not n.startswith("NUDGE_")} | {
            "NUDGE_DATA_DIR": f"{place}/data",
            "NUDGE_CONFIG_DIR": str(ROOT / "config"),
            "NUDGE_ADMIN_KEY": KEY,
            "NUDGE_WEB_WORKERS": "1",
        }
        if publish_every is not None:
            environ["NUDGE_PUBLISH_EVERY"] = str(publish_every)
        command = [sys.executable, "-m", "nudge", "serve", "--port", str(port)]
        with Path(f"{place}/log").open("wb") as log:
            service = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)  # noqa: S603 - our own
        api = Api(ServiceTarget(f"http://127.0.0.1:{port}", KEY))
        try:
            _await_ready(api)
            yield FreshSlot(api, name)
        finally:
            api.close()
            service.terminate()
            service.wait(60)


def _await_ready(api: Api) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(Exception):
            api.check()
            if api.get("/readyz")["status"] == "ready":
                return
        time.sleep(0.1)
    raise TimeoutError("the service is not ready")
