"""Season: the usual rate or count of each stream by hour, weekday, day of the month and holiday.

The usual is a product of factors. Each factor is a gamma variable around 1, learned from the days
on which it applied; its prior says how far it may be from 1. A whole day off its level is one
observation, not a thousand: counts weigh less the more of them share a day.
"""

from dataclasses import dataclass, fields, replace
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from bandits.arrays import AnyArray, FloatArray
from bandits.monitoring.calendar import (
    HOLIDAYS,
    MONTH_PLACES,
    PROMOTION,
    WEEKDAYS,
    CalendarDay,
)
from bandits.monitoring.factor import Factor
from bandits.monitoring.usual import Usual

WANDER: Final = 0.1
"""Standard deviation of a day's level."""
ROUGH: Final = 0.03
"""Standard deviation of a bin of a day beside the day's level and its season."""
HOUR, WEEKDAY, CELL, MONTH, HOLIDAY = 0.5, 0.2, 0.05, 0.1, 0.2
"""Prior standard deviations of the factors."""
CREDIBLE: Final = 3.0
"""A bin counts as at most so many times its expected value, and at least that part of it."""
MEMORY: Final = {"base": 28.0, "hours": 180.0, "weekdays": 180.0, "cells": 180.0}
"""Days after which an observation weighs e times less; the others forget nothing."""
OF_BINS: Final = ("hours", "cells")


@dataclass(frozen=True, eq=False)
class Season:
    """Season of S streams with B bins a day.

    Attributes:
        usual: (S,) first guess of the rate per arrival, or of the count per step.
        shape: (7, B) first guess of the week's shape, around 1.
        base: (S, 1) factor of all days.
        hours: (S, B) of the bin.
        weekdays: (S, 7) of the weekday.
        cells: (S, 7 B) of the bin on a weekday.
        months: (S, 31) of the place in the month.
        holidays: (S, 5) of the kind of day; plain days are always 1.
    """

    usual: FloatArray
    shape: FloatArray
    base: Factor
    hours: Factor
    weekdays: Factor
    cells: Factor
    months: Factor
    holidays: Factor

    @classmethod
    def start(
        cls,
        usual: ArrayLike,
        shape: ArrayLike | None = None,
        *,
        strength: float = 1.0,
        bins: int = 24,
        hourly: float = HOUR,
    ) -> Self:
        """Return the season before the first day.

        Args:
            usual: (S,) first guess of the rate or the count, positive.
            shape: (7, B) first guess of the week's shape; flat without one.
            strength: days that the first guess weighs.
            bins: bins of a day, where no shape is given.
            hourly: standard deviation of the bins around the shape, as a share.

        Raises:
            ValueError: a guess is not positive and finite, or the shape has not seven rows.
        """
        guess = np.asarray(usual, dtype=np.float64)
        week = np.ones((WEEKDAYS, bins)) if shape is None else np.asarray(shape, dtype=np.float64)
        numbers = np.concatenate([guess, week.ravel(), [strength]])
        if week.shape != (WEEKDAYS, week.shape[-1]) or not np.isfinite(numbers).all():
            raise ValueError("the shape must be seven rows of finite numbers")
        if (numbers <= 0.0).any():
            raise ValueError("first guesses must be positive")
        streams, bins = len(guess), week.shape[1]
        return cls(
            guess,
            week,
            Factor.start((streams, 1), WANDER / np.sqrt(strength)),
            Factor.start((streams, bins), hourly),
            Factor.start((streams, WEEKDAYS), WEEKDAY),
            Factor.start((streams, WEEKDAYS * bins), CELL),
            Factor.start((streams, MONTH_PLACES), MONTH),
            Factor.start((streams, HOLIDAYS), HOLIDAY),
        )

    def find_usual(self, day: CalendarDay, place: int) -> Usual:
        """Return the usual of a bin of a day, and what else is usual in it."""
        known = self._find_bin(day, place)
        others = []
        if day.holiday == PROMOTION:
            others.append(1.0 / self.holidays.mean(slice(PROMOTION, PROMOTION + 1))[:, 0])
        if day.shifted:
            around = (place - 1) % self.bins, (place + 1) % self.bins
            others += [self._find_bin(day, one).mean / known.mean for one in around]
        if not others:
            return known
        shares = np.stack([np.ones(len(known.mean)), *others])
        return replace(known, low=shares.min(axis=0), high=shares.max(axis=0))

    @property
    def bins(self) -> int:
        """Number of bins of a day."""
        return int(self.shape.shape[1])

    def _find_bin(self, day: CalendarDay, place: int) -> Usual:
        mean = self.usual * self.shape[day.weekday, place]
        of_day, of_bin = np.zeros(len(mean)), np.zeros(len(mean))
        for name, columns in self._places(day, slice(place, place + 1)).items():
            factor: Factor = getattr(self, name)
            mean = mean * factor.mean(columns)[:, 0]
            if name in OF_BINS:
                of_bin = of_bin + factor.variance(columns)[:, 0]
            else:
                of_day = of_day + factor.variance(columns)[:, 0]
        return Usual(mean, of_day, of_bin)

    def learn(
        self, day: CalendarDay, observed: FloatArray, exposed: FloatArray, weight: FloatArray
    ) -> Self:
        """Return the season after a day; one of a promotion teaches plain days nothing.

        A day of shifted habits teaches nothing at all: no hour of it is that of another day.

        Args:
            day: of the calendar.
            observed: (S, B) successes or counts.
            exposed: (S, B) arrivals of a rate, or steps of a count.
            weight: (S, B) 0 for bins under quarantine or without data, 1 for all others.
        """
        if day.shifted:
            return self
        places = self._places(day, slice(None))
        usual = self.usual[:, None] * self.shape[day.weekday] * exposed
        for name, place in places.items():
            usual = usual * getattr(self, name).mean(place)
        wide = 4.0 * np.sqrt(usual)
        counts = np.clip(observed, usual / CREDIBLE - wide, usual * CREDIBLE + wide) * weight
        means = usual * weight
        whole = counts.sum(axis=1, keepdims=True), means.sum(axis=1, keepdims=True)
        calm = WANDER**-2
        today = (whole[0] + calm) / (whole[1] + calm)
        after: dict[str, Factor] = {}
        if day.holiday == PROMOTION:
            places = {"holidays": places["holidays"]}
        for name, place in places.items():
            seen = (counts, means * today) if name in OF_BINS else whole
            noise = ROUGH if name in OF_BINS else WANDER
            factor: Factor = getattr(self, name)
            after[name] = factor.learn(place, seen, noise, MEMORY.get(name))
        return type(self)(self.usual, self.shape, **{**self._factors(), **after})

    def _factors(self) -> dict[str, Factor]:
        """Return the factors by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)[2:]}

    def _places(self, day: CalendarDay, bins: slice) -> dict[str, slice]:
        """Return the columns of each factor that a day touches; plain days have no holiday's."""
        start, stop, _ = bins.indices(self.bins)
        first = day.weekday * self.bins
        places = {
            "base": slice(0, 1),
            "hours": bins,
            "weekdays": slice(day.weekday, day.weekday + 1),
            "cells": slice(first + start, first + stop),
            "months": slice(day.month_place, day.month_place + 1),
        }
        if day.holiday:
            places["holidays"] = slice(day.holiday, day.holiday + 1)
        return places

    def arrays(self) -> dict[str, AnyArray]:
        """Return the state as plain arrays by name."""
        plain: dict[str, AnyArray] = {"usual": self.usual, "shape": self.shape}
        for name, factor in self._factors().items():
            for part in fields(factor):
                plain[f"{name}.{part.name}"] = getattr(factor, part.name)
        return plain

    @classmethod
    def read(cls, arrays: dict[str, AnyArray]) -> Self:
        """Return the season of a state that `arrays` gave.

        Raises:
            ValueError: an array is missing or unknown.
        """
        factors = [one.name for one in fields(cls)[2:]]
        parts = [part.name for part in fields(Factor)]
        names = {"usual", "shape", *(f"{name}.{part}" for name in factors for part in parts)}
        if names != set(arrays):
            raise ValueError("the arrays are not those of a season")
        read = {name: Factor(*(arrays[f"{name}.{part}"] for part in parts)) for name in factors}
        return cls(arrays["usual"], arrays["shape"], **read)
