"""Monitors on a real series: a bank's calls in five minutes, learned before October 2003.

Wander and drift of a day's level are chosen by predictive likelihood on the last months of
learning; the month that is tested plays no part in any choice. Drops thin the real counts by 30 %
for an hour.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.monitoring import (
    CalendarDay,
    Detector,
    DetectorTerms,
    Season,
    StepCounts,
    StepResult,
    month_place,
    share_budget,
)
from bandits.monitoring.level import Level
from bandits.monitoring.spread import Spread

OPENS, BINS, MINUTES = 7, 169, 5
TERMS: Final = DetectorTerms(fall=0.3, steps=BINS, bins=BINS)
DRIFTS: Final = (0.02, 0.05, 0.1)
WANDERS: Final = (0.04, 0.07, 0.1)
STEPS_A_YEAR: Final = BINS * 261.0
FIRST_GUESS: Final = 190.0
DROP, HOUR, SOON = 0.3, 60 // MINUTES, 20 // MINUTES
DROPS: Final = 20
"""Drops in a set."""
CHOSEN_ON: Final = 60
"""Days before the test whose predictions choose the terms."""
WARM: Final = 14
"""Days before the test from which the detector runs."""

Days = Mapping[date, FloatArray]


def read_calls(path: Path) -> dict[date, FloatArray]:
    """Return the counts (169,) of each day of the file.

    Raises:
        FileNotFoundError: there is no such file.
    """
    days: dict[date, FloatArray] = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if not row["DateTime"]:
                continue
            at = datetime.fromisoformat(row["DateTime"])
            place = ((at.hour - OPENS) * 60 + at.minute) // MINUTES
            days.setdefault(at.date(), np.zeros(BINS))[place] = float(row["Calls"])
    return days


def place_day(day: date, before: date | None) -> CalendarDay:
    """Return the calendar's day; the one after a weekday without calls follows a holiday."""
    usual_gap = 3 if day.weekday() == 0 else 1
    after_holiday = before is not None and (day - before).days > usual_gap
    place = month_place(day.day, monthrange(day.year, day.month)[1])
    return CalendarDay(day.weekday(), place, 3 if after_holiday else 0)


@dataclass(frozen=True, eq=False)
class Watch:
    """Watch over copies of the series: season and detector after some days.

    Attributes:
        season: of the copies.
        detector: of the copies.
        terms: of the monitor.
        step: number of the next step.
    """

    season: Season
    detector: Detector
    terms: DetectorTerms
    step: int = 0

    @classmethod
    def start(cls, terms: DetectorTerms) -> Watch:
        """Return the watch over one copy before its first day."""
        season = Season.start(np.array([FIRST_GUESS]), bins=BINS, strength=0.1)
        return cls(season, Detector.start(1, terms), terms)

    def copy(self, copies: int) -> Watch:
        """Return a watch over copies of the one series."""
        season = {
            name: one if name == "shape" or name.endswith("prior") else one.repeat(copies, axis=0)
            for name, one in self.season.arrays().items()
        }
        detector = {n: one.repeat(copies, axis=0) for n, one in self.detector.arrays().items()}
        return replace(self, season=Season.read(season), detector=Detector.read(detector))

    def live(self, day: CalendarDay, counts: FloatArray) -> tuple[Watch, list[StepResult], float]:
        """Return the watch after a day, its results, and the log likelihood of the counts.

        Args:
            day: of the calendar.
            counts: (S, 169) of the copies.
        """
        detector, results, fit = self.detector, [], 0.0
        weight = np.ones(counts.shape)
        limits = share_budget(1.0, STEPS_A_YEAR, [1.0]).repeat(len(counts))
        for place in range(BINS):
            usual = self.season.find_usual(day, place)
            seen = StepCounts(counts[:, place], usual.mean)
            first = place == 0
            level, spread = (
                detector.level.predict(usual, self.terms, starts_day=first),
                detector.spread,
            )
            detector, result = detector.advance(
                self.step + place, seen, usual, limits, self.terms, starts_day=first
            )
            fit += predict_log(level, spread, seen, ~result.fallen)
            weight[:, place] = ~result.fallen
            results.append(result)
        season = self.season.learn(day, counts, np.ones(counts.shape), weight)
        return replace(self, season=season, detector=detector, step=self.step + BINS), results, fit

    def learn(self, day: CalendarDay, counts: FloatArray) -> Watch:
        """Return the watch whose season has learned a day that the detector did not see."""
        ones = np.ones(counts.shape)
        return replace(self, season=self.season.learn(day, counts, ones, ones))


def predict_log(level: Level, spread: Spread, seen: StepCounts, healthy: BoolArray) -> float:
    """Return the log likelihood of a step's count under a normal prediction, where healthy."""
    mean = seen.expected * level.mean
    variance = mean + mean**2 * (level.variance + spread.dispersion)
    error = np.minimum((seen.observed - mean) ** 2 / variance, 16.0)
    return float((-0.5 * (error + np.log(variance)) * healthy).mean())


def place_days(days: Days) -> list[tuple[date, CalendarDay]]:
    """Return the days in their order, with their places in the calendar."""
    keys = sorted(days)
    return [(day, place_day(day, keys[i - 1] if i else None)) for i, day in enumerate(keys)]


def run_to(days: Days, until: date, terms: DetectorTerms, live: int) -> tuple[Watch, float]:
    """Return the watch before a day, and the fit of the last days before it.

    Args:
        days: of the series.
        until: first day that is not learned.
        terms: of the monitor.
        live: days before it that the detector sees.
    """
    watch, fit = Watch.start(terms), 0.0
    for day, place in place_days(days):
        if day >= until:
            break
        if day < until - timedelta(live):
            watch = watch.learn(place, days[day][None])
        else:
            watch, _, more = watch.live(place, days[day][None])
            fit += more
    return watch, fit


def choose_terms(days: Days, until: date) -> DetectorTerms:
    """Return the terms with the best predictions on the last months before a day."""
    fits = {}
    for wander in WANDERS:
        for drift in DRIFTS:
            terms = replace(TERMS, wander=wander, drift=drift)
            fits[terms] = run_to(days, until, terms, CHOSEN_ON)[1]
    return max(fits, key=fits.__getitem__)


def plant_drops(
    rng: np.random.Generator, counts: FloatArray, sets: int, hours: tuple[int, int], each: int
) -> tuple[FloatArray, IntArray]:
    """Return copies (sets, steps) of a series with drops, and their steps (sets, each).

    Args:
        rng: source of chance.
        counts: (D, 169) of the series.
        sets: number of copies.
        hours: between which a drop lies, from its start to its end.
        each: drops in a copy; two lie at least two hours apart.
    """
    low, high = ((hour - OPENS) * 60 // MINUTES for hour in hours)
    copies = np.repeat(counts.reshape(1, -1), sets, axis=0)
    starts = np.zeros((sets, each), dtype=np.int64)
    for row in range(sets):
        taken: list[int] = []
        while len(taken) < each:
            at = int(rng.integers(len(counts))) * BINS + int(rng.integers(low, high - HOUR + 1))
            if all(abs(at - one) >= 3 * HOUR for one in taken):
                taken.append(at)
        starts[row] = sorted(taken)
        for at in taken:
            part = slice(at, at + HOUR)
            copies[row, part] = rng.binomial(copies[row, part].astype(np.int64), 1.0 - DROP)
    return copies, starts


def find_alarms(watch: Watch, places: Sequence[CalendarDay], counts: FloatArray) -> BoolArray:
    """Return the alarms (S, steps) of copies (S, steps) of a month."""
    alarms = []
    for number, place in enumerate(places):
        part = counts[:, number * BINS : (number + 1) * BINS]
        watch, results, _ = watch.live(place, part)
        alarms += [result.alarm for result in results]
    return np.stack(alarms, axis=1)


def show_bank(path: Path, sets: int, month: int = 10) -> bool:
    """Print false alarms and drops found in a month; whether what is asked is reached."""
    days = read_calls(path)
    until = date(2003, month, 1)
    terms = choose_terms(days, until)
    print(
        f"bank calls, month {month}: wander {terms.wander:g} and drift {terms.drift:g} of a day's"
        f" level chosen on the {CHOSEN_ON} days before"
    )
    watch, _ = run_to(days, until, terms, WARM)
    tested = [
        (day, place) for day, place in place_days(days) if (day.year, day.month) == (2003, month)
    ]
    places = [place for _, place in tested]
    counts = np.stack([days[day] for day, _ in tested])
    quiet = int(find_alarms(watch, places, counts.reshape(1, -1)).sum())
    print(f"  alarms without drops: {quiet} in {len(places)} days (asked 0)", flush=True)
    good = quiet == 0
    for hours, least in (((8, 17), 18), ((7, 21), 17)):
        good &= show_drops(watch, places, counts, sets, hours, least)
    return good


def show_drops(
    watch: Watch,
    places: Sequence[CalendarDay],
    counts: FloatArray,
    sets: int,
    hours: tuple[int, int],
    least: int,
) -> bool:
    """Print how many planted drops are found; whether enough are, on average over the sets."""
    rng = np.random.default_rng([hours[0], sets])
    copies, starts = plant_drops(rng, counts, sets, hours, DROPS)
    alarms = find_alarms(watch.copy(sets), places, copies)
    steps = starts[:, :, None] + np.arange(SOON)
    rows = np.arange(sets)[:, None, None]
    found = alarms[rows, steps].any(axis=2).sum(axis=1)
    planted = np.zeros(alarms.shape, dtype=np.bool_)
    planted[rows, starts[:, :, None] + np.arange(HOUR)] = True
    false = int((alarms & ~planted).sum())
    asked = least / DROPS
    print(
        f"  drops of 30 % between {hours[0]} and {hours[1]} h: {found.mean() / DROPS:.3f} found in"
        f" 20 minutes (asked {asked:.2f}); {(found >= asked * DROPS).mean():.3f} of {sets} sets"
        f" reach it; {false} alarms beside the drops",
        flush=True,
    )
    return bool(found.mean() >= asked * DROPS)
