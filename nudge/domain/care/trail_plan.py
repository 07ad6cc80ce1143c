"""The plan of trails: the funnel's stages, and when rules of win-back are asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.slots.slot import Scalar

Place = tuple[int, int]
"""Number of a stage, and the bit of one of its events."""


@dataclass(frozen=True)
class TrailPlan:
    """The plan of what is remembered of a visit until it is known whether the visitor left.

    Attributes:
        watch: stages of the funnel, the events that reach them, and the gap between visits.
        late: seconds after a visitor's last act in which a payment belongs to the visit.
        first: number of the first stage of which a rule asks; a visit that stays before it leaves
            nothing.
        after: name of a rule -> seconds from the last act until it is asked.
        offers: slots whose variants are noted as the offer that was seen.
        city: context attribute of a decision that tells the city group; empty for none.
        grace: seconds after the arrival of what a trail tells in which more of it may come: acts
            that arrive late, such as those of an app without a net, come one by one.
    """

    watch: WatchPlan
    late: float
    first: int = 0
    after: Mapping[str, float] = field(default_factory=dict)
    offers: frozenset[str] = frozenset()
    city: str = ""
    grace: float = 1800.0

    @cached_property
    def waits(self) -> tuple[float, ...]:
        """The seconds from the last act at which rules are asked, in order."""
        return tuple(sorted(set(self.after.values())))

    def place(self, kind: str, source: str, fields: Mapping[str, Scalar]) -> Place | None:
        """Return the number of the stage that an event reaches, and the event's bit in it.

        Args:
            kind: type of the event.
            source: `page` or `server`.
            fields: of the event.
        """
        step = str(fields.get("step", "")) if kind == "step" else ""
        return self.watch.places.get((kind, step, source))

    def stage(self, number: int) -> str:
        """Return the name of a stage; of a number before the first, an empty one."""
        stages = self.watch.stages
        return stages[number].name if 0 <= number < len(stages) else ""

    def number(self, name: str) -> int:
        """Return the number of a stage; -1 for a name that the funnel has not."""
        names = [one.name for one in self.watch.stages]
        return names.index(name) if name in names else -1
