"""The operator's own rule: where it comes from, and what it shows."""

from __future__ import annotations

import numpy as np
import pytest

from lab.first_week.own_rule import OwnRule
from nudge.config.slot_file import parse_slot
from nudge.domain.slots.slot import Scalar

NAMES = ("10", "30", "50")


def rule(**more: object) -> OwnRule:
    table: dict[str, object] = {
        "slot": "amount",
        "revision": 1,
        "on": "decision",
        "reward": {"objective": "conversion", "event": "paid", "window": "3d"},
        "stickiness": {"period": "1d"},
        "fallback": {"default": "30", "home": "50"},
        "context": [
            {"name": "last_amount", "kind": "number", "cells": [10, 30, 50]},
            {"name": "city", "kind": "category", "cells": ["sh", "bj"]},
        ],
        "variants": [
            {"name": name, "value": int(name), "attributes": {"amount": int(name)}}
            for name in NAMES
        ],
    }
    return OwnRule(parse_slot(table | more, "test"))


COMPARISON = {"comparison": {"rule": "city:sh=10,*=30", "share": 0.1}}
NEAREST = {"policy": {"kind": "auto", "prior": "last_amount"}}
ODDS = {"policy": {"kind": "auto", "prior": {"10": 5, "50": 1}}}


@pytest.mark.parametrize(
    ("more", "context", "page", "shown"),
    [
        ({}, {}, "home", "50"),
        ({}, {}, "recharge", "30"),
        (COMPARISON, {"city": "sh"}, "home", "10"),
        (COMPARISON, {"city": "bj"}, "home", "30"),
        (COMPARISON | NEAREST, {"city": "sh", "last_amount": 50}, "home", "10"),
        (NEAREST, {"last_amount": 12}, "home", "10"),
        (NEAREST, {}, "home", "50"),
        (ODDS, {}, "home", "10"),
    ],
)
def test_the_first_that_is_set_is_the_rule(
    more: dict[str, object], context: dict[str, Scalar], page: str, shown: str
) -> None:
    """The rule of [comparison], else the prior, else the page's fallback."""
    everything = np.ones(3, dtype=np.bool_)
    assert NAMES[rule(**more).find_arm(context, page, everything)] == shown


def test_what_may_not_be_shown_is_replaced() -> None:
    """The page's fallback stands for it, then any that may be shown; with none, the fallback."""
    own = rule(**COMPARISON)
    for eligible, shown in (([0, 1, 1], "50"), ([0, 1, 0], "30"), ([0, 0, 0], "50")):
        flags = np.array(eligible, dtype=np.bool_)
        assert NAMES[own.find_arm({"city": "sh"}, "home", flags)] == shown


def test_the_rule_is_told_with_its_source() -> None:
    """The text is that of the slot's file."""
    told = [(one.source, one.text) for one in (rule(), rule(**COMPARISON), rule(**NEAREST))]
    assert told == [
        ("fallback", "default=30,home=50"),
        ("comparison", "city:sh=10,*=30"),
        ("prior", "last_amount; default=30,home=50"),
    ]
