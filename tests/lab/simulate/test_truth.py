"""The simulated world has the effects of the field notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bandits.units import HOUR
from lab.simulate import truth
from lab.simulate.journey import (
    EventCall,
    Expectation,
    Journey,
    PageCall,
    Shown,
    SlotChoice,
    Wait,
    journey,
)
from lab.simulate.visitors import Visitor, draw_visitor, generator
from nudge.domain.slots.reward_event import reward_rule

MANY = 20_000
USUAL = {
    "banner": "data_draw",
    "prefill": "last_on_device",
    "payment_retry": "other_method",
    "sms_timing": "end",
}
"""The variants of a channel without personalisation; the amount depends on the page."""


def _visitors(count: int = MANY) -> list[Visitor]:
    return [draw_visitor(number, generator(7, number)) for number in range(count)]


def _play(script: Journey) -> list[PageCall | EventCall | Wait | Expectation]:
    """All actions of a journey that is shown the usual things."""
    actions: list[PageCall | EventCall | Wait | Expectation] = []
    answer: Shown | None = None
    while True:
        try:
            action = next(script) if answer is None else script.send(answer)
        except StopIteration:
            return actions
        actions.append(action)
        answer = _answered(action) if isinstance(action, PageCall) else None


def _answered(ask: PageCall) -> Shown:
    usual = USUAL | {"denomination": "100" if ask.page == "home" else "50"}
    return {slot: SlotChoice(f"{ask.page}-{slot}", usual[slot]) for slot in ask.slots}


@pytest.fixture(scope="module")
def journeys() -> list[list[PageCall | EventCall | Wait | Expectation]]:
    """The actions of many visitors; three times as many begin as usual."""
    found = []
    for number in range(MANY):
        rng = generator(3, number)
        found.append(_play(journey(draw_visitor(number, rng), rng, 3.0)))
    return found


def _steps(actions: list[PageCall | EventCall | Wait | Expectation]) -> list[str]:
    return [str(a.fields["step"]) for a in actions if isinstance(a, EventCall) and a.type == "step"]


def test_fifty_and_hundred_are_above_half_of_all_amounts() -> None:
    """field-notes: 50 and 100 together are chosen by more than half."""
    wished = Counter(visitor.wished for visitor in _visitors())
    assert wished[50] + wished[100] > MANY / 2


def test_same_seed_and_number_make_the_same_visitor_in_any_order() -> None:
    """A visitor is fixed by seed and number alone: threads may serve them in any order."""
    forth = [draw_visitor(n, generator(1, n)) for n in range(50)]
    back = [draw_visitor(n, generator(1, n)) for n in reversed(range(50))]
    assert forth == back[::-1]
    assert forth != [draw_visitor(n, generator(2, n)) for n in range(50)]


def test_effects_have_the_ratios_of_the_field_notes() -> None:
    """Banner data_draw 10 times, month end 10 times, mobile history 5 times, each on its own."""
    visitor = replace(_visitors(1)[0], mobile_before=False, channel="web")
    mobile = replace(visitor, mobile_before=True)
    draw, gift = (truth.start(visitor, name, 1.0) for name in ("data_draw", "triple_gift"))
    assert draw == pytest.approx(10 * gift)
    assert truth.start(mobile, "coffee", 1.0) == pytest.approx(
        5 * truth.start(visitor, "coffee", 1)
    )
    end, mid = (truth.sms(visitor, name, 1.0) for name in ("end", "mid"))
    assert end == pytest.approx(10 * mid)
    assert truth.sms(mobile, "mid", 1.0) == pytest.approx(5 * mid)


def test_probabilities_stay_probabilities_however_they_are_boosted() -> None:
    """The boost is capped, so that no ratio is bought with an impossible world."""
    for visitor in _visitors(200):
        assert 0 < truth.start(visitor, "data_draw", 1000.0) <= truth.CAP
        blank, carried = (truth.finish(visitor, "50", name) for name in ("blank", "carried"))
        assert 0 < blank < carried < 1


def test_amount_that_fits_is_settled_on_most() -> None:
    """A preselected amount is taken the more often the nearer it is to what was wished for."""
    visitor = replace(_visitors(1)[0], wished=50)
    chances = [truth.amount_step(visitor, str(amount)) for amount in (50, 100, 300, 500)]
    assert chances == sorted(chances, reverse=True)


def test_about_sixty_percent_of_those_who_begin_leave(
    journeys: list[list[PageCall | EventCall | Wait | Expectation]],
) -> None:
    """field-notes: about 60 % of those who start leave before the end."""
    began = [
        actions
        for actions in journeys
        if any(isinstance(a, PageCall) and a.page == "recharge" for a in actions)
    ]
    paid = sum(any(isinstance(a, EventCall) and a.type == "paid" for a in x) for x in began)
    assert len(began) > 1000
    assert 0.55 < 1 - paid / len(began) < 0.65


def test_steps_come_in_the_order_of_the_path(
    journeys: list[list[PageCall | EventCall | Wait | Expectation]],
) -> None:
    """Nobody pays before choosing a method, nor taps before the number."""
    order = ("home", "recharge", "amount", "number", "pay_tapped", "method")
    for actions in journeys:
        steps = _steps(actions)
        assert steps == sorted(steps, key=order.index)
        assert len(set(steps)) == len(steps)


def test_payment_comes_late_and_from_a_server(
    journeys: list[list[PageCall | EventCall | Wait | Expectation]],
) -> None:
    """A payment is a fact that a server reports, after a delay, with its amount in yuan."""
    delays = []
    for actions in journeys:
        for before, action in pairwise(actions):
            if isinstance(action, EventCall) and action.type == "paid":
                assert action.server
                assert action.fields["amount"] in (10, 30, 50, 100, 300, 500)
                waited = before if isinstance(before, Wait) else actions[actions.index(action) - 2]
                assert isinstance(waited, Wait)
                delays.append(waited.seconds)
    assert 60 < np.median(delays) < 2 * HOUR
    assert max(delays) <= truth.LONGEST_DELAY


def test_told_truth_is_what_happens(
    journeys: list[list[PageCall | EventCall | Wait | Expectation]],
) -> None:
    """Over many visitors, what is expected of a slot's own reward is what they do."""
    for slot, event in (
        ("sms_timing", "sms_clicked"),
        ("prefill", "prefill_kept"),
        ("prefill", "prefill_kept+paid"),
        ("denomination", "paid"),
        ("denomination", "pay_tapped"),
        ("denomination", "pay_tapped|paid"),
    ):
        expected = [
            truth.reward_probability(a.outcomes, event)
            for x in journeys
            for a in x
            if isinstance(a, Expectation) and a.slot == slot
        ]
        mine = [
            x for x in journeys if any(isinstance(a, Expectation) and a.slot == slot for a in x)
        ]
        happened = sum(reward_rule(event).met(map(_type, x)) for x in mine)
        spread = np.sqrt(sum(p * (1 - p) for p in expected))
        assert abs(happened - sum(expected)) < 4 * spread, (slot, event)


def _type(action: PageCall | EventCall | Wait | Expectation) -> str:
    """The type under which what was told may reward."""
    if not isinstance(action, EventCall):
        return ""
    return str(action.fields["step"]) if action.type == "step" else action.type


def test_a_kept_number_is_no_reward_of_another_slot() -> None:
    """It names the number's decision: an amount that wanted it would never get it."""
    visitor = _visitors(1)[0]
    outcomes = truth.path(visitor, "50", "carried", 0.5)
    assert sum(chance for _, chance in outcomes) < 0.5
    assert truth.reward_probability(outcomes, "prefill_kept") > 0
    assert truth.reward_probability(truth.without_prefill(outcomes), "prefill_kept") == 0
    assert truth.reward_probability(outcomes, "paid") < truth.reward_probability(
        outcomes, "pay_tapped|paid"
    )


def test_page_without_a_slot_is_no_obstacle() -> None:
    """A service that lacks a slot gets visitors all the same; they decide without it."""
    rng = generator(1, 1)
    script = journey(draw_visitor(1, rng), rng, 1000.0)
    actions = []
    answer: Shown | None = None
    while True:
        try:
            action = next(script) if answer is None else script.send(answer)
        except StopIteration:
            break
        actions.append(action)
        answer = {} if isinstance(action, PageCall) else None
    assert not any(isinstance(action, Expectation) for action in actions)
