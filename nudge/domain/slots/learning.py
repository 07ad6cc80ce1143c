"""A slot's configuration for `bandits`, and its policy before anything is learned."""

from __future__ import annotations

from dataclasses import replace

from bandits.config import LearnerConfig, read_config
from bandits.contract import Policy
from bandits.errors import ConfigError
from bandits.policies.fixed import FixedPolicy
from bandits.policies.uniform import UniformPolicy
from nudge.domain.slots.slot import DEFAULT_PAGE, Slot
from nudge.errors import InvalidRequestError


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
        }
    )


def first_policy(slot: Slot) -> Policy:
    """Return version 0 of a slot's policy, served until a snapshot is published.

    It is uniform over the eligible variants. With a `prior` it is the operator's own rule: each
    page's fallback, and the floor for the rest.
    """
    if slot.policy.get("prior") is None:
        return UniformPolicy(arms=slot.names)
    index = {name: number for number, name in enumerate(slot.names)}
    by_page = {page: index[name] for page, name in slot.fallback.items() if page != DEFAULT_PAGE}
    return FixedPolicy(
        arms=slot.names,
        arm=index[slot.fallback[DEFAULT_PAGE]],
        by="page",
        by_value=by_page,
        floor=slot.floor,
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
