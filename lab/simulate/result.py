"""The result of a simulation: the service's figures beside the simulated truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from lab.simulate.tally import Tally
from nudge.client.api import Api
from nudge.client.figures import Figures, exposures, figures, since, wait_for

STILL = 3
"""Number of looks at unchanged figures after which the service counts as caught up."""


@dataclass(frozen=True)
class VariantResult:
    """The result of one variant of a slot.

    Attributes:
        exposures: exposures of this run that the policy drew, as the service counts them.
        conversions: conversions of these exposures.
        rate: conversions / exposures; None without exposures.
        truth: mean true probability of the exposures; None without exposures.
        share_now: share of visitors that the policy gives it now.
    """

    slot: str
    variant: str
    exposures: int
    conversions: int
    rate: float | None
    truth: float | None
    share_now: float | None


def look(api: Api, slots: Iterable[str]) -> dict[str, Figures]:
    """Fetch the figures of some slots from the service."""
    return {slot: figures(api, slot) for slot in slots}


def settle(api: Api, before: Mapping[str, Figures], tally: Tally, timeout: float) -> bool:
    """Wait until the service has counted this run's exposures and its figures stand still.

    Args:
        api: client whose key has the scope read.
        before: figures before the run.
        tally: counts of the run.
        timeout: most seconds to wait.
    """
    seen: list[Mapping[str, Figures]] = []

    def quiet() -> bool:
        seen.append(look(api, before))
        counted = {slot: exposures(seen[-1][slot]) - exposures(before[slot]) for slot in before}
        still = len(seen) > STILL and all(one == seen[-1] for one in seen[-STILL:])
        return still and all(counted[slot] >= tally.count_exposures(slot) for slot in before)

    return wait_for(quiet, timeout)


def rows(
    before: Mapping[str, Figures], after: Mapping[str, Figures], tally: Tally
) -> list[VariantResult]:
    """Compute the result, one row a variant."""
    return [row for slot in after for row in _rows(slot, since(before[slot], after[slot]), tally)]


def plain(found: Sequence[VariantResult]) -> list[dict[str, object]]:
    """Convert the rows to JSON."""
    return [asdict(row) for row in found]


def table(found: Sequence[VariantResult]) -> Table:
    """Format the rows for people."""
    title = "This run, as the service counts it, beside the simulated truth"
    made = Table(title=title, box=SIMPLE_HEAD)
    for name in ("slot", "variant"):
        made.add_column(name, no_wrap=True)
    for name in ("exposures", "conversions", "rate", "truth", "share now"):
        made.add_column(name, justify="right", no_wrap=True)
    last = ""
    for row in found:
        if last and row.slot != last:
            made.add_section()
        cells = (f"{row.exposures:,}", f"{row.conversions:,}")
        shares = map(percent, (row.rate, row.truth, row.share_now))
        made.add_row("" if row.slot == last else row.slot, row.variant, *cells, *shares)
        last = row.slot
    return made


def percent(value: float | None) -> str:
    """Format a share in percent, or `-` for None."""
    return "-" if value is None else f"{100 * value:.2f} %"


def _rows(slot: str, found: Figures, tally: Tally) -> Iterator[VariantResult]:
    for name, one in found.items():
        rate = one.conversions / one.exposures if one.exposures else None
        truth = tally.truth(slot, name)
        yield VariantResult(slot, name, one.exposures, one.conversions, rate, truth, one.share)
