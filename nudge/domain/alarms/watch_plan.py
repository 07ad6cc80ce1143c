"""The plan of what is watched: stages with the events that reach them, and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

CHANNEL: Final = "channel"
METHOD: Final = "method"
REASON: Final = "reason"
SCENE: Final = "scene"
SLOT: Final = "slot"
CLAIM: Final = "claim"
"""Stage of visits that the page calls paid; a server's payment is its success."""
SMS: Final = "sms"
"""Stage of SMS that were sent; its success is the delivery."""
FEEDBACK: Final = "feedback"
"""Stage of scores that visitors gave; its success is a score that is not low."""
COMPLAINT: Final = "complaint"
REWARD: Final = "reward"
"""Stage of exposures; its success is a reward."""
BESIDE: Final = (CLAIM, SMS, FEEDBACK, COMPLAINT, REWARD)
"""Stages that are watched beside those of the funnel."""


@dataclass(frozen=True)
class WatchedStage:
    """A stage of the funnel, by the events that reach it.

    Attributes:
        name: of the stage.
        events: (type, step, source) of each; an empty step or source is any.
        needs_all: whether all of the events are needed, or one.
    """

    name: str
    events: tuple[tuple[str, str, str], ...]
    needs_all: bool = False


PAYMENTS: Final = WatchedStage("paid", (("paid", "", "server"),))
"""The stage of installations without a funnel."""


@dataclass(frozen=True)
class WatchPlan:
    """The plan of what is counted.

    Attributes:
        stages: of the funnel, in order; the last one is the aim.
        gap: seconds without an act after which a new visit begins.
        dimensions: name of an attribute -> its context attribute.
        low_score: the highest score that is low.
    """

    stages: tuple[WatchedStage, ...] = (PAYMENTS,)
    gap: float = 1800.0
    dimensions: Mapping[str, str] = field(default_factory=dict)
    low_score: float = 5.0

    @property
    def aim(self) -> int:
        """The number of the last stage."""
        return len(self.stages) - 1

    @cached_property
    def context_keys(self) -> tuple[str, ...]:
        """The context attributes of a decision that are counted."""
        return tuple(key for name, key in self.dimensions.items() if name != CHANNEL)

    @cached_property
    def attribute_names(self) -> tuple[str, ...]:
        """The attributes of the `context_keys`, and then the channel."""
        return (*(name for name in self.dimensions if name != CHANNEL), CHANNEL)

    @cached_property
    def full(self) -> tuple[int, ...]:
        """The bits of events that reach each stage; 0 where any of them does."""
        return tuple((1 << len(s.events)) - 1 if s.needs_all else 0 for s in self.stages)

    @cached_property
    def places(self) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """(type, step, source) -> number of the stage and bit of the event."""
        return {
            (kind, step, one): (number, 1 << bit)
            for number, stage in enumerate(self.stages)
            for bit, (kind, step, source) in enumerate(stage.events)
            for one in ((source,) if source else ("page", "server"))
        }
