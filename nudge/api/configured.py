"""The flows that hang on the configuration, made anew when a document of it is applied."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from nudge.api.holiday_watch import HolidayWatch
from nudge.config.documents.configuration import Configuration, ConfigurationHolder
from nudge.config.documents.document import ConfigDocument
from nudge.errors import InvalidConfigError
from nudge.flows.plan import Planner
from nudge.flows.serving.decide import Decider


@dataclass(frozen=True)
class ConfiguredFlows:
    """The flows of one configuration.

    Attributes:
        configuration: that they hang on.
        decider: answers pages.
        make_planner: makes `planner`.
    """

    configuration: Configuration
    decider: Decider
    make_planner: Callable[[Configuration], Planner]

    @cached_property
    def planner(self) -> Planner:
        """The planner of SMS, made by the first request, since holidays take time to load.

        Raises:
            InvalidConfigError: the contact policy is wrong; `nudge check` finds this as well.
        """
        return self.make_planner(self.configuration)


class FlowHolder:
    """A holder of the current flows, which are replaced as one value and read without a lock.

    Attributes:
        current: flows of the current configuration.
        holidays: warns while the days off of a year are missing.
    """

    def __init__(
        self, holder: ConfigurationHolder, first: ConfiguredFlows, holidays: HolidayWatch
    ) -> None:
        self.current, self.holidays = first, holidays
        self._holder = holder

    def follow(self, documents: Mapping[str, ConfigDocument]) -> None:
        """Make the flows anew where other documents are applied now."""
        if not self._holder.follow(documents):
            return
        old, found = self.current, self._holder.current
        decider = replace(old.decider, segments=found.segments, rhythm=found.rhythm)
        fresh = ConfiguredFlows(found, decider, old.make_planner)
        if "planner" in vars(old):
            # No scheduler waits for the holidays; what is wrong is told to the one that asks.
            with contextlib.suppress(InvalidConfigError):
                _ = fresh.planner
        self.holidays.know(found.holiday_years)
        self.current = fresh
