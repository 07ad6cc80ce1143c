"""Detector of falls or rises: an e-detector in Shiryaev-Roberts form, for many streams at once.

A step's evidence is the likelihood ratio of a sudden change to what today's level predicts. The sum
over all possible beginnings, mixed over sizes of the change, has at step n an expectation of at
most n under the null, so an alarm at L has an average run length of at least L steps (Shin, Ramdas
and Rinaldo 2023). A level far above the usual counts only as far as a day's level wanders.
"""

from dataclasses import dataclass, fields, replace
from typing import Final, Self

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray, IntArray
from bandits.monitoring.change import Change
from bandits.monitoring.episode import Episode
from bandits.monitoring.level import FAR, Level
from bandits.monitoring.lift import Lift
from bandits.monitoring.spread import Spread
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms
from bandits.monitoring.usual import Usual

FARTHEST: Final = 0.1
"""Largest distance from the usual, on the good side, that a change counts from."""


@dataclass(frozen=True, eq=False)
class StepResult:
    """Result of a step of S streams.

    Attributes:
        evidence: (S,) logarithm of the e-detector.
        alarm: (S,) the evidence reached the limit in this step.
        over: (S,) the change ended in this step.
        fallen: (S,) an alarm has come and the change has not ended.
        began: (S,) step at which the change began, as estimated.
        level: (S,) of today relative to the usual, from before a change.
        ratio: (S,) counts over what today's level expects, since the change began.
    """

    evidence: FloatArray
    alarm: BoolArray
    over: BoolArray
    fallen: BoolArray
    began: IntArray
    level: FloatArray
    ratio: FloatArray


@dataclass(frozen=True, eq=False)
class Detector:
    """Detector of S streams: the state after the last step.

    Attributes:
        level: of today.
        spread: of the counts around it.
        change: evidence of a change.
        episode: change that is going on.
        lift: change to the good side.
    """

    level: Level
    spread: Spread
    change: Change
    episode: Episode
    lift: Lift

    @classmethod
    def start(cls, streams: int, terms: DetectorTerms) -> Self:
        """Return the detector before the first step."""
        return cls(
            Level.start(streams),
            Spread.start(streams, terms),
            Change.start(streams, len(terms.ratios)),
            Episode.start(streams),
            Lift.start(streams),
        )

    def advance(
        self,
        step: int,
        counts: StepCounts,
        usual: Usual,
        limits: FloatArray,
        terms: DetectorTerms,
        *,
        starts_day: bool = False,
        beside: BoolArray | None = None,
    ) -> tuple[Self, StepResult]:
        """Return the detector after a step, and what the step says.

        Args:
            step: number of the step; the next one is larger.
            counts: of the step.
            usual: of the step; its variances are those of the expected counts.
            limits: (S,) average run lengths to keep (`share_budget`).
            terms: of the monitor, the same in every step.
            starts_day: the step is the first of a day.
            beside: (S,) whether what a stream is a part of is lifted (`Lift.lifted`): the whole, or
                the number of those who come.
        """
        level = self.level.predict(usual, terms, starts_day=starts_day)
        lift = self.lift.begin_day(usual, terms) if starts_day else self.lift
        before = lift.lower(cap_level(level.edge(terms), usual, terms), terms)
        dispersion = self.spread.dispersion
        own = usual.of_bin * terms.bins / terms.steps
        around = dispersion + own + counts.excess
        noise = around + level.variance
        mean = counts.expected * before
        change = self.change.weigh(step, counts.observed, mean, before, noise, terms)
        evidence = change.evidence(terms)
        alarm = (evidence >= np.log(limits)) & ~self.episode.going
        episode = self.episode.begin(alarm, change, terms).follow(counts, dispersion, terms)
        over = episode.ended()
        learned = level.learn(counts.observed, counts.expected, dispersion)
        after = replace(
            self,
            level=episode.hold_level(learned, level, terms),
            spread=self.spread.learn(counts, level, ~episode.going, terms),
            change=change.restart(step, episode.going),
            episode=episode.close(over),
            lift=lift.follow(counts, level, usual, around, beside, terms),
        )
        return after, StepResult(
            evidence,
            alarm,
            over,
            after.episode.going,
            episode.began,
            np.where(episode.going, episode.level, level.mean),
            episode.ratio,
        )

    def arrays(self) -> dict[str, AnyArray]:
        """Return the state as plain arrays by name."""
        return {
            f"{part.name}.{one.name}": getattr(getattr(self, part.name), one.name)
            for part in fields(self)
            for one in fields(getattr(self, part.name))
        }

    @classmethod
    def read(cls, arrays: dict[str, AnyArray]) -> Self:
        """Return the detector of a state that `arrays` gave.

        Raises:
            ValueError: an array is missing or unknown.
        """
        kinds = {
            "level": Level,
            "spread": Spread,
            "change": Change,
            "episode": Episode,
            "lift": Lift,
        }
        names = {f"{name}.{one.name}" for name, kind in kinds.items() for one in fields(kind)}
        if names != set(arrays):
            raise ValueError("the arrays are not those of a detector")
        parts = {
            name: kind(**{one.name: arrays[f"{name}.{one.name}"] for one in fields(kind)})
            for name, kind in kinds.items()
        }
        return cls(**parts)


def cap_level(level: FloatArray, usual: Usual, terms: DetectorTerms) -> FloatArray:
    """Return the level that a change starts from: no farther from the usual than a day wanders.

    An alarm is about a fall below the usual, not below yesterday's lift: however wide a monitor's
    days wander, a tenth above the usual is the most that counts. The end of a promotion is a return
    to the usual and not a fall. Where something else than the mean is usual, too, a change counts
    from that (`Usual.low`, `Usual.high`).
    """
    far = min(FAR * terms.wander, FARTHEST)
    if terms.rise:
        return np.maximum(level, 1.0 - far) * np.maximum(usual.high, 1.0)
    return np.minimum(level, 1.0 + far) * np.minimum(usual.low, 1.0)
