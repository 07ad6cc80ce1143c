"""Outages from end to end: journal, alarm, quarantine, notice and the next snapshot, in one run.

    python -m benchmarks outages [--runs N] [--silent]

An installation that is three hours old has 50 visits a minute; one of three payment methods fails
for two hours, and 40 % of the visits choose it. All parts are those of the service, on a real
store with a moved clock (`outages_site`). Asked of each run: the alarm names stage and method, and
dates the beginning within 5 minutes; the quarantine covers the outage; the notice goes out; the
snapshots behind the quarantine give `coffee` no other share than quiet days do; behind a release
the share visibly moves, and the snapshot is bit-equal to one of counts that never were quarantined.
Within how many minutes an alarm opens is asked of monitors with weeks behind them: `monitors`.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bandits.policies.snapshot import dump
from benchmarks.folds import served
from benchmarks.lifts_service import Service
from benchmarks.moved_clock import moved_clock
from benchmarks.options import option_parser
from benchmarks.outages_site import (
    CONFIG,
    FAILS,
    START,
    Outage,
    OutageSite,
    coffee_share,
    outage_slot,
    quiet_allocations,
)
from nudge.domain.alarms.delivery import Notice
from nudge.domain.alarms.notice_texts import NoticeText
from nudge.domain.alarms.quarantine import Quarantine, QuarantineNote
from nudge.flows.folds.learner_fit import fit_learner
from nudge.flows.folds.slot_publication import quarantined_of
from nudge.flows.upkeep.quarantine import release
from nudge.settings.settings import Settings, load
from nudge.store.folds.counts_copy import CountsCopy
from nudge.store.store import Store
from nudge.workers.alarms.notice_loop import NoticeSender

BASELINE: Final = "counts that were never quarantined"
WARM, LASTS, AFTER = 180, 120, 5
"""Minutes before the outage, of it, and behind it."""
SMALL: Final = (10, 4, 1)
CLOSE: Final = 5.0
"""Minutes within which a beginning is dated."""
QUIET: Final = 40
"""Quiet days whose range is the noise: a further one leaves it by chance in one case of twenty."""
DRAW: Final = 1.0 / 256.0
"""Smallest step of an allocation."""
VISIBLE: Final = 0.1
CAUSE: Final = {"stage": "method", "method": FAILS}
TABLES: Final = """
[[people]]
name = "ann"
urls = ["json://127.0.0.1:{port}/hook"]
[levels.critical]
tell = ["ann"]
"""


class NoticeList:
    """A sender that keeps what it was given.

    Attributes:
        notices: in order.
    """

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def send(self, notice: Notice, _text: NoticeText) -> str | None:
        """Take a notice."""
        self.notices.append(notice)
        return None


@dataclass(frozen=True)
class OutageRun:
    """The result of one run.

    Attributes:
        found: minutes from the beginning to the alarm; None where there was none.
        off: minutes by which the beginning was dated wrongly.
        cause: of the alarm.
        alarms: alarms that opened.
        covered: whether the quarantine covers the outage, and the first snapshot names it.
        left: share of `coffee` with the quarantine.
        moved: the same behind its release.
        noise: least and largest share behind quiet days.
        equal: whether the snapshot behind the release is that of counts never quarantined.
    """

    found: int | None = None
    off: float = 0.0
    cause: dict[str, str] | None = None
    alarms: int = 0
    covered: bool = False
    left: float = 0.0
    moved: float = 0.0
    noise: tuple[float, float] = (0.0, 0.0)
    equal: bool = False

    @property
    def is_quiet(self) -> bool:
        """Whether the quarantine leaves the allocation where quiet days have it."""
        return self.noise[0] - DRAW <= self.left <= self.noise[1] + DRAW

    @property
    def is_moved(self) -> bool:
        """Whether the allocation visibly moves without the quarantine."""
        return self.moved < self.noise[0] - VISIBLE

    @property
    def is_good(self) -> bool:
        """Whether all of it is as asked."""
        named = self.cause == CAUSE and self.alarms == 1 and abs(self.off) <= CLOSE
        return named and self.covered and self.is_quiet and self.is_moved and self.equal


def watched_settings(settings: Settings, port: int = 9) -> Settings:
    """Return settings whose monitors are those that ship, and tell ann at a port of loopback."""
    config = settings.data_dir / "config"
    config.mkdir(parents=True)
    for path in CONFIG.glob("*.toml"):
        shutil.copy(path, config)
    with (config / "monitors.toml").open("a") as file:
        file.write(TABLES.format(port=port))
    return replace(settings, config_dir=config)


def play_outage(
    store: Store,
    settings: Settings,
    outage: Outage,
    seed: int,
    visits: float,
    sender: NoticeSender | None = None,
) -> OutageRun:
    """Play an outage and judge what became of it."""
    with moved_clock(store.client, START) as clock:
        service = Service.of(store.client, settings, [outage_slot()])
        site = OutageSite(service, clock, seed, outage, visits, sender)
        site.run(outage.starts, 10)
        while not site.opened() and site.minute < outage.ends:
            site.run(site.minute + 1)
        first = {str(one["id"]) for one in quarantined_of(site.publish().meta)}
        site.run(outage.ends + AFTER)
        return _judged(site, outage, first)


def _judged(site: OutageSite, outage: Outage, first: set[str]) -> OutageRun:
    """Return the result of a run that is over, its quarantine released and compared."""
    opened, marked = site.opened(), site.service.store.quarantines.current()
    if not opened or not marked:
        return OutageRun(alarms=len(opened))
    minute, alarm = opened[0]
    one = next(iter(marked.values()))
    left = coffee_share(site.publish())
    moved, equal = _released(site, one)
    quiet = site.minute - round((one.end - one.start) / 60)
    shares = quiet_allocations(quiet, site.visits, QUIET, site.seed)
    return OutageRun(
        minute - outage.starts,
        (alarm.began - START) / 60 - outage.starts,
        dict(alarm.cause),
        len(opened),
        len(marked) == 1 and first == {one.id} and _covers(one, outage),
        left,
        moved,
        (min(shares), max(shares)),
        equal,
    )


def _covers(one: Quarantine, outage: Outage) -> bool:
    starts, ends = (START + 60.0 * minute for minute in (outage.starts, outage.ends))
    return one.start <= starts and ends <= one.end


def _released(site: OutageSite, one: Quarantine) -> tuple[float, bool]:
    """Release a quarantine; return the share then, and whether no bit tells of the quarantine."""
    store = site.service.store
    release(store, one.id, QuarantineNote("ann", site.now, "to compare"))
    site.look()  # the alarm may still be open: it marks nothing again
    after = site.publish()
    counts = CountsCopy.empty("banner", store.keys.partitions)
    counts.refresh(store.counts)
    rows = [row for _, row in counts.rows()]
    never = fit_learner(outage_slot(), rows, counts.positions, counts.watermark, int(after.version))
    return coffee_share(after), dump(after) == dump(never)


def run_once(seed: int, outage: Outage, visits: float) -> tuple[OutageRun, int]:
    """Play an outage in an installation of its own; return the result and the notices sent."""
    notices = NoticeList()
    with (
        tempfile.TemporaryDirectory(prefix="nudge-") as name,
        served("outages", 2) as store,
    ):
        plain = load({"NUDGE_DATA_DIR": name})
        settings = watched_settings(replace(plain, namespace="outages", partitions=2))
        found = play_outage(store, settings, outage, seed, visits, notices)
    return found, len(notices.notices)


def main(arguments: Sequence[str] = ()) -> int:
    """Print a row for each run."""
    parser = option_parser("outages", __doc__)
    parser.add_argument("--runs", type=int, default=5, help="seeds; default 5")
    parser.add_argument("--silent", action="store_true", help="no page reports a failed payment")
    asked = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    warm, lasts, visits = (*SMALL[:2], 4.0) if asked.small else (WARM, LASTS, 50.0)
    outage = Outage(warm, warm + lasts, not asked.silent)
    print(f"an outage of {FAILS} for {lasts} minutes, {visits:g} visits a minute, {BASELINE}:")
    print("  seed  alarm  dated  covered  quarantined  quiet days   released  bit-equal  notices")
    good = True
    for seed in range(1, 2 if asked.small else asked.runs + 1):
        run, notices = run_once(seed, outage, visits)
        good &= run.is_good and notices > 0
        alarm = "none" if run.found is None else f"{run.found} min"
        low, high = run.noise
        print(
            f"  {seed:4} {alarm:>6} {run.off:+6.1f} {run.covered!s:>8} {run.left:12.3f}"
            f"  {low:.3f}-{high:.3f} {run.moved:9.3f} {run.equal!s:>10} {notices:8}",
            flush=True,
        )
    return int(not good)
