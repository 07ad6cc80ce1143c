"""Evaluation of flags for one visitor: the slots that are flags, decided or standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from nudge.api.forms import NUMBERS_MASKED
from nudge.api.ofrep.flag_answers import flag_answer, tag_of
from nudge.api.ofrep.flag_questions import FlagQuestion
from nudge.api.ofrep.refusals import FlagErrorCode, FlagRefusal, failure
from nudge.api.schemas.decisions import MAX_SLOTS
from nudge.api.service import Service
from nudge.clock import now
from nudge.domain.choosing.requests import DecisionRequest, SlotAnswer
from nudge.domain.journal.caller import Caller
from nudge.domain.measures.measure import SLOT as MEASURE
from nudge.domain.slots.flag_values import flag_problems
from nudge.domain.slots.window import SLOT as PLANNED
from nudge.settings.flag_terms import FlagTerms
from nudge.store.service.catalogue import Catalogue

Answers = Mapping[str, SlotAnswer]
"""Slot -> its answer."""
OFF_PAGES: Final = frozenset({PLANNED, MEASURE})
"""Slots that no page asks for, and that are no flags: the planner's, and that of the work list."""


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of flags for one visitor.

    Attributes:
        service: that decides.
        catalogue: slots and policies to decide by.
        caller: whose API key it is.
        question: about the visitor.
    """

    service: Service
    catalogue: Catalogue
    caller: Caller
    question: FlagQuestion

    def evaluate(self, key: str) -> dict[str, Any]:
        """Return the evaluation of one flag, decided where its value is used.

        Raises:
            FlagRefusal: there is no such flag, or it is not of its kind.
        """
        terms = next((one for one in self._configured or () if one.slot == key), FlagTerms(key))
        if problem := self._problem(terms):
            raise problem
        given, token = self._decide([replace(self.question.ask, slots=(key,))])
        found = self._flag(terms, given)
        return found | {"metadata": found["metadata"] | self._beside(token)}

    def standing_tag(self) -> str | None:
        """Return the tag of the bulk answer if it stands as it is; None if slots must be decided.

        Nothing is written.
        """
        found: dict[str, SlotAnswer] = {}
        for ask in self._asks:
            decider = self.service.decider
            part = decider.standing_answers(self.catalogue, ask, self.caller, now())
            if part is None:
                return None
            found |= part
        self._count(found)
        return self._tag(self._flags(found))

    def evaluate_all(self) -> tuple[dict[str, Any], str]:
        """Return the bulk answer and its tag; its decisions are no exposures before `shown`."""
        given, token = self._decide(self._asks)
        flags = self._flags(given)
        return {"flags": flags, "metadata": self._beside(token)}, self._tag(flags)

    @cached_property
    def _configured(self) -> Sequence[FlagTerms] | None:
        return self.service.settings.ofrep_slots

    @cached_property
    def _flag_set(self) -> dict[str, FlagTerms]:
        """The flags of the bulk answer: those of the settings, or every slot of pages as it is."""
        names = [name for name in self.catalogue.slots if name not in OFF_PAGES]
        found = (
            [FlagTerms(name) for name in names] if self._configured is None else self._configured
        )
        return {one.slot: one for one in found}

    @cached_property
    def _problems(self) -> dict[str, FlagRefusal | None]:
        return {name: self._problem(terms) for name, terms in self._flag_set.items()}

    @cached_property
    def _asks(self) -> list[DecisionRequest]:
        """The requests of the bulk answer, each of as many slots as a page may ask for."""
        names = [name for name, problem in self._problems.items() if problem is None]
        parts = [tuple(names[i : i + MAX_SLOTS]) for i in range(0, len(names), MAX_SLOTS)]
        return [replace(self.question.ask, slots=part, ahead=True) for part in parts]

    def _problem(self, terms: FlagTerms) -> FlagRefusal | None:
        """Return why a flag cannot be evaluated: it is told before anything is decided."""
        live = self.catalogue.slots.get(terms.slot)
        if live is None or terms.slot in OFF_PAGES:
            told = f"no slot {terms.slot!r} is served to pages; GET /v1/slots lists all"
            return FlagRefusal(FlagErrorCode.FLAG_NOT_FOUND, told)
        if problems := flag_problems(terms, live.slot):
            told = f"[ofrep] slots.{terms.slot}: {problems[0]}"
            return FlagRefusal(FlagErrorCode.PARSE_ERROR, told)
        return None

    def _decide(self, asks: Sequence[DecisionRequest]) -> tuple[Answers, str]:
        """Decide; return the answers, and the device's token (empty where nothing was asked)."""
        pages = self.service.decider.decide(self.catalogue, asks, self.caller, now())
        found = {name: one for page in pages for name, one in page.decisions.items()}
        self._count(found)
        if masked := self.question.ask.masked:
            self.service.metrics.numbers_masked.labels("decisions").inc(masked)
        return found, pages[-1].device_token if pages else ""

    def _flags(self, given: Answers) -> list[dict[str, Any]]:
        return [
            failure(name, problem) if problem else self._flag(self._flag_set[name], given)
            for name, problem in self._problems.items()
        ]

    def _flag(self, terms: FlagTerms, given: Answers) -> dict[str, Any]:
        slot = self.catalogue.slots[terms.slot].slot
        return flag_answer(given[terms.slot], slot, terms, self.question.ask.page)

    def _tag(self, flags: Sequence[Mapping[str, Any]]) -> str:
        visitor = self.service.sealer.visitor_hash(self.question.ask.visitor_id)
        return tag_of(flags, (self.caller.key_id, visitor, self.question.left_out))

    def _beside(self, token: str) -> dict[str, Any]:
        told: dict[str, Any] = {"device_token": token}
        if self.question.left_out:
            told["left_out"] = self.question.left_out
        masked = self.question.ask.masked
        return told | ({NUMBERS_MASKED: masked} if masked else {})

    def _count(self, given: Answers) -> None:
        metrics = self.service.metrics
        for name, one in given.items():
            metrics.count_decision(name, one.reason)
            if one.degraded:
                metrics.degraded.labels(name).inc()
