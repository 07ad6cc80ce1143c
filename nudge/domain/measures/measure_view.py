"""A measure of a case as plain tables, for rows of the work list and for the API. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nudge.domain.care.case import Case, CaseStep
from nudge.domain.measures.measure import Measure
from nudge.domain.measures.measure_options import MeasureOption
from nudge.domain.measures.measure_reasons import (
    MeasureReason,
    say,
    say_back,
    say_no_contact,
)
from nudge.domain.measures.measure_state import MeasureState
from nudge.domain.offers.offer_reasons import Said

Label = Callable[[float], str]
"""Formats a moment in seconds."""


def measure_view(state: MeasureState, label: Label) -> dict[str, Any]:
    """Return the state of a measure as a plain table, with the variants of its slot.

    Args:
        state: of a case's measure.
        label: formats a moment in seconds.
    """
    return due_view(state, label) | {"variants": [_option(one) for one in state.options]}


def due_view(state: MeasureState, label: Label) -> dict[str, Any]:
    """Return the state of a measure as a plain table, for a row of a list.

    Args:
        state: of a case's measure.
        label: formats a moment in seconds.
    """
    measure, contact = state.measure, state.contact
    return {
        "measure": measure.name if measure else None,
        "title": dict(measure.title) if measure else {},
        "due": None if state.due is None else label(state.due),
        "priority": measure.priority if measure else 0,
        "purpose": measure.purpose if measure else None,
        "channel": (contact.channel or None) if contact else None,
        "may": state.may,
        "reason": state.reason and str(state.reason),
        "why": None if state.reason is None else dict(why_not(state, label)),
    }


def case_measure_view(case: Case, state: MeasureState, label: Label) -> dict[str, Any]:
    """Return the measure of one case, with what was granted, as a plain table.

    Args:
        case: of any kind.
        state: of its measure.
        label: formats a moment in seconds.
    """
    granted = None if case.grant is None else grant_view(case.grant, label)
    return {"case": case.id} | measure_view(state, label) | {"granted": granted}


def configured_view(one: Measure) -> dict[str, Any]:
    """Return a measure as it is configured, as a plain table."""
    return {
        "measure": one.name,
        "title": dict(one.title),
        "when": one.when.table,
        "within": one.within,
        "once": one.once,
        "slot": one.slot or None,
        "group": one.group or None,
        "channels": list(one.channels),
        "purpose": one.purpose,
        "held_share": one.held_share,
        "level": one.level.value,
        "priority": one.priority,
    }


def why_not(state: MeasureState, label: Label) -> Said:
    """Return the sentences of why a measure may not be granted now."""
    reason, contact = state.reason or MeasureReason.NOT_DUE, state.contact
    if reason is MeasureReason.NO_CONTACT and contact and contact.reason:
        since = "" if contact.start is None else label(contact.start)
        return say_no_contact(contact.reason, since)
    return say(reason, state.detail)


def grant_view(step: CaseStep, label: Label) -> dict[str, Any]:
    """Return a grant as a plain table.

    Args:
        step: that granted a measure.
        label: formats a moment in seconds.
    """
    facts = dict(step.facts)
    return {
        "at": label(step.at),
        "who": step.who,
        "measure": facts.get("measure"),
        "slot": facts.get("slot"),
        "variant": facts.get("variant"),
        "group": facts.get("group"),
        "amount": facts.get("amount"),
        "decision_id": facts.get("decision_id"),
    }


def _option(one: MeasureOption) -> dict[str, Any]:
    return {
        "variant": one.variant.name,
        "title": dict(one.variant.title),
        "group": one.group or None,
        "cost": one.cost,
        "expected": one.expected,
        "may": one.reason is None,
        "reason": one.reason,
        "why": None if one.reason is None else dict(say_back(one.reason)),
    }
