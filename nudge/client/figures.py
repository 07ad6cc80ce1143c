"""Totals of a slot as the service counts them: `GET /v1/slots/{slot}/performance`, by variant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nudge.client.api import Api, Json
from nudge.clock import monotonic, sleep


@dataclass(frozen=True)
class VariantTotals:
    """Totals of a variant, of all time, as of the second in which they were asked for.

    Attributes:
        exposures: that the policy drew.
        conversions: of these.
        share: of the visitors that the policy gives it now; None where it is unknown.
    """

    exposures: int
    conversions: int
    share: float | None = None


Figures = Mapping[str, VariantTotals]
"""Variant -> its totals."""


def figures(api: Api, slot: str) -> Figures:
    """Return a slot's totals of this second, by variant."""
    answer = api.get(f"/v1/slots/{slot}/performance")
    return {row["variant"]: _counted(row) for row in answer["variants"]}


def since(before: Figures, after: Figures) -> Figures:
    """Return the totals that were added between two looks."""
    none = VariantTotals(0, 0)
    return {name: _added(before.get(name, none), now) for name, now in after.items()}


def exposures(found: Figures) -> int:
    """Return the exposures of all variants together."""
    return sum(one.exposures for one in found.values())


def wait_for(done: Callable[[], bool], timeout: float, pause: float = 0.3) -> bool:
    """Ask `done` until it is true, at most `timeout` seconds; return whether it was."""
    until = monotonic() + timeout
    while not done():
        if monotonic() >= until:
            return False
        sleep(pause)
    return True


def _counted(row: Json) -> VariantTotals:
    return VariantTotals(row["exposures"], row["conversions"], row.get("share_now"))


def _added(before: VariantTotals, now: VariantTotals) -> VariantTotals:
    return VariantTotals(
        now.exposures - before.exposures, now.conversions - before.conversions, now.share
    )
