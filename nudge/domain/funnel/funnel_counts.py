"""Counts of the funnel in one period: sums that add up over groups of visits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from bandits.inference.interval import Estimate, mean_interval

LEVEL = 0.95


@dataclass(frozen=True)
class VisitShare:
    """The share of visits that did something, with the sums that its variance needs.

    A subject's visits are not independent, so squares are those of each subject's sums.

    Attributes:
        subjects: number of subjects with visits.
        visits: number of all visits.
        hits: visits that did it.
        visits_squared: sum over subjects of visits squared.
        both: sum over subjects of visits times hits.
        hits_squared: sum over subjects of hits squared.
    """

    subjects: int = 0
    visits: int = 0
    hits: int = 0
    visits_squared: int = 0
    both: int = 0
    hits_squared: int = 0

    def __add__(self, other: VisitShare) -> VisitShare:
        """Add two shares, as if no subject were in both."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return VisitShare(*(one + two for one, two in pairs))

    @property
    def rate(self) -> float | None:
        """Hits per visit; None without visits."""
        return self.hits / self.visits if self.visits else None

    def estimate(self, level: float = LEVEL) -> Estimate | None:
        """Return the rate with its interval, clustered by subject; None without visits."""
        rate = self.rate
        if rate is None:
            return None
        influence = self.hits_squared - 2 * rate * self.both + rate * rate * self.visits_squared
        spread = self.subjects / (self.subjects - 1) if self.subjects > 1 else float("inf")
        error = (max(influence, 0.0) * spread) ** 0.5 / self.visits if influence > 0 else 0.0
        return mean_interval(rate, error, level=level, effective=self.subjects, kind="share")


def total(shares: Iterable[VisitShare]) -> VisitShare:
    """Add up shares."""
    return reduce(lambda one, other: one + other, shares, VisitShare())


@dataclass(frozen=True)
class StageCount:
    """Visits of a group that reached a stage.

    Attributes:
        group: value of the question's dimension.
        stage: number in the funnel.
        lost: share of the visits here that reached no later stage; the last stage loses nothing.
        seconds: median time to the next stage that was reached; None where none was.
    """

    group: str
    stage: int
    lost: VisitShare
    seconds: float | None

    @property
    def visits(self) -> int:
        """Visits that reached the stage."""
        return self.lost.visits


@dataclass(frozen=True)
class LeakCount:
    """Visits of a group that ended at a stage, for a reason.

    Attributes:
        group: value of the dimension.
        stage: the last that they reached.
        reason: of the last failed payment; empty where none was given.
        lost: share of the visits that reached the stage.
    """

    group: str
    stage: int
    reason: str
    lost: VisitShare


@dataclass(frozen=True)
class PathCount:
    """Visits that took one path.

    Attributes:
        path: numbers of stages, in the order in which they were reached or come back to.
        visits: number of such visits.
    """

    path: tuple[int, ...]
    visits: int


@dataclass(frozen=True)
class Disagreement:
    """Payments that one source reports and another does not.

    Attributes:
        claimed: visits with a payment by the page's word.
        confirmed: visits with a payment by a server's word.
        claimed_only: visits with a payment by the page's word only.
        confirmed_only: visits with a payment by a server's word only.
        without_visit: a server's payments that belong to no visit; None where visits were chosen
            by a filter, as these payments have nothing to be chosen by.
    """

    claimed: int
    confirmed: int
    claimed_only: int
    confirmed_only: int
    without_visit: int | None


@dataclass(frozen=True)
class FunnelCounts:
    """All counts of the funnel in a period.

    Attributes:
        visits: with any stage.
        subjects: number of subjects with visits.
        overall: by stage, over all groups.
        stages: by group and stage.
        leaks: by group, stage and reason.
        paths: most frequent first.
        sources: disagreements between pages and servers.
    """

    visits: int
    subjects: int
    overall: tuple[StageCount, ...]
    stages: tuple[StageCount, ...]
    leaks: tuple[LeakCount, ...]
    paths: tuple[PathCount, ...]
    sources: Disagreement
