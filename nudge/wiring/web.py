"""The web application."""

from __future__ import annotations

from flask import Flask

from nudge import faults
from nudge.api.auth import local_callers
from nudge.api.cors import allow_origins
from nudge.api.document import describe
from nudge.api.errors import handle_errors
from nudge.api.metrics import Metrics
from nudge.api.provider import OrjsonProvider
from nudge.api.service import EXTENSION, Service
from nudge.config.segment_file import load_segments
from nudge.domain.identity.sealing import Sealer
from nudge.flows.serving.decide import PATIENCE, Decider
from nudge.flows.serving.record import Recorder
from nudge.settings.settings import Settings, load
from nudge.spool.spool import Spool
from nudge.store.wire import client as store
from nudge.store.wire.keys import Keys


def create_app(settings: Settings | None = None) -> Flask:
    """The web application; nothing is asked of the store before the first request.

    `app.extensions["nudge"].start()` follows the store from then on: once in each process.

    Args:
        settings: None reads the configuration file and the environment.

    Raises:
        InvalidConfigError: the settings or the segments are wrong.
    """
    service = _service(settings or load())
    faults.arm(service.settings.fault_dir)
    app = Flask("nudge", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = service.settings.max_body
    app.extensions[EXTENSION] = service
    describe(app)
    handle_errors(app, service.metrics)
    allow_origins(app, service.settings.cors_origins)
    return app


def _service(settings: Settings) -> Service:
    client = store.hot(settings.store_url, settings.hot_timeout)
    keys = Keys(settings.namespace, settings.partitions)
    sealer = Sealer(settings.secret_key, settings.vault_secrets)
    spool = Spool(settings.spool_dir, sealer.spool_key, settings.spool_size)
    segments = load_segments(settings.config_dir)
    patience = None if settings.aof == "always" else PATIENCE
    return Service(
        settings=settings,
        client=client,
        keys=keys,
        sealer=sealer,
        decider=Decider(client, keys, sealer, settings.holdout, spool, segments, patience),
        recorder=Recorder(client, keys, sealer, spool),
        spool=spool,
        metrics=Metrics.create(),
        local=local_callers(settings),
    )
