"""The composition root of the web application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import Flask, Response, g, request

from nudge import faults
from nudge.api.auth import local_callers
from nudge.api.configured import ConfiguredFlows, FlowHolder
from nudge.api.document import describe
from nudge.api.errors import handle_errors
from nudge.api.headers import AnswerHeaders
from nudge.api.holiday_watch import HolidayWatch
from nudge.api.limits.limiter import Limiter
from nudge.api.memory_watch import MemoryWatch
from nudge.api.metrics import Metrics
from nudge.api.operation import EXTERNAL_ID
from nudge.api.provider import OrjsonProvider
from nudge.api.service import EXTENSION, Service
from nudge.config.documents.configuration import Configuration, ConfigurationHolder
from nudge.domain.identity.sealing import Sealer
from nudge.domain.timing.windows import Calendar
from nudge.flows.accounts.accounts import Accounts
from nudge.flows.accounts.passwords import PasswordHasher
from nudge.flows.plan import Planner
from nudge.flows.serving.decide import Decider
from nudge.flows.serving.log import PATIENCE
from nudge.flows.serving.questions import QuestionQueue
from nudge.flows.serving.record import Recorder
from nudge.flows.upkeep.erase import Eraser
from nudge.limits.bucket_table import BucketTable
from nudge.limits.client_address import AddressRules
from nudge.logs.access import KEY_ID, PATH, AccessLog
from nudge.logs.configuration import configure
from nudge.pages.mount import PageMount
from nudge.settings.private import close_data_dir, make_files_private
from nudge.settings.settings import Settings, load
from nudge.spool.spool import Spool
from nudge.store.store import Store
from nudge.wiring.stores import hot_store, patient_store

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

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
    if settings is None:
        # A server's process: whoever gives settings, a test, has a log of its own.
        settings = load()
        configure("web", settings)
    service = _service(settings)
    for problem in close_data_dir(service.settings.data_dir):
        log.warning("data_dir_open", problem=problem)
    faults.arm(service.settings.fault_dir)
    app = App("nudge", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = service.settings.max_body
    app.extensions[EXTENSION] = service
    describe(app)
    handle_errors(app, service.metrics)
    api = AnswerHeaders(app.wsgi_app, service.settings.cors_origins)
    app.wsgi_app = PageMount(api, partial(make_pages, service))  # type: ignore[method-assign]
    if settings.log_access:
        _log_calls(app)
    return app


def make_pages(service: Service, api: WSGIApplication) -> WSGIApplication:
    """Make the application of the pages, which a process needs when the first one is asked for.

    Args:
        service: behind the API.
        api: WSGI application of the API.
    """
    from nudge.pages.app import PageParts, create_pages  # noqa: PLC0415 - 5 MB that decisions need not

    settings, secret = service.settings, service.sealer.pages_key
    # What a page may wait for its session would close the client of decisions.
    store = hot_store(settings, SLOW_TIMEOUT)
    store.client.before_return = service.store.client.before_return
    accounts = Accounts(store, PasswordHasher(), service.sealer.limits_key)
    addresses = AddressRules(settings.limits_trusted_proxies, settings.limits_gateways)
    return create_pages(PageParts(api, accounts, secret, service.calendar.zone, addresses))


def _log_calls(app: App) -> None:
    """Have each call logged, by the names that the application gives it."""

    def note(response: Response) -> Response:
        caller, rule = g.get("caller"), request.url_rule
        request.environ[KEY_ID] = caller.key_id if caller else None
        if rule is not None and EXTERNAL_ID in rule.rule:
            request.environ[PATH] = rule.rule.replace(f"{EXTERNAL_ID}:", "")
        return response

    app.after_request(note)
    app.wsgi_app = AccessLog(app.wsgi_app)  # type: ignore[method-assign]  # Flask documents it


def _service(settings: Settings) -> Service:
    store = hot_store(settings, settings.hot_timeout)
    sealer = Sealer(settings.secret_key, settings.vault_secrets)
    spool = Spool(settings.spool_dir, sealer.spool_key, settings.spool_size)
    metrics = Metrics.create()
    table = BucketTable.open(settings.limits_file, sealer.limits_key)
    store.state_reader.on_unreadable = metrics.unreadable.inc
    patience = None if settings.aof == "always" else PATIENCE
    configured = ConfigurationHolder(settings)
    first = configured.current
    first.read()
    decider = Decider(
        *(store, sealer, settings.holdout, spool, first.segments),
        rhythm=first.rhythm,
        patience=patience,
    )
    watch = HolidayWatch(first.holiday_years, metrics.holidays_missing)
    planner = PlannerMaker(sealer, settings, store).make
    return Service(
        settings=settings,
        store=store,
        patient=patient_store(settings),
        sealer=sealer,
        recorder=Recorder(store, sealer, spool, settings.attribution_skew),
        # Answers are long: what a page's client may wait for them would close it for pages.
        questions=QuestionQueue(hot_store(settings, SLOW_TIMEOUT)),
        eraser=Eraser(store, sealer),
        spool=spool,
        metrics=metrics,
        local=local_callers(settings),
        limiter=Limiter(settings, table, metrics.refused),
        flows=FlowHolder(configured, ConfiguredFlows(first, decider, planner), watch),
        memory=MemoryWatch(metrics.memory),
    )


@dataclass(frozen=True)
class PlannerMaker:
    """The maker of the planner of SMS, one for each configuration.

    Attributes:
        page: store of the page path.
    """

    sealer: Sealer
    settings: Settings
    page: Store

    @cached_property
    def store(self) -> Store:
        """A store of its own: what a page's client may wait for a plan would close it for pages."""
        found = hot_store(self.settings, SLOW_TIMEOUT)
        found.client.before_return = self.page.client.before_return
        found.state_reader.on_unreadable = self.page.state_reader.on_unreadable
        return found

    def make(self, configuration: Configuration) -> Planner:
        """Make the planner, which loads the holidays.

        Raises:
            InvalidConfigError: the contact policy is wrong; `nudge check` says so before.
        """
        calendar, segments = Calendar(configuration.contact), configuration.segments
        holdout, rhythm = self.settings.holdout, configuration.rhythm
        return Planner(self.store, self.sealer, holdout, calendar, segments, rhythm)
