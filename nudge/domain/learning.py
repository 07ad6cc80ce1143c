"""A slot as `bandits` wants it, and the policy that it has before anything was learned."""

from __future__ import annotations

from bandits.config import LearnerConfig, read_config
from bandits.contract import Policy
from bandits.policies.uniform import UniformPolicy
from nudge.domain.slot import Slot


def learner_config(slot: Slot) -> LearnerConfig:
    """The learner's configuration of a slot.

    Raises:
        bandits.errors.ConfigError: the policy table does not fit; the key is in the message.
    """
    return read_config(
        {
            "arms": [{"name": v.name, "attributes": dict(v.attributes)} for v in slot.variants],
            "context": [
                {"name": a.name, "kind": a.kind, "cells": list(a.cells)} for a in slot.context
            ],
            "policy": {**slot.policy, "floor": slot.floor},
            "reward": {"objective": slot.terms.objective},
        }
    )


def first_policy(slot: Slot) -> Policy:
    """Version 0: every eligible variant alike, until a snapshot is published."""
    return UniformPolicy(arms=slot.names)
