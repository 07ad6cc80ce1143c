"""A slot as `bandits` wants it, and the policy that it has before anything was learned."""

from __future__ import annotations

from dataclasses import replace

from bandits.config import LearnerConfig, read_config
from bandits.contract import Policy
from bandits.errors import ConfigError
from bandits.policies.uniform import UniformPolicy
from nudge.domain.slot import Slot
from nudge.errors import InvalidRequestError


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


def mabwiser_config(slot: Slot, text: str) -> LearnerConfig:
    """The slot's configuration with one of MABWiser's policies.

    Args:
        slot: whose variants, context and floor it has.
        text: name and parameters, such as `UCB1,alpha=1.5`.

    Raises:
        InvalidRequestError: MABWiser does not know it, or does not take the parameters.
    """
    name, *given = text.split(",")
    parameters = {key: float(value) for key, _, value in (one.partition("=") for one in given)}
    options = {"learning_policy": name, **parameters}
    try:
        return learner_config(replace(slot, policy={"kind": "mabwiser", "options": options}))
    except ConfigError as error:
        raise InvalidRequestError(f"target: {error}", {"target": [str(error)]}) from error
