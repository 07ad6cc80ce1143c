"""Campaigns with a known increment: none, the same for all, a steep few, a slope, some harmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from bandits.arrays import FloatArray
from nudge.domain.care.factors.people_table import Factor, FactorKind
from nudge.domain.winback.contact_table import ContactTable

NAMES: Final = ("nobody", "all alike", "a few", "a slope", "harms some", "harms all")
HELPS_SOME: Final = frozenset(("a few", "a slope", "harms some"))
STAGES: Final = ("home", "amount", "method", "paid late")


@dataclass(frozen=True, eq=False)
class Campaign:
    """A simulated campaign.

    Attributes:
        table: people.
        increment: (n,) what a contact truly adds to each person's chance to come back.
    """

    table: ContactTable
    increment: FloatArray


def draw_campaign(name: str, people: int, rng: np.random.Generator) -> Campaign:
    """Draw a campaign that holds out a fifth of the people.

    Args:
        name: of the world, one of `NAMES`.
        people: number.
        rng: draws people, contacts and outcomes.
    """
    days = rng.gamma(2.0, 15.0, people)
    amount = rng.choice([10.0, 30.0, 50.0, 100.0, 300.0], people, p=[0.1, 0.2, 0.4, 0.25, 0.05])
    failed = (rng.random(people) < 0.3).astype(float)  # noqa: PLR2004 - a share
    app = (rng.random(people) < 0.5).astype(float)  # noqa: PLR2004 - a share
    stage = rng.integers(len(STAGES), size=people).astype(float)
    noise = rng.normal(size=(3, people))
    base = expit(-1.6 - 0.012 * days + 0.4 * app + 0.3 * (stage == 2.0) + 0.2 * noise[0])  # noqa: PLR2004
    adds = {
        "nobody": np.zeros(people),
        "all alike": np.full(people, 0.04),
        "a few": np.where((failed == 1.0) & (days < 25.0), 0.15, 0.0),  # noqa: PLR2004
        "a slope": np.clip(0.08 - 0.002 * days, 0.0, 0.08) * (1.0 + app),
        "harms some": np.where(stage == 0.0, -0.05, np.where(failed == 1.0, 0.10, 0.01)),
        "harms all": np.full(people, -0.04),
    }[name]
    contacted = rng.random(people) < 0.8  # noqa: PLR2004 - a fifth is held out
    chance = np.clip(base + adds, 0.0, 1.0)
    back = rng.random(people) < np.where(contacted, chance, base)
    factors = (
        Factor("days_since", FactorKind.NUMBER, days),
        Factor("last_amount", FactorKind.NUMBER, amount),
        Factor("failed", FactorKind.FLAG, failed, ("no", "yes")),
        Factor("app", FactorKind.FLAG, app, ("no", "yes")),
        Factor("stage", FactorKind.LEVELS, stage, STAGES),
        *(Factor(f"other_{n}", FactorKind.NUMBER, one) for n, one in enumerate(noise)),
    )
    return Campaign(ContactTable(factors, contacted, back.astype(float)), chance - base)
