"""Target policies of an evaluation: stored ones, and rules that somebody writes down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray
from bandits.config import AttributeSpec, LearnerConfig
from bandits.contract import Policy
from bandits.policies.fixed import NO_CHOICE, FixedPolicy
from nudge.domain.slots.operator_rule import CURE, REST, OperatorRule
from nudge.errors import InvalidRequestError

BESIDE: Final = ("channel", "page")
"""Fields of a decision that every policy knows besides its attributes."""
Choose = Callable[[Mapping[str, AnyArray], BoolArray], FloatArray]
"""Contexts and eligible (n, K) -> distribution (n, K) over the log's variants."""


@dataclass(frozen=True)
class StoredPolicy:
    """A policy, and the attributes that it may look at."""

    policy: Policy
    attributes: tuple[AttributeSpec, ...]


@dataclass(frozen=True)
class TargetLearner:
    """A learner of a target policy from the log itself: by folds, from other visitors' rows.

    Attributes:
        config: what it learns.
    """

    config: LearnerConfig


AskedPolicy = StoredPolicy | TargetLearner | None
"""The policy under evaluation; None where the target's text suffices."""


def chooser(stored: StoredPolicy, variants: Sequence[str]) -> Choose:
    """Return a policy over the log's variants; unknown variants get a probability of 0."""
    policy, names = stored.policy, list(variants)
    known = [(i, names.index(arm)) for i, arm in enumerate(policy.arms) if arm in names]
    own, theirs = [i for i, _ in known], [j for _, j in known]

    def choose(contexts: Mapping[str, AnyArray], eligible: BoolArray) -> FloatArray:
        mask = np.zeros((len(eligible), len(policy.arms)), dtype=np.bool_)
        mask[:, own] = eligible[:, theirs]
        found = np.zeros(eligible.shape)
        found[:, theirs] = policy.distribution(contexts, mask)[:, own]
        return found

    return choose


def rule_of(text: str, variants: Sequence[str]) -> StoredPolicy:
    """Read a rule of a text such as `page:home=100,recharge=50,*=30`.

    It shows the named variant for each value of an attribute. Where it names none, or one that is
    not eligible, the eligible ones share equally.

    Raises:
        InvalidRequestError: the text is not a rule, or names an unknown variant.
    """
    try:
        rule = OperatorRule.parse(text)
    except ValueError as error:
        raise InvalidRequestError(str(error), {"target": [CURE]}) from error
    for name in rule.find_unknown(tuple(variants)):
        cure = f"use one of {', '.join(variants)}"
        raise InvalidRequestError(f"unknown variant {name!r}; {cure}", {"target": [cure]})
    table = {value: list(variants).index(name) for value, name in rule.choices}
    default = table.pop(REST, NO_CHOICE)
    policy = FixedPolicy(arms=tuple(variants), arm=default, by=rule.by, by_value=table)
    return StoredPolicy(policy, (AttributeSpec(rule.by, "category"),))
