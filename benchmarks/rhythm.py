"""Expected purchases: total, who comes back, and what intervals hold, on purchases behind the fit.

    python -m benchmarks rhythm [--file FILE --until DATE --check DATE] [--people 3000]

**File** (columns `customer` and `date`): a rhythm is fitted to the purchases until a day, and the
days behind it are forecast. Beside it the baseline: everybody goes on at their own rate.

**Worlds**: people whose rates, gaps and times of leaving are known, with gaps of chance and even
ones. Half of the time is fitted, half checked.

`alive us` is the time of one person's probability of having stayed, as the web computes it.

The exit code is 1 where the total of a file is more than 14 % off, its AUC is below .76, or an
interval holds fewer than 93 of 100; in a world where the total is more than 10 % off or an interval
holds fewer than 93 of 100.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from bandits.arrays import IntArray
from benchmarks.options import option_parser
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm
from nudge.models.rhythm.backtest import RhythmCheck, check_rhythm, later_purchases
from nudge.models.rhythm.fit import fit_rhythm
from nudge.models.rhythm.purchase_sums import PurchaseSums, purchase_sums

BASELINE: Final = "own rate as before"
PEOPLE: Final = 3_000
TOTAL: Final = 0.14
AUC: Final = 0.76
COVERED: Final = 0.93
WORLD_TOTAL: Final = 0.10
"""Bounds of the exit code."""
DAYS: Final = 400
REGULARITIES: Final = (1, 4, 12)
CALLS: Final = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all parts and return the exit code."""
    parser = option_parser("rhythm", __doc__)
    parser.add_argument("--file", type=Path, help="purchases, CSV or Parquet")
    parser.add_argument("--until", type=date.fromisoformat, help="last day of the fit")
    parser.add_argument("--check", type=date.fromisoformat, help="last day of the check")
    parser.add_argument("--people", type=int, default=PEOPLE, help="of each world")
    options = parser.parse_args(arguments)
    print(
        f"{'purchases':<16}{'people':>8}{'total':>9}{'AUC':>7}{'covered':>9}{'dates':>7}"
        f"{'fit s':>7}{'alive us':>10}{BASELINE + ': total, AUC':>33}"
    )
    broken = False
    if options.file:
        if options.until is None or options.check is None:
            parser.error("--file needs --until and --check")
        broken |= _file(options.file, options.until, options.check)
    for regularity in REGULARITIES[: 1 if options.small else None]:
        broken |= _world(regularity, 400 if options.small else options.people)
    return int(broken)


def _file(path: Path, until: date, end: date) -> bool:
    from nudge.domain.basics.calendar import OperatorCalendar  # noqa: PLC0415 - this part alone
    from nudge.domain.values.days import parse_day  # noqa: PLC0415
    from nudge.flows.care.purchase_file import PurchaseColumns, read_purchases  # noqa: PLC0415
    from nudge.lake.intake.input_file import open_input  # noqa: PLC0415

    calendar = OperatorCalendar()
    columns = PurchaseColumns("customer", "date", calendar)
    read = read_purchases(open_input(path), columns, lambda _: None)
    last, newest = (parse_day(one.isoformat(), calendar) for one in (until, end))
    found = _checked(path.stem[:15], *read.arrays, last, newest)
    dates = found.dates_covered or 0.0
    return (
        abs(found.error or 0.0) > TOTAL
        or (found.auc or 0.0) < AUC
        or min(found.covered, dates) < COVERED
    )


def _world(regularity: int, people: int) -> bool:
    who, day = draw_purchases(regularity, people, np.random.default_rng((17, regularity)))
    found = _checked(f"regularity {regularity}", who, day, DAYS // 2, DAYS)
    dates = found.dates_covered or 0.0
    return abs(found.error or 0.0) > WORLD_TOTAL or min(found.covered, dates) < COVERED


def draw_purchases(
    regularity: int, people: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Draw the purchases of people who come about monthly, and leave: people and days (n,)."""
    who, day = [], []
    for person in range(people):
        pace = rng.gamma(3.0) / (90.0 / regularity)
        now = first = rng.uniform(0.0, DAYS / 4)
        life = rng.exponential() * 300.0 / rng.gamma(0.8)
        while now < DAYS + 1 and now - first < life:
            who.append(person)
            day.append(int(now))
            now += rng.gamma(regularity) / pace
    return np.array(who, dtype=np.int64), np.array(day, dtype=np.int64)


def _checked(name: str, who: IntArray, day: IntArray, until: int, end: int) -> RhythmCheck:
    began = time.perf_counter()
    sums = purchase_sums(who, day, until)
    rhythm = fit_rhythm(sums, "")
    seconds = time.perf_counter() - began
    if rhythm is None:
        raise SystemExit(f"{name}: too few people came back")
    found = check_rhythm(rhythm, sums, later_purchases(who, day, until, end))
    print(
        f"{name:<16}{found.people:>8,}{100 * (found.error or 0.0):>+7.1f} %{found.auc or 0.0:>7.3f}"
        f"{found.covered:>9.3f}{found.dates_covered or 0.0:>7.3f}{seconds:>7.1f}"
        f"{_alive_time(rhythm, sums):>10.0f}"
        f"{100 * (found.naive_error or 0.0):>+24.1f} %{found.naive_auc or 0.0:>7.3f}",
        flush=True,
    )
    return found


def _alive_time(rhythm: Rhythm, sums: PurchaseSums) -> float:
    """Return the microseconds of one probability of having stayed."""
    rows = np.random.default_rng(1).integers(0, len(sums.age), CALLS)
    people = [
        PurchaseHistory(int(sums.repeats[n]), float(sums.span[n]), float(sums.age[n])) for n in rows
    ]
    began = time.perf_counter()
    for one in people:
        rhythm.alive(one)
    return 1e6 * (time.perf_counter() - began) / CALLS


if __name__ == "__main__":
    sys.exit(main())
