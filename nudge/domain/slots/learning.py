"""A slot's configuration for `bandits`, and its policy before anything is learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bandits.baseline.choice import make_baseline
from bandits.config import LearnerConfig, read_config
from bandits.contract import Policy
from bandits.errors import ConfigError
from bandits.policies.conservative import ConservativePolicy
from bandits.policies.uniform import UniformPolicy
from nudge.domain.slots.operator_rule import REST
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidRequestError

DATA_FREE: Final = frozenset({"uniform", "fixed"})
"""Kinds of policy that no count changes."""


def learner_config(slot: Slot) -> LearnerConfig:
    """Build the learner's configuration of a slot.

    Raises:
        bandits.errors.ConfigError: the policy table does not fit; the message names the key.
    """
    return read_config(
        {
            "arms": [{"name": v.name, "attributes": dict(v.attributes)} for v in slot.variants],
            "context": [
                {"name": a.name, "kind": a.kind, "cells": list(a.cells)} for a in slot.context
            ],
            "policy": {**slot.policy, "floor": slot.floor},
            "reward": {"objective": slot.terms.objective},
            "rule": _rule_table(slot),
            "fallback": dict(slot.fallback),
        }
    )


def _rule_table(slot: Slot) -> dict[str, object] | None:
    """Return the operator's own rule as the learner reads it; None where the slot has none."""
    if slot.comparison is None:
        return None
    rule = slot.comparison.rule
    arms = {value: name for value, name in rule.variants.items() if value != REST}
    return {"by": rule.by, "arms": arms, "rest": rule.variants.get(REST)}


def first_policy(slot: Slot) -> Policy:
    """Return version 0 of a slot's policy, served until a snapshot is published.

    It is the baseline, and an even draw with the share that may be given up: should every other
    variant be worth nothing, that is what it costs. A slot without a bound is even.
    """
    even = UniformPolicy(arms=slot.names)
    config = learner_config(slot)
    baseline = make_baseline(config)
    free = config.policy.kind in DATA_FREE or config.policy.give_up >= 1.0
    if baseline is None or free or len(slot.names) == 1:
        return even
    return ConservativePolicy(
        arms=slot.names, main=even, baseline=baseline, share=config.policy.give_up
    )


def mabwiser_config(slot: Slot, text: str) -> LearnerConfig:
    """Build the slot's configuration with one of MABWiser's policies.

    Args:
        slot: gives variants, context and floor.
        text: name and parameters, such as `UCB1,alpha=1.5`.

    Raises:
        InvalidRequestError: MABWiser does not know the policy, or refuses the parameters.
    """
    name, *pairs = text.split(",")
    parameters = {key: float(value) for key, _, value in (one.partition("=") for one in pairs)}
    options = {"learning_policy": name, **parameters}
    try:
        return learner_config(replace(slot, policy={"kind": "mabwiser", "options": options}))
    except ConfigError as error:
        raise InvalidRequestError(f"target: {error}", {"target": [str(error)]}) from error
