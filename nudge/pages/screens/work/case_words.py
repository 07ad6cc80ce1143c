"""Words of cases in the reader's language: kinds, states, levels, and what a step did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nudge.domain.figures.titles import value_title
from nudge.pages.translation import gettext as _
from nudge.pages.translation import language


def kind_word(kind: str) -> str:
    """Return the name of a kind of case."""
    words = {"warning": _("Churn warning"), "winback": _("Win-back case"), "measure": _("Measure")}
    return words.get(kind, kind)


def state_word(state: str) -> str:
    """Return the name of a state."""
    words = {
        "open": _("Not begun"),
        "assigned": _("Assigned"),
        "contacted": _("Contacted"),
        "outcome": _("Outcome known"),
        "closed": _("Case closed"),
        "unclosed": _("Not closed"),
    }
    return words.get(state, state)


def level_word(level: str) -> str:
    """Return the name of a level."""
    words = {
        "critical": _("Critical"),
        "warning": _("Important"),
        "info": _("Normal"),
        "proposal": _("Suggested"),
    }
    return words.get(level, level)


def titled(attribute: str, value: object) -> str:
    """Return the title of a value, such as a stage or a channel, in the reader's language."""
    return value_title(attribute, str(value), language()) if value else ""


def actor_word(who: str) -> str:
    """Return who took a step, as people know them."""
    return _("The service") if who == "nudge" else who.removeprefix("user:")


def step_sentence(step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what a step did, as a whole sentence.

    Args:
        step: of a case, as the API tells it.
        names: of assignees and outcomes -> titles in the reader's language.
    """
    facts, outcome = step["facts"], outcome_word(step["outcome"], names)
    if step["action"] == "contact":
        return _contact_sentence(facts)
    if step["action"] == "close" and outcome:
        return _("Closed with the outcome “%(outcome)s”.", outcome=outcome)
    words = {
        "open": _("The case was opened."),
        "join": _("The same matter came up again."),
        "assign": _("Assigned to %(to)s.", to=names.get(step["to"], step["to"])),
        "grant": _("Granted: %(variant)s.", variant=facts.get("variant", "")),
        "outcome": _("The outcome is “%(outcome)s”.", outcome=outcome),
        "close": _("The case was closed."),
        "reopen": _("The case was opened again."),
        "export": _("The case was put on a call list."),
    }
    return words.get(step["action"], str(step["action"]))


def outcome_word(outcome: str, names: Mapping[str, str]) -> str:
    """Return the title of an outcome; `returned` is told by the service itself."""
    return _("paid again without help") if outcome == "returned" else names.get(outcome, outcome)


def _contact_sentence(facts: Mapping[str, Any]) -> str:
    """Return how the person was contacted, and whether somebody talked to them."""
    word, reached = titled("channel", facts.get("channel")), facts.get("reached")
    if reached is True:
        return _("Contacted (%(channel)s), reached.", channel=word) if word else _("Reached.")
    if reached is False:
        return _("Tried (%(channel)s), not reached.", channel=word) if word else _("Not reached.")
    return _("Contacted (%(channel)s).", channel=word) if word else _("Contacted.")
