"""Page's word, from outside: made-up visitors move no variant's share, or the slot freezes."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pytest
from child_processes import free_port
from e2e_service import PAGE_KEY, Service, serving
from page_attack import PATTERNS, Attack

PARTS = 5
CASES = [("taps", n, many) for n in (500, 1500) for many in (1, 100)]


def shares(service: Service) -> dict[str, float]:
    """The shares of the variants that the slot's visitors get now."""
    rows = service.performance("banner")["variants"]
    return {row["variant"]: row["share_now"] for row in rows}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("pattern", "visitors", "addresses"), [*CASES, ("rivals", 500, 1), ("both", 500, 100)]
)
def test_s07_the_attack_from_outside(pattern: str, visitors: int, addresses: int) -> None:
    """A fresh service with the shipped banner; its state is verified and rebuilt afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="nudge-word-") as directory,
        serving(Path(directory) / "data", free_port(), NUDGE_PUBLISH_EVERY="1") as service,
    ):
        before, seen = shares(service), []
        attack = Attack(service.url, PAGE_KEY, PATTERNS[pattern], addresses)
        for part in range(PARTS):
            attack.run(part * visitors // PARTS, visitors // PARTS)
            assert service.settled()
            time.sleep(2.5)  # for a publication, and the web to take it
            seen.append(shares(service))
        frozen = service.api.get("/v1/slots/banner")["mode"] == "frozen"
        told = {"frozen": frozen, "refused": attack.refused, "got": dict(attack.variants)}
        sys.stdout.write(f"{pattern} {visitors} {addresses}: {before} -> {seen}; {told}\n")
        moved = max(abs(one[name] - before[name]) for one in seen for name in before)
        assert frozen or moved <= 0.05
        verified = service.run("verify")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        rebuilt = service.run("rebuild")
        assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
