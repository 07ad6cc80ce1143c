"""Making of a history: an empty installation gets a month, through its own service."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bandits.units import HOUR
from lab.history.care_team import CareTeam
from lab.history.driver import Driver
from lab.history.fold_process import AHEAD, Progress, fold_process
from lab.history.people import Customers
from lab.history.plan import COFFEE_AGO, STOPPED_AGO, HistoryPlan, HistoryResult
from lab.history.quiet import quiet
from lab.history.sms_line import SmsLine
from lab.history.staff_doors import StaffDoors
from lab.history.story import Story
from lab.history.timetable import Timetable
from lab.history.traffic import TICK
from lab.history.wall_clock import WallClock
from nudge import clock
from nudge.api.service import EXTENSION, Service
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.domain.people.loading import VisitorRow
from nudge.domain.people.visitor_file import VisitorColumns
from nudge.domain.slots.slot import Slot
from nudge.flows.upkeep.apply import apply
from nudge.flows.upkeep.setup.apply_documents import apply_missing
from nudge.flows.upkeep.setup.page_key import register_page_key
from nudge.settings.rate import NO_LIMIT
from nudge.settings.settings import Settings
from nudge.wiring.command import Installation, open_installation
from nudge.wiring.web import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STEP: Final = 2.0 * HOUR
"""Seconds of the history after which the folds follow."""
FINE: Final = 1200.0
"""Seconds of a step while every minute is judged: counts are kept for two hours."""
FINE_TICK: Final = 120.0
LATER: Final = {"banner": ("coffee",)}
"""Variants that a history begins without, by slot: somebody switches them on."""
PATIENT: Final = 10.0
"""Seconds that the service waits for the store: a busy machine is slow, and nobody waits."""
LIMITS: Final = (
    *("limits_key", "limits_address", "limits_list", "limits_device"),
    *("limits_key_events", "limits_address_events", "limits_device_events"),
    "learning_page_claims",
)

Tell = Callable[[float], object]
"""Is told how far a history is, from 0 to 1."""


def make_history(settings: Settings, wanted: HistoryPlan, tell: Tell) -> HistoryResult:
    """Make the history in an installation whose store runs, and is empty.

    Args:
        settings: of the installation.
        wanted: what happens.
        tell: is told of the progress.

    Raises:
        FoldsFailedError: the process of the folds ended.
    """
    quiet()
    context = multiprocessing.get_context("spawn")
    progress = Progress.start(wanted.start, context)
    settings = _unlimited(settings)
    with open_installation(settings) as installation, _moved(progress, installation) as wall:
        _set_up(installation, wanted)
        service, app = _web(settings)
        doors = StaffDoors.of(app)
        customers = _load_customers(installation, wanted)
        driver = Driver(doors, wall, wanted, customers)
        line = SmsLine(doors.server, driver.report, customers.each, wanted.seed)
        team = CareTeam(doors.care, wall, wanted.seed)
        story = Story(wanted, doors, installation.store, driver, line, team)
        with fold_process(settings, progress, _timetable(wanted), context) as wait:
            for at in _live(wanted, story, driver, progress, wait):
                service.look()
                tell((at - wanted.start) / (wanted.end - wanted.start))
            wait(wanted.end)
    counts = driver.counts
    return HistoryResult(counts["visitors"], counts["decisions"], counts["events"])


def _live(
    wanted: HistoryPlan,
    story: Story,
    driver: Driver,
    progress: Progress,
    wait: Callable[[float], None],
) -> Iterator[float]:
    """Let everything happen, step by step; yield how far it is."""
    acts, timetable, at = story.acts(), _timetable(wanted), wanted.start
    while at < wanted.end:
        fine = timetable.is_watched(at, at + STEP)
        end = min(at + (FINE if fine else STEP), wanted.end)
        end = min([end, *(one.at for one in acts[:1])])
        driver.run_until(end, FINE_TICK if fine else TICK)
        progress.traffic.value = at = end
        due = [one for one in acts if one.at <= at]
        # Where every minute is judged the folds follow step by step: counts are kept for two hours.
        wait(at if due or fine else at - AHEAD)
        for one in due:
            one.do()
        acts = acts[len(due) :]
        yield at


def _web(settings: Settings) -> tuple[Service, WSGIApplication]:
    """Return the service and its application; its catalogue is read when somebody says so."""
    app = create_app(settings)
    service: Service = app.extensions[EXTENSION]
    service.look()
    return service, app.wsgi_app


@contextmanager
def _moved(progress: Progress, installation: Installation) -> Iterator[WallClock]:
    wall = WallClock(progress.wall, installation.store.client)
    try:
        with clock.moved(wall):
            yield wall
    finally:
        wall.end()


def _unlimited(settings: Settings) -> Settings:
    """Return settings without limits of callers: a month comes in two minutes."""
    limits = dict.fromkeys(LIMITS, NO_LIMIT)
    return replace(settings, hot_timeout=PATIENT, **limits)  # type: ignore[arg-type]


def _set_up(installation: Installation, wanted: HistoryPlan) -> None:
    """Apply the configuration as it was when the history began."""
    settings, store = installation.settings, installation.store
    store.identity.recognise(settings.store_note)
    register_page_key(store, settings)
    edit = Edit("nudge serve", "start", wanted.start)
    apply_missing(store, settings, edit)
    slots = {name: _begun(one) for name, one in load_slots(settings.config_dir / "slots").items()}
    apply(store, plan(store.slots.current(), slots), edit)


def _begun(slot: Slot) -> Slot:
    later = LATER.get(slot.name, ())
    each = (replace(one, enabled=False) if one.name in later else one for one in slot.variants)
    return replace(slot, variants=tuple(each))


def _load_customers(installation: Installation, wanted: HistoryPlan) -> Customers:
    """Load the customers as `nudge load visitors` does."""
    found = Customers.draw(wanted.customers, wanted.start, wanted.end, wanted.seed)
    rows = list(found.rows())
    if rows:
        columns = VisitorColumns.of(list(rows[0]), installation.rules)
        read = [columns.row(one, clock.now()) for one in rows]
        installation.loader.load([one for one in read if isinstance(one, VisitorRow)])
    return found


def _timetable(wanted: HistoryPlan) -> Timetable:
    begun = datetime.fromtimestamp(wanted.start, wanted.zone).utcoffset() or timedelta()
    offset = begun.total_seconds()
    changes = (wanted.at(COFFEE_AGO, 10), wanted.at(STOPPED_AGO, 9))
    return Timetable(wanted.start, wanted.end, offset, wanted.rushes, changes)
