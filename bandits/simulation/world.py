"""World: a simulated recharge channel with a known truth, from tables in the form of `world.toml`.

A world samples visitors (context and time) and gives, for each slot, the probability of a
conversion under every arm. Slots have one of three forms, each with any number of arms:

* `base` and `decay`: each visitor prefers one arm, and the probability of another one falls with
  its distance from that arm (`preference`);
* `base` and `good = {before, after, times}`: one arm is `times` as good, another one after the
  change;
* `p = {arm: probability}`, and optionally `p_after` from the change on.

A slot may add an `effect` of its own: attribute -> value -> arm -> factor.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.simulation.columns import Tables, by_value, draw_column, slot_effect
from bandits.simulation.preference import preferred_arms
from bandits.units import DAY

MOST = 0.9
_FROM_DAY = re.compile(r"from_day_(\d+)")


@dataclass(frozen=True, eq=False)
class Visitors:
    """Simulated visitors of a run, in the order of their arrival.

    Attributes:
        context: columns (n,) of the world's context, and `day` (from 1) and `hour`.
        at: arrival in seconds from the start, (n,) ascending.
        changed: bool (n,), whether the visitor comes after the change.
    """

    context: Mapping[str, AnyArray]
    at: FloatArray
    changed: BoolArray


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Outcomes of n visitors under the arms that they were shown.

    Attributes:
        converted: bool (n,), whether there is a conversion inside the window.
        at: time of the conversion in seconds (n,); infinite where there is none.
    """

    converted: BoolArray
    at: FloatArray


@dataclass(frozen=True)
class World:
    """World with a known truth.

    Attributes:
        tables: the tables `run`, `context`, `effect`, `slot` and `change`.
    """

    tables: Tables

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the slots."""
        return tuple(self.tables["slot"])

    def arms(self, slot: str) -> tuple[str, ...]:
        """Return the names of a slot's arms."""
        return tuple(str(arm) for arm in self.tables["slot"][slot]["arms"])

    def window(self, slot: str) -> float:
        """Return the attribution window of a slot in seconds; infinite where it has none."""
        return float(self.tables["slot"][slot].get("window_days", np.inf)) * DAY

    @cached_property
    def _context(self) -> Mapping[str, Any]:
        return dict(self.tables.get("context", {}))

    def sample(self, rng: np.random.Generator, n: int | None = None) -> Visitors:
        """Sample the visitors of a run: arrivals uniform over its days, attributes independent.

        Args:
            rng: the only source of random numbers.
            n: number of visitors; None for that of the run. The change comes at the same index.
        """
        run = self.tables["run"]
        count = int(run["visitors"]) if n is None else n
        at = np.sort(rng.uniform(0.0, float(run["days"]) * DAY, count))
        context = {name: draw_column(law, count, rng) for name, law in self._context.items()}
        context["day"] = (at // DAY).astype(np.int64) + 1
        context["hour"] = rng.integers(0, 24, count)
        change = self.tables.get("change", {}).get("at_visitor", np.inf)
        return Visitors(context, at, np.arange(count) >= change)

    def truth(self, slot: str, visitors: Visitors) -> FloatArray:
        """Return the probabilities (n, K) of a conversion, before the window cuts off late ones."""
        table = self.tables["slot"][slot]
        p = self._base(table, visitors) * self._effect(visitors)[:, None]
        p = p * slot_effect(table, visitors.context, len(visitors.at), self.arms(slot))
        capped: FloatArray = np.minimum(p, MOST)
        return capped

    def _base(self, table: Tables, visitors: Visitors) -> FloatArray:
        arms = [str(arm) for arm in table["arms"]]
        changed = visitors.changed
        if "p" in table:
            before = np.array([float(table["p"][arm]) for arm in arms])
            later = table.get("p_after", table["p"])
            after = np.array([float(later[arm]) for arm in arms])
            return np.where(changed[:, None], after, before)
        if "good" in table:
            good = table["good"]
            places = arms.index(str(good["before"])), arms.index(str(good["after"]))
            best = np.where(changed, places[1], places[0])
            times = np.where(np.arange(len(arms)) == best[:, None], float(good["times"]), 1.0)
            return float(table["base"]) * times
        best = preferred_arms(table, visitors.context, changed)
        distance = np.abs(np.arange(len(arms)) - best[:, None])
        p: FloatArray = float(table["base"]) * np.exp(-float(table.get("decay", 0.0)) * distance)
        return p

    def _effect(self, visitors: Visitors) -> FloatArray:
        factor = np.ones(len(visitors.at))
        for name, law in self.tables.get("effect", {}).items():
            from_day = _FROM_DAY.fullmatch(name)
            if from_day:
                factor *= np.where(visitors.context["day"] >= int(from_day[1]), float(law), 1.0)
            elif isinstance(law, Mapping):
                factor *= by_value(visitors.context[name], law)
            else:
                factor *= np.where(visitors.context[name], float(law), 1.0)
        return factor

    def delays(self, slot: str, n: int, rng: np.random.Generator) -> FloatArray:
        """Draw delays (n,) in seconds from exposure to conversion, a mixture of exponentials."""
        parts = self.tables["slot"][slot].get("delay", [])
        if not parts:
            return np.zeros(n)
        share = np.array([float(part["share"]) for part in parts])
        mean = np.array([float(part["mean_minutes"]) for part in parts]) * 60.0
        return rng.exponential(mean[rng.choice(len(parts), n, p=share / share.sum())])

    def play(
        self, slot: str, visitors: Visitors, arms: IntArray, rng: np.random.Generator
    ) -> Outcomes:
        """Draw the outcomes of n visitors under the arms (n,) that they are shown."""
        p = np.take_along_axis(self.truth(slot, visitors), arms[:, None], axis=1)[:, 0]
        delay = self.delays(slot, len(p), rng)
        converted = (rng.random(len(p)) < p) & (delay <= self.window(slot))
        return Outcomes(converted, np.where(converted, visitors.at + delay, np.inf))
