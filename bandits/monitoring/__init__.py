"""Monitoring of many streams of counts: usual values, delays, and detectors of falls and rises.

    usual = season.find_usual(day, hour)
    counts = RateCounts(arrivals, successes)
    detector, result = detector.advance(minute, counts, usual, law, limits, terms)

Every step is a pure function of counts, so that the same counts come to the same bits.
"""

from bandits.monitoring.budget import share_budget
from bandits.monitoring.calendar import PROMOTION, CalendarDay, month_place
from bandits.monitoring.delay_law import DelayLaw
from bandits.monitoring.detector import Detector, StepResult
from bandits.monitoring.lift import Lift
from bandits.monitoring.rate_detector import RateCounts, RateDetector
from bandits.monitoring.season import Season
from bandits.monitoring.step_counts import StepCounts
from bandits.monitoring.terms import DetectorTerms
from bandits.monitoring.usual import Usual

__all__ = [
    "PROMOTION",
    "CalendarDay",
    "DelayLaw",
    "Detector",
    "DetectorTerms",
    "Lift",
    "RateCounts",
    "RateDetector",
    "Season",
    "StepCounts",
    "StepResult",
    "Usual",
    "month_place",
    "share_budget",
]
