"""Reading of a slot's tables."""

import math

import pytest

from bandits.config import read_config
from bandits.errors import ConfigError

ARMS = [{"name": "a"}, {"name": "b", "value": 1, "title": "B"}]


def test_a_slot_that_says_nothing_gets_the_defaults() -> None:
    """Defaults: policy auto, floor min(.02, .2 / K), conversions, the learner's own half-life."""
    config = read_config({"arms": ARMS})
    assert (config.policy.kind, config.policy.floor, config.objective) == (
        "auto",
        0.02,
        "conversion",
    )
    assert config.policy.half_life is None
    many = read_config({"arms": [{"name": str(i)} for i in range(20)]})
    assert many.policy.floor == pytest.approx(0.01)


def test_lists_and_mappings_and_synonyms_read_alike() -> None:
    """Lists or mappings, `arms` or `variants`, and synonyms of kinds give one configuration."""
    context = {
        "c": {"kind": "categorical", "cells": [1, 2]},
        "n": {"kind": "numeric", "cells": [1, 2.5]},
        "f": {"kind": "bool"},
    }
    config = read_config(
        {"variants": {"a": {}, "b": {"attributes": {"amount": 5}}}, "context": context}
    )
    listed = read_config(
        {"arms": [{"name": "a"}, {"name": "b", "attributes": {"amount": 5}}],
         "context": [{"name": name, **table} for name, table in context.items()]}
    )  # fmt: skip
    assert config == listed
    assert [a.kind for a in config.context] == ["category", "number", "flag"]
    assert config.context[0].cells == ("1", "2")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7d", 604800.0), ("36h", 129600.0), ("90m", 5400.0), (60, 60.0), ("never", math.inf)],
)
def test_a_half_life_is_a_duration(value: object, seconds: float) -> None:
    """A half-life is a number of seconds, a number with a unit, or "never"."""
    assert read_config({"arms": ARMS, "policy": {"half_life": value}}).policy.half_life == seconds


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({}, "arms"),
        ({"arms": [{"name": "a"}, {"name": "a"}]}, "arms.a"),
        ({"arms": [{"title": "x"}]}, "arms[0].name"),
        ({"variants": 3}, "variants"),
        ({"arms": ARMS, "policy": {"floor": 0.6}}, "policy.floor"),
        ({"arms": ARMS, "policy": {"floor": True}}, "policy.floor"),
        ({"arms": ARMS, "policy": {"kind": "magic"}}, "policy.kind"),
        ({"arms": ARMS, "policy": {"flor": 0.1}}, "policy.flor"),
        ({"arms": ARMS, "policy": {"half_life": "soon"}}, "policy.half_life"),
        ({"arms": ARMS, "policy": {"half_life": -1}}, "policy.half_life"),
        ({"arms": ARMS, "policy": {"draws": 1.5}}, "policy.draws"),
        ({"arms": ARMS, "policy": {"kind": "fixed"}}, "policy.arm"),
        ({"arms": ARMS, "policy": {"kind": "fixed", "arm": "z"}}, "policy.arm"),
        ({"arms": ARMS, "policy": {"kind": "fixed", "arms": {"home": "a"}}}, "policy.by"),
        ({"arms": ARMS, "policy": 3}, "policy"),
        ({"arms": ARMS, "context": [{"name": "x", "kind": "colour"}]}, "context.x.kind"),
        ({"arms": ARMS, "context": [{"name": "x", "cells": "web"}]}, "context.x.cells"),
        ({"arms": ARMS, "context": [{"name": "x", "cells": ["a", "a"]}]}, "context.x.cells"),
        (
            {"arms": ARMS, "context": [{"name": "x", "kind": "number", "cells": [3, 1]}]},
            "context.x.cells",
        ),
        ({"arms": ARMS, "reward": {"kind": "smiles"}}, "reward.kind"),
    ],
)
def test_an_error_names_the_key_and_the_cure(mapping: dict[str, object], key: str) -> None:
    """An invalid value raises a ConfigError with its dotted key and the cure."""
    with pytest.raises(ConfigError) as caught:
        read_config(mapping)
    assert caught.value.key == key
    assert caught.value.cure
    assert key in str(caught.value)
