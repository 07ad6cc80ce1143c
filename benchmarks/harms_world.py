"""A planted harm: an amount that pays more a conversion and makes visitors leave.

Objective "revenue", three amounts. The truth is written here: of 100 visitors 45 pay where 50 yuan
is preselected (22.5 yuan a visitor), and 15 where 500 is (75 yuan a visitor). A revenue learner
goes for 500, and two thirds of those who would have paid leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from benchmarks.lifts_service import Service
from lab.simulate.visitors import generator
from nudge.config.slot_file import parse_slot
from nudge.domain.choosing.requests import DecisionRequest, EventRequest
from nudge.domain.slots.slot import Slot

NAME: Final = "amount"
FALLBACK: Final = "50"
HARM: Final[Mapping[str, float]] = {"50": 0.45, "100": 0.30, "500": 0.15}
"""Amount preselected -> probability to pay it."""
NO_HARM: Final[Mapping[str, float]] = {"50": 0.45, "100": 0.46, "500": 0.45}
"""The same without harm: nobody leaves for an amount."""
HOLDOUT: Final = 0.2


def slot(**changes: object) -> Slot:
    """The slot, with a guard on what visitors do that its objective does not see."""
    table: dict[str, object] = {
        "slot": NAME,
        "on": "decision",
        "holdout": HOLDOUT,
        "stickiness": {"period": "1d"},
        "reward": {"objective": "revenue", "event": "paid", "window": "3d"},
        "guard": {"metrics": ["abandonment", "downgrade"], "every": 1},
        "fallback": {"default": FALLBACK},
        "variants": [
            {"name": name, "value": int(name), "attributes": {"amount": int(name)}} for name in HARM
        ],
    }
    return parse_slot(table | changes, "world")


def visit(service: Service, numbers: range, chances: Mapping[str, float], seed: int = 0) -> None:
    """Visitors who are shown an amount and pay it or leave; then folds, learner and lake."""
    sent = []
    for number in numbers:
        rng, who = generator(seed, number), f"v{seed}-{number}"
        given = service.decide(DecisionRequest(who, "web", "recharge", (NAME,))).decisions[NAME]
        if rng.random() < chances[given.variant]:
            fields = {"amount": int(given.variant)}
            sent.append(EventRequest(f"{who}-paid", "paid", who, None, None, fields))
    service.record(sent)
    service.learn()
    service.archive()
