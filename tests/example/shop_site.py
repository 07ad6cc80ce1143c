"""The example shop on a real store and real HTTP, behind a door that can fail as networks do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from child_processes import free_port
from flask import Flask
from places import shipped_slots
from werkzeug.serving import WSGIRequestHandler, make_server

from lab.shop.payment_news import register_ingest_key
from lab.shop.web import create_app
from nudge.api.service import Service
from nudge.clock import now
from nudge.config.slot_change import Edit, plan
from nudge.domain.journal.records import Event, Exposure
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.apply import apply
from nudge.settings.settings import Settings
from nudge.workers.runner import Runner

Trouble = Literal["none", "down", "slow", "error"]
API = ("/v1/",)
"""Beginning of the paths of the API."""
SLOW = 2.0
"""Seconds by which a slow service answers later."""


@dataclass
class Door:
    """A door before the application: calls of the API meet trouble, the shop's own pages do not.

    Attributes:
        app: application behind it.
        trouble: what the API's calls meet now.
        paths: beginnings of the paths that meet it.
        met: how many calls met it so far.
    """

    app: Callable[..., Iterable[bytes]]
    trouble: Trouble = "none"
    paths: tuple[str, ...] = API
    met: int = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, or fail as told."""
        meets = self.trouble != "none" and environ["PATH_INFO"].startswith(self.paths)
        self.met += meets
        if meets and self.trouble == "down":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        if meets and self.trouble == "error":
            start("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"broken"]
        if meets and self.trouble == "slow":
            time.sleep(SLOW)
        return self.app(environ, start)


@dataclass(frozen=True)
class ShopSite:
    """The running shop.

    Attributes:
        url: of the web.
        app: the service with the shop.
        door: before it.
        runner: of the fold that keeps the visitors' states.
    """

    url: str
    app: Flask
    door: Door
    runner: Runner[Any]

    @property
    def service(self) -> Service:
        """The service behind it."""
        found: Service = self.app.extensions["nudge"]
        return found

    def fold(self) -> None:
        """Have the visitors' states follow the journal, as the worker does all the time."""
        while self.runner.turn():
            pass

    def records(self, kind: type[Any]) -> list[Any]:
        """The journal's records of a kind."""
        store = self.service.store
        parts = store.keys.every_partition()
        entries = [one.record for p in parts for one in store.journal.read(p, 0, 100_000)]
        return [one for one in entries if isinstance(one, kind)]

    def events(self, visitor: str) -> list[Event]:
        """Events of a visitor, as the journal has them."""
        subject = self.subject(visitor)
        return [one for one in self.records(Event) if one.subject == subject]

    def exposures(self, visitor: str) -> list[Exposure]:
        """Exposures of a visitor, as the journal has them."""
        subject = self.subject(visitor)
        return [one for one in self.records(Exposure) if one.subject == subject]

    def subject(self, visitor: str) -> str:
        """The subject under which the journal knows a visitor."""
        sealer, store = self.service.sealer, self.service.store
        visitor_hash = sealer.visitor_hash(visitor)
        home = sealer.partition(visitor_hash, store.keys.partitions)
        view = store.visitors.known_visitor(home, visitor_hash)
        return view.subject if view else ""


class Quiet(WSGIRequestHandler):
    """Writes no line for each call."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving_shop(settings: Settings) -> Iterator[ShopSite]:
    """The shop with the shipped slots, on loopback, until the end of the block."""
    own = replace(settings, port=free_port())
    own.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(own)
    service: Service = app.extensions["nudge"]
    apply(service.store, plan({}, shipped_slots()), Edit("test", "shipped", now()))
    register_ingest_key(service.store, own)
    service.refresh()
    door = Door(app)
    server = make_server("127.0.0.1", own.port, door, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        fold = AttributeFold(service.store)
        yield ShopSite(own.url, app, door, Runner(service.store, fold, "test-attribute"))
    finally:
        server.shutdown()
        thread.join()
        service.store.client.close()
