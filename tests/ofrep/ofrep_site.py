"""The app as OpenFeature's clients meet it, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from api_web import Web, served
from werkzeug.test import TestResponse

from nudge.domain.journal.records import Decision
from nudge.settings.settings import Settings

ALL = "/ofrep/v1/evaluate/flags"
VISITOR = {"targetingKey": "v-1", "channel": "web", "page": "home"}


@dataclass
class FlagSite:
    """An app whose slots are asked for as flags.

    Attributes:
        web: the app.
    """

    web: Web

    def ask(self, path: str, context: object, **more: Any) -> TestResponse:
        """The answer to an evaluation with this context."""
        return self.web.post(path, {"context": context}, **more)

    def one(self, key: str, **context: object) -> Any:
        """The parsed evaluation of one flag."""
        response = self.ask(f"{ALL}/{key}", VISITOR | context)
        assert response.status_code == 200, response.text
        return response.json

    def bulk(self, tag: str | None = None, **context: object) -> TestResponse:
        """The answer to a bulk call, of a client that has the answer with this tag."""
        headers = {"If-None-Match": tag} if tag else {}
        return self.ask(ALL, VISITOR | context, headers=headers)

    def decisions(self) -> list[Decision]:
        """The decisions in the journal."""
        return [e.record for e in self.web.entries() if isinstance(e.record, Decision)]


@contextmanager
def flag_site(settings: Settings) -> Iterator[FlagSite]:
    """An app with the shipped slots, or with those of the settings' own directory."""
    for web in served(settings):
        yield FlagSite(web)
