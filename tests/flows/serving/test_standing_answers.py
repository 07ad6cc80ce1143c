"""Answers that stand: what a call would be told, without a record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.choosing.requests import DecisionRequest
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.records import Decision
from nudge.domain.slots.slot import SlotMode
from nudge.errors import UnknownSlotError

SLOTS = ("denomination", "banner", "prefill", "payment_retry")


def ask(
    visitor: str = "ada", slots: tuple[str, ...] = SLOTS, page: str = "home"
) -> DecisionRequest:
    """A request ahead of a page."""
    return DecisionRequest(visitor, "web", page, slots, ahead=True)


@pytest.mark.parametrize("caller", [PAGE, SERVER])
@pytest.mark.parametrize("visitor", [f"v-{i}" for i in range(8)])
def test_what_stands_is_what_the_next_call_is_told(web: Web, caller: Caller, visitor: str) -> None:
    """Nobody's first call stands; every later one does, and is answered by the same decisions."""
    request = ask(visitor)
    assert web.decider.standing_answers(web.catalogue, request, caller, NOW) is None
    (first,) = web.decider.decide(web.catalogue, [request], caller, NOW)
    written = len(web.entries())
    found = web.decider.standing_answers(web.catalogue, request, caller, NOW)
    assert found is not None
    assert len(web.entries()) == written
    assert list(found) == list(SLOTS)
    for name, given in first.decisions.items():
        sticks = given.reason != "fallback"
        same = replace(given, sticky=sticks) if sticks else given
        assert replace(found[name], decision_id=same.decision_id) == same
        assert (found[name].decision_id == given.decision_id) == sticks


def test_another_page_has_to_be_decided(web: Web) -> None:
    """A slot that sticks by page stands on that page alone."""
    web.decider.decide(web.catalogue, [ask()], PAGE, NOW)
    other = ask(page="recharge")
    assert web.decider.standing_answers(web.catalogue, other, PAGE, NOW) is None


def test_a_change_of_a_slot_has_to_be_decided(web: Web) -> None:
    """A variant that is switched off stands for nobody; a slot that is off shows its fallback."""
    request = ask(slots=("banner",))
    (first,) = web.decider.decide(web.catalogue, [request], PAGE, NOW)
    had = first.decisions["banner"].variant
    slot = web.slot("banner")
    other = next(one for one in slot.names if one != had)
    variants = tuple(replace(v, enabled=v.name != had) for v in slot.variants)
    web.put(replace(slot, variants=variants, fallback={"default": other}))
    assert web.decider.standing_answers(web.catalogue, request, PAGE, NOW) is None
    web.put(web.slot("banner", mode=SlotMode.OFF))
    found = web.decider.standing_answers(web.catalogue, request, PAGE, NOW)
    assert found is not None
    assert (found["banner"].variant, found["banner"].reason) == (other, "fallback")


def test_an_unknown_slot_is_refused(web: Web) -> None:
    """The question is checked as one that is decided."""
    with pytest.raises(UnknownSlotError):
        web.decider.standing_answers(web.catalogue, ask(slots=("gone",)), PAGE, NOW)


def test_ahead_is_in_the_terms_of_the_record(web: Web) -> None:
    """A decision asked for ahead counts when it is shown: its record says so, for every fold."""
    web.decider.decide(web.catalogue, [ask("a")], PAGE, NOW)
    web.decider.decide(web.catalogue, [replace(ask("b"), ahead=False)], PAGE, NOW)
    made = [e.record for e in web.entries() if isinstance(e.record, Decision)]
    on = {(one.slot, one.terms.on) for one in made if one.slot in ("denomination", "banner")}
    assert on == {("denomination", "shown"), ("denomination", "decision"), ("banner", "shown")}
