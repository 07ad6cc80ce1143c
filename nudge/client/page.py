"""Values that a server gets for a page: a decision for each slot, or the defaults of its code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SlotDecision:
    """The content of a slot: what to show, and under which decision.

    Attributes:
        slot: its name.
        value: what to show, as configured; or the default of the caller's code.
        variant: name of what was decided; empty for a default.
        decision_id: to be named by events; empty for a default, of which nothing is reported.
        reason: of the decision; empty for a default.
        propensity: with which the variant was drawn; None for a default.
        answer: everything that was answered for the slot; empty for a default.
    """

    slot: str
    value: Any
    variant: str = ""
    decision_id: str = ""
    reason: str = ""
    propensity: float | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_default(self) -> bool:
        """True where the service did not decide in time."""
        return not self.decision_id


@dataclass(frozen=True)
class PageDecisions:
    """The content of a page, by slot.

    Attributes:
        decisions: slot -> what to show.
        device_token: to be given with the next call from this device; empty where none came.
        problem: why the defaults stand; empty where the service decided.
    """

    decisions: Mapping[str, SlotDecision]
    device_token: str = ""
    problem: str = ""

    def __getitem__(self, slot: str) -> SlotDecision:
        """Return what to show in a slot."""
        return self.decisions[slot]

    def __iter__(self) -> Iterator[SlotDecision]:
        """Iterate over what to show, in the order of the slots asked for."""
        return iter(self.decisions.values())


def read_answer(slots: tuple[str, ...], answer: Mapping[str, Any]) -> PageDecisions:
    """Read the answer to `POST /v1/decisions`.

    Raises:
        KeyError: it is none.
        TypeError: the same.
    """
    given = answer["decisions"]
    return PageDecisions(
        {slot: _read_slot(slot, given[slot]) for slot in slots}, str(answer["device_token"])
    )


def default_page(
    slots: tuple[str, ...], defaults: Mapping[str, Any], problem: str, device_token: str = ""
) -> PageDecisions:
    """Return the defaults of the caller's code, with why they stand."""
    found = {slot: SlotDecision(slot, defaults[slot]) for slot in slots}
    return PageDecisions(found, device_token, problem)


def _read_slot(slot: str, given: Mapping[str, Any]) -> SlotDecision:
    return SlotDecision(
        slot,
        given["value"],
        given["variant"],
        given["decision_id"],
        given["reason"],
        given["propensity"],
        given,
    )
