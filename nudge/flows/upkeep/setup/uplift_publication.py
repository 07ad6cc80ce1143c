"""The publication of the uplift of win-back: fitted to live cases, in force for the list."""

from __future__ import annotations

import structlog

from nudge.domain.loop.loop_question import KEPT_WITHIN
from nudge.domain.winback.uplift_in_force import UpliftInForce
from nudge.flows.winback.live_effect import fit_uplift
from nudge.lake.engine.engines import named_engine
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store

log = structlog.get_logger()


def publish_uplift(store: Store, settings: Settings) -> UpliftInForce:
    """Fit the uplift to the lake as it is now, and put it into force.

    Idempotent: the same lake gives the same uplift. The order of the list follows.

    Args:
        store: of the installation.
        settings: of the installation.

    Raises:
        BrokenLakeError: the lake cannot be read.
        StoreAwayError: no answer.
    """
    caught_up = store.freshness.read()  # before the lake is looked at
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        found = fit_uplift(backend, caught_up.as_of(contents.watermarks()), KEPT_WITHIN)
    if store.winback.uplift() != found:
        store.winback.put_uplift(found)
        people = found.contacted + found.held_out
        log.info("uplift_published", verdict=found.verdict.value, people=people)
    return found
