"""Answers of the report worker about the visitors that a variant would have."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from nudge import clock
from nudge.config.documents.configuration import Configuration
from nudge.config.slot_available import parse_available
from nudge.domain.audience.audience import Audience, count_eligible
from nudge.domain.audience.audience_question import AudienceQuestion
from nudge.domain.audience.audience_report import audience_report
from nudge.domain.audience.known_attributes import KnownAttribute, known_attributes
from nudge.domain.reports.report_time import lake_of
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.store.vault.state_reader import StateReader
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

AUDIENCE: Final = "audience"
KEPT: Final = 600.0
FRESH: Final = 300.0
"""Seconds that an audience is taken for that of now: a form asks again at each key."""
SLOTS: Final = 4
"""Most audiences that are remembered."""


@dataclass(frozen=True)
class KnownAudience:
    """An audience that was read a moment ago.

    Attributes:
        at: seconds, when it was read.
        attributes: that are known of it.
        head: part of the answer about the lake.
        as_of: seconds; all that had happened by then is in it.
    """

    audience: Audience
    at: float
    attributes: tuple[KnownAttribute, ...]
    head: Mapping[str, object]
    as_of: float


@dataclass(frozen=True)
class AudienceAnswers:
    """The answers of one worker, which remembers the audiences that it read last.

    Reading takes a second, counting some milliseconds: who types a rule waits once.
    """

    store: Store
    settings: Settings
    known: OrderedDict[tuple[str, int, str], KnownAudience] = field(default_factory=OrderedDict)

    def answer(self, plain: Mapping[str, Any], tell: Tell) -> JobAnswer:
        """Count the eligible visitors of a slot."""
        question = AudienceQuestion.read(plain)
        tell(0.0)
        found = self._find(question)
        available = parse_available(question.available)
        count = count_eligible(found.audience, available, clock.now())
        report = audience_report(found.audience, count, found.attributes, question.days)
        told = {"slot": question.slot, **found.head, **report}
        return JobAnswer(orjson.dumps(told), found.as_of)

    def _find(self, question: AudienceQuestion) -> KnownAudience:
        key = (question.slot, question.days, question.zone)
        found = self.known.pop(key, None)
        if found is None or not 0 <= clock.now() - found.at < FRESH:
            found = self._read(question)
        self.known[key] = found
        while len(self.known) > SLOTS:
            self.known.popitem(last=False)
        return found

    def _read(self, question: AudienceQuestion) -> KnownAudience:
        # The engine takes a second and 100 MB to import: it is loaded with the first question.
        from nudge.flows.reports.audience import AudienceReader  # noqa: PLC0415
        from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

        settings, at = self.settings, clock.now()
        terms = Configuration(settings, self.store.documents.current())
        reader = AudienceReader(self.store, terms.segments, terms.rhythm, StateReader())
        caught_up = self.store.freshness.read()  # before the lake is looked at
        lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
        with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
            audience = reader.read(backend, question, at)
            head = lake_of(contents.since(), question.calendar)
            as_of = caught_up.as_of(contents.watermarks())
            return KnownAudience(audience, at, known_attributes(audience), head, as_of)


def audience_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions about the visitors of a variant."""
    return QuestionKind(AUDIENCE, AudienceAnswers(store, settings).answer, KEPT)
