"""The composition root of the web application."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import structlog
from flask import Flask, Response

from nudge import faults
from nudge.api.auth import local_callers
from nudge.api.document import describe
from nudge.api.errors import handle_errors
from nudge.api.headers import AnswerHeaders
from nudge.api.holiday_watch import HolidayWatch
from nudge.api.limits.limiter import Limiter
from nudge.api.memory_watch import MemoryWatch
from nudge.api.metrics import Metrics
from nudge.api.provider import OrjsonProvider
from nudge.api.service import EXTENSION, Service
from nudge.config.contact_file import load_contact, load_holiday_years
from nudge.config.input_rules import load_input_rules
from nudge.config.segment_file import load_segments
from nudge.domain.identity.sealing import Sealer
from nudge.domain.slots.segments import Segments
from nudge.domain.timing.windows import Calendar
from nudge.flows.plan import Planner
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.log import PATIENCE
from nudge.flows.serving.questions import QuestionQueue
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep.erase import Eraser
from nudge.limits.bucket_table import BucketTable
from nudge.settings.private import close_data_dir, make_files_private
from nudge.settings.settings import Settings, load
from nudge.spool.spool import Spool
from nudge.store.store import Store
from nudge.wiring.stores import hot_store, patient_store

SLOW_TIMEOUT: Final = 2.0
"""Seconds that a report or a plan may wait for the store."""

log = structlog.get_logger()


class App(Flask):
    """Flask without its looks at each call for views that are coroutines: none is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The view as it is."""
        return func

    def make_default_options_response(self) -> Response:
        """The methods of a path, and nothing else."""
        response = Response(status=204)
        del response.headers["Content-Type"]
        response.allow.update(super().make_default_options_response().allow)
        return response


def create_app(settings: Settings | None = None) -> Flask:
    """Create the web application; the store is not asked before the first request.

    `app.extensions["nudge"].start()` follows the store from then on: once in each process.

    Args:
        settings: None reads the configuration file and the environment.

    Raises:
        InvalidConfigError: the settings, the contact policy or the segments are wrong.
    """
    make_files_private()
    service = _service(settings or load())
    for problem in close_data_dir(service.settings.data_dir):
        log.warning("data_dir_open", problem=problem)
    faults.arm(service.settings.fault_dir)
    app = App("nudge", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = service.settings.max_body
    app.extensions[EXTENSION] = service
    describe(app)
    handle_errors(app, service.metrics)
    app.wsgi_app = AnswerHeaders(app.wsgi_app, service.settings.cors_origins)  # type: ignore[method-assign]
    return app


def _service(settings: Settings) -> Service:
    store = hot_store(settings, settings.hot_timeout)
    sealer = Sealer(settings.secret_key, settings.vault_secrets)
    spool = Spool(settings.spool_dir, sealer.spool_key, settings.spool_size)
    segments = load_segments(settings.config_dir)
    metrics = Metrics.create()
    table = BucketTable.open(settings.limits_file, sealer.limits_key)
    patience = None if settings.aof == "always" else PATIENCE
    return Service(
        settings=settings,
        store=store,
        patient=patient_store(settings),
        rules=load_input_rules(settings),
        sealer=sealer,
        decider=Decider(store, sealer, settings.holdout, spool, segments, patience),
        recorder=Recorder(store, sealer, spool, settings.attribution_skew),
        # Answers are long: what a page's client may wait for them would close it for pages.
        questions=QuestionQueue(hot_store(settings, SLOW_TIMEOUT)),
        eraser=Eraser(store, sealer),
        make_planner=partial(_planner, settings, sealer, segments, store),
        spool=spool,
        metrics=metrics,
        local=local_callers(settings),
        limiter=Limiter(settings, table, metrics.refused),
        holidays=HolidayWatch(
            load_holiday_years(settings.config_dir, settings.zone), metrics.holidays_missing
        ),
        memory=MemoryWatch(metrics.memory),
    )


def _planner(settings: Settings, sealer: Sealer, segments: Segments, page: Store) -> Planner:
    """Make the planner of SMS, which loads the holidays.

    Raises:
        InvalidConfigError: the contact policy is wrong; `nudge check` says so before.
    """
    # Plans take long: what a page's client may wait for them would close it for pages.
    store = hot_store(settings, SLOW_TIMEOUT)
    store.client.before_return = page.client.before_return
    calendar = Calendar(load_contact(settings.config_dir, settings.zone))
    return Planner(store, sealer, settings.holdout, calendar, segments)
