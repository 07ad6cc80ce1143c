"""Steps that the engine takes on cases of win-back, by a payment or a word of a server. Pure.

Each has an id made of the event that caused it, so that taking it again changes nothing.
"""

from __future__ import annotations

from typing import Final

from nudge.domain.care.case import RETURNED, CaseAction, CaseStep, engine_step, facts_of
from nudge.domain.care.signal import Signal
from nudge.domain.care.watch import PastWarning, Watch
from nudge.domain.journal.records import Event

WHO: Final = "nudge"
_BY_EVENT: Final = {"source": "event"}


def returned_steps(watch: Watch, subject: str, paid: Signal) -> tuple[Watch, list[Event]]:
    """Return the watch and the records by which a payment closes open cases of win-back.

    Nobody is called who has paid; who leaves again later is listed again. Of who is held out, the
    outcome comes with the closing step.

    Args:
        watch: over the visitor.
        subject: of the visitor.
        paid: a payment that a server reported.
    """
    records: list[Event] = []
    for past in watch.past:
        if past.since and past.is_open and paid.at >= past.since:
            watch = watch.with_past(past._replace(is_open=False, until=paid.at))
            for action in (CaseAction.OUTCOME, CaseAction.CLOSE):
                name = f"{RETURNED}:{action}:{paid.event_id}"
                step = CaseStep(paid.at, action.value, WHO, "", RETURNED, name)
                records.append(engine_step(past.case, subject, step))
    return watch, records


def contact_steps(watch: Watch, subject: str, purpose: str, signal: Signal) -> list[Event]:
    """Return the record of a server's word about a contact, or about what came of it; none at most.

    Args:
        watch: over the visitor.
        subject: of the visitor.
        purpose: of the contact policy, of contacts that win back.
        signal: `contacted` or `winback_outcome`.
    """
    told = dict(signal.told)
    past, step = _case_of(watch, str(told.get("case", ""))), _step_of(signal, purpose)
    return [engine_step(past.case, subject, step)] if past and step else []


def _step_of(signal: Signal, purpose: str) -> CaseStep | None:
    told, name = dict(signal.told), f"{signal.type}:{signal.event_id}"
    if signal.type == "contacted" and told.get("purpose") == purpose:
        facts = facts_of(_BY_EVENT | {"channel": str(told.get("channel", ""))})
        return CaseStep(signal.at, CaseAction.CONTACT.value, WHO, action_id=name, facts=facts)
    outcome = str(told.get("outcome", "")) if signal.type == "winback_outcome" else ""
    if not outcome:
        return None
    facts = facts_of(_BY_EVENT)
    return CaseStep(signal.at, CaseAction.OUTCOME.value, WHO, "", outcome, name, facts=facts)


def _case_of(watch: Watch, name: str) -> PastWarning | None:
    """Return the open case of a name; without a name the latest of win-back."""
    found = (
        one
        for one in reversed(watch.past)
        if one.is_open and (one.case == name if name else one.since)
    )
    return next(found, None)
