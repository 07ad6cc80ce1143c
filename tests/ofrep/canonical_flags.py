"""The canonical flags of OpenFeature as slots, and the visitor that one rule is for."""

from __future__ import annotations

import tomllib
from typing import Any, Final

from places import ROOT

from nudge.config.slot_file import parse_slot
from nudge.domain.slots.slot import Slot

FILE: Final = ROOT / "tests" / "data" / "openfeature" / "flags.toml"
TARGETED: Final = "targeting-key-flag"
TARGET: Final = "5c3d8535-f81a-4478-a6d3-afaa4d51199e"
"""Targeting key of the one visitor for whom the targeted flag is "hit"."""
STRANGER: Final = "f20bd32d-703b-48b6-bc8e-79d53c85134a"
RULES: Final[dict[str, Any]] = {
    "hit": {"when": {"attribute": "tester", "is": True}},
    "miss": {"when": {"attribute": "tester", "known": False}},
}
REST: Final[dict[str, Any]] = {
    "revision": 1,
    "on": "shown",
    "stickiness": {"period": "1d"},
    "reward": {"event": "paid", "window": "1d"},
}
"""Keys that a slot needs besides, and no flag has."""


def canonical_flags() -> dict[str, Slot]:
    """The slots by name."""
    with FILE.open("rb") as file:
        return {name: flag_slot(name, flag) for name, flag in tomllib.load(file).items()}


def flag_slot(name: str, flag: dict[str, Any]) -> Slot:
    """A slot that shows the flag's default variant to everybody, but for rules."""
    ruled = name == TARGETED
    variants = [
        {"name": variant, "value": value}
        | ({"available": RULES[variant]} if ruled else {"enabled": variant == flag["default"]})
        for variant, value in flag["variants"].items()
    ]
    table = REST | {
        "slot": name,
        "mode": flag.get("state", "live"),
        "fallback": {"default": flag["default"]},
        "variants": variants,
    }
    return parse_slot(table, name)
