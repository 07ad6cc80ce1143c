"""The composition root of a demonstration's web: the service with the example shop beside it.

Only `nudge serve --demo` runs it. The service itself has no path of the shop.
"""

from __future__ import annotations

from typing import Final

import structlog
from flask import Flask

from lab.shop.payment_book import PaymentBook
from lab.shop.payment_news import SOON, PaymentNews, ingest_key
from lab.shop.routes import make_blueprint
from lab.shop.shop import EXTENSION, Shop
from lab.shop.shop_files import find_shop_files
from lab.shop.visit import Visits
from nudge.api.service import EXTENSION as SERVICE
from nudge.api.service import Service
from nudge.client.api import Api, ServiceTarget
from nudge.settings.settings import Settings
from nudge.wiring.web import create_app as create_service_app

BOOK: Final = "example_shop.sqlite"
"""File of the payments, in the data directory of the demonstration."""

log = structlog.get_logger()


def create_app(settings: Settings | None = None) -> Flask:
    """Create the web application of a demonstration.

    Args:
        settings: None reads the configuration file and the environment.

    Raises:
        InvalidConfigError: the settings, the contact policy or the segments are wrong.
    """
    app = create_service_app(settings)
    service: Service = app.extensions[SERVICE]
    files = find_shop_files()
    if not files.there:
        cure = "run it in a checkout: the wheel has no examples"
        log.warning("shop_missing", directory=str(files.directory), cure=cure)
        return app
    app.extensions[EXTENSION] = make_shop(service.settings)
    app.register_blueprint(make_blueprint())
    return app


def make_shop(settings: Settings) -> Shop:
    """Make the shop of an installation; its server calls the service as any server would."""
    book = PaymentBook(settings.data_dir / BOOK)
    api = Api(ServiceTarget(settings.url, ingest_key(settings)), SOON)
    return Shop(Visits.of(settings), book, PaymentNews(book, api))
