"""Answers of the report worker about one decision, and about one quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.money import FEN
from nudge.domain.identity.sealing import Sealer
from nudge.flows.serving.explain import explanation_of
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, Tell

if TYPE_CHECKING:
    from nudge.lake.engine.query import Backend

LOOKUP: Final = "lookup"
KEPT: Final = 600.0
Plain = Mapping[str, Any]


def lookup_kind(store: Store, settings: Settings) -> QuestionKind:
    """Return the kind of questions about one decision or one quarantine."""
    return QuestionKind(LOOKUP, partial(_answer, store, settings), KEPT)


def _answer(store: Store, settings: Settings, plain: Plain, tell: Tell) -> JobAnswer:
    # The engine takes a second and 100 MB to import: it is loaded with the first question.
    from nudge.lake.engine.engines import named_engine  # noqa: PLC0415

    caught_up = store.freshness.read()  # before the lake is looked at
    tell(0.0)
    lake, spill = Lake(settings.lake_dir), settings.data_dir / "reports"
    with named_engine(lake, settings.lake_engine, spill) as (backend, contents):
        if "decision" in plain:
            found = _decision(backend, lake, settings, plain["decision"])
        else:
            found = _quarantine(backend, Quarantine.read(plain["quarantine"]))
        return JobAnswer(orjson.dumps(found), caught_up.as_of(contents.watermarks()))


def _decision(
    backend: Backend, lake: Lake, settings: Settings, decision_id: str
) -> dict[str, object]:
    """Return the record of a decision, and what came of it; all null where the lake lacks it."""
    from nudge.lake.reports.lookups import find_entry, find_outcome  # noqa: PLC0415 (see above)

    calendar = OperatorCalendar.named(settings.zone)
    sealer = Sealer(settings.secret_key, settings.vault_secrets)
    entry = find_entry(backend, lake, sealer, decision_id)
    outcome = find_outcome(backend, decision_id)
    if entry is None or outcome is None:
        return {"decision_id": decision_id, "decision": None, "outcome": None}
    shown = outcome.shown_at
    told = {
        "shown_at": calendar.label_or_none(shown),
        "matures_at": None if shown is None else calendar.label(shown + outcome.window),
        "matured": outcome.matured,
        "quarantined": outcome.quarantined,
        "conversions": outcome.conversions,
        "revenue": outcome.fen / FEN,
        "rewarded_at": calendar.label_or_none(outcome.rewarded_at),
    }
    record = explanation_of(decision_id, entry, calendar)
    return {"decision_id": decision_id, "decision": record, "outcome": told}


def _quarantine(backend: Backend, one: Quarantine) -> dict[str, object]:
    from nudge.lake.reports.lookups import count_exposures  # noqa: PLC0415 (see above)

    slots = count_exposures(backend, one)
    told = [{"slot": slot, "exposures": slots[slot]} for slot in sorted(slots)]
    return {"id": one.id, "exposures": sum(slots.values()), "slots": told}
