"""The publication of a rhythm: fitted to the lake's recharges, applied as a document where new."""

from __future__ import annotations

from math import isinf
from math import log as ln
from typing import Final

import numpy as np
import structlog

from nudge.config.documents.configuration import Configuration
from nudge.config.documents.document import plan_documents
from nudge.config.documents.rhythm_file import FILE, rhythm_text
from nudge.config.slot_change import Edit
from nudge.config.table_file import ConfigTables
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm
from nudge.domain.values.days import parse_day
from nudge.flows.upkeep.setup.apply_documents import write_document
from nudge.lake.engine.engines import named_engine
from nudge.lake.experience.recharge_days import recharge_days
from nudge.lake.files.reader import Lake
from nudge.models.rhythm.fit import fit_rhythm
from nudge.models.rhythm.purchase_sums import purchase_sums
from nudge.settings.settings import Settings
from nudge.store.store import Store

log = structlog.get_logger()

WHO: Final = "nudge work"
NEWS: Final = ln(1.05)
"""Change of a figure, on the logarithm, that is news: dates of plans do not move daily."""
USUAL: Final = PurchaseHistory(5, 150.0, 150.0)
"""A history of monthly recharges, by whose next date two rhythms are compared."""


def publish_rhythm(store: Store, settings: Settings, at: float) -> Rhythm | None:
    """Fit the rhythm to the lake as it is now, and apply it where it says something else.

    Idempotent: the same lake gives the same rhythm; of two workers at once one writes.

    Args:
        store: of the installation.
        settings: of the installation.
        at: seconds, now.

    Returns:
        The rhythm that was applied; None where nothing was.

    Raises:
        BrokenLakeError: the lake cannot be read.
        InvalidConfigError: what is applied now cannot be read.
        StoreAwayError: no answer.
    """
    documents = store.documents.current()
    before = Configuration(settings, documents).rhythm
    found = _fit(settings, at)
    if found is None or (before is not None and not is_news(before, found)):
        return None
    tables = ConfigTables(settings.config_dir)
    for change in plan_documents(documents, {FILE: rhythm_text(found)}, tables):
        why = f"fitted to {found.people:,} people until {found.until}"
        if change.changes and write_document(store, change, Edit(WHO, why, at)):
            log.info("rhythm_published", revision=change.document.revision, people=found.people)
            return found
    return None


def _fit(settings: Settings, at: float) -> Rhythm | None:
    calendar = OperatorCalendar.named(settings.zone)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, _):
        rows = recharge_days(backend, calendar)
    until = calendar.day_of(at) - 1  # the day that runs is not over
    numbers: dict[str, int] = {}
    people = [numbers.setdefault(visitor, len(numbers)) for visitor, _ in rows]
    days = [parse_day(day, calendar) for _, day in rows]
    who, when = (np.array(one, dtype=np.int64) for one in (people, days))
    return fit_rhythm(purchase_sums(who, when, until), date_of(until).isoformat())


def is_news(before: Rhythm, found: Rhythm) -> bool:
    """Return whether a rhythm says something else than the one before, to a twentieth."""
    pairs = list(zip(_figures(before), _figures(found), strict=True))
    return any(isinf(a) != isinf(b) or (a != b and abs(ln(a / b)) > NEWS) for a, b in pairs)


def _figures(rhythm: Rhythm) -> tuple[float, ...]:
    """Return what a rhythm says: dates of a newcomer and of a monthly customer, and staying."""
    newcomer = rhythm.next_gap(PurchaseHistory(0, 0.0, 0.0))
    return *newcomer, *rhythm.next_gap(USUAL), rhythm.half_life
