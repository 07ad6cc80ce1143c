"""The app on a real server, with the shipped slots and a key for each scope, for the tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from places import CONFIG, shipped_slots
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from nudge.api.people import visitors
from nudge.api.service import Service
from nudge.clock import now
from nudge.config.slot_change import Edit, plan
from nudge.config.slot_file import load_slots
from nudge.domain.journal.caller import SCOPES, Scope
from nudge.domain.journal.records import Event, JournalEntry
from nudge.flows.upkeep import apply as applying
from nudge.settings.settings import Settings
from nudge.wiring.web import create_app

ASK = {"visitor_id": "v-1", "channel": "web", "page": "home", "slots": ["denomination", "banner"]}


@dataclass
class Web:
    """The app as callers meet it.

    Attributes:
        app: under test.
        secrets: scope -> a key that has this scope alone.
    """

    app: Flask
    secrets: Mapping[str, str]

    @property
    def service(self) -> Service:
        """The service that the app works with."""
        service: Service = self.app.extensions["nudge"]
        return service

    @property
    def http(self) -> FlaskClient:
        """A client without cookies or keys of its own."""
        return self.app.test_client()

    def key(self, *scopes: Scope, origins: tuple[str, ...] = ()) -> str:
        """A new key with these scopes."""
        made = self.service.store.api_keys.create(scopes, "test", origins, now())
        self.service.refresh()
        return made[1]

    def get(self, path: str, scope: str = "read", **more: Any) -> TestResponse:
        """The answer to a GET with the key of a scope."""
        return self.http.get(path, headers=bearer(self.secrets[scope]), **more)

    def post(self, path: str, body: object, key: str | None = None, **more: Any) -> TestResponse:
        """The answer to a POST of JSON, with the key for pages unless another is given."""
        headers = bearer(key or self.secrets["decide"]) | more.pop("headers", {})
        return self.http.post(path, json=body, headers=headers, **more)

    def decide(self, key: str | None = None, **more: object) -> Any:
        """The parsed answer to a page's question."""
        response = self.post("/v1/decisions", ASK | more, key)
        assert response.status_code == 200, response.text
        return response.json

    def send(self, *events: object, key: str | None = None) -> Any:
        """The parsed answer to a batch of events."""
        response = self.post("/v1/events", {"events": events}, key)
        assert response.status_code == 202, response.text
        return response.json

    def entries(self) -> list[JournalEntry]:
        """The whole journal."""
        store = self.service.store
        return [e for p in store.keys.every_partition() for e in store.journal.read(p, 0, 100_000)]

    def events(self) -> list[Event]:
        """The events in the journal."""
        return [e.record for e in self.entries() if isinstance(e.record, Event)]


def bearer(key: str) -> dict[str, str]:
    """The header that carries a key."""
    return {"Authorization": f"Bearer {key}"}


def served(settings: Settings) -> Iterator[Web]:
    """An app with the shipped slots."""
    app = create_app(settings)
    app.testing = True
    service: Service = app.extensions["nudge"]
    own = settings.config_dir != CONFIG
    wanted = load_slots(settings.config_dir / "slots") if own else shipped_slots()
    edit = Edit("test", "shipped", now())
    applying.apply(service.store, plan({}, wanted), edit)
    made = {s: service.store.api_keys.create([s], s, (), now())[1] for s in SCOPES}
    with pytest.MonkeyPatch.context() as patch:
        # No fold runs beside the app: each erasure would wait its two seconds for none.
        patch.setattr(visitors, "PATIENCE", 0.0)
        yield Web(app, made)
    service.store.client.close()


class Quiet(WSGIRequestHandler):
    """Writes no line for each of the cases."""

    def log(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def listening(web: Web) -> Iterator[str]:
    """The app's address on loopback: bytes on a socket are what callers send."""
    server = make_server("127.0.0.1", 0, web.app, threaded=True, request_handler=Quiet)
    # The library looks twice a second whether it is to end.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
