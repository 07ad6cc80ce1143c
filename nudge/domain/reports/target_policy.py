"""Policies that a log is asked about: stored ones, and rules that somebody writes down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bandits.arrays import AnyArray, BoolArray, FloatArray
from bandits.config import AttributeSpec, LearnerConfig
from bandits.contract import Policy
from bandits.policies.fixed import NO_CHOICE, FixedPolicy
from nudge.errors import InvalidRequestError

BESIDE: Final = ("channel", "page")
"""Of a decision, known to every policy."""
REST: Final = "*"
"""In a rule: every value that it does not name."""
Choose = Callable[[Mapping[str, AnyArray], BoolArray], FloatArray]
"""Contexts and eligible (n, K) -> distribution (n, K) over the log's variants."""


@dataclass(frozen=True)
class StoredPolicy:
    """A policy, and the attributes that it may look at."""

    policy: Policy
    attributes: tuple[AttributeSpec, ...]


@dataclass(frozen=True)
class TargetLearner:
    """A policy that is first learned from the log: by folds, from other visitors' rows.

    Attributes:
        config: what it learns.
    """

    config: LearnerConfig


AskedPolicy = StoredPolicy | TargetLearner | None
"""The policy that is asked about; None where the target's text says it all."""


def chooser(stored: StoredPolicy, variants: Sequence[str]) -> Choose:
    """The policy, over the log's variants: it gives none to those that it does not know."""
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
    """The rule of a text such as `page:home=100,recharge=50,*=30`.

    It shows the named variant for each value of an attribute. Where it names none, or one that is
    not eligible, the eligible ones share equally.

    Raises:
        InvalidRequestError: it is no rule, or names a variant that is none.
    """
    name, _, choices = text.partition(":")
    table = dict(_choice(one, variants) for one in choices.split(","))
    default = table.pop(REST, NO_CHOICE)
    policy = FixedPolicy(arms=tuple(variants), arm=default, by=name, by_value=table)
    return StoredPolicy(policy, (AttributeSpec(name, "category"),))


def _choice(text: str, variants: Sequence[str]) -> tuple[str, int]:
    value, given, variant = (part.strip() for part in text.rpartition("="))
    if not given or not value:
        cure = "write rule:ATTRIBUTE:VALUE=VARIANT,VALUE=VARIANT,*=VARIANT"
        raise InvalidRequestError(f"{text!r} is no part of a rule; {cure}", {"target": [cure]})
    if variant not in variants:
        cure = f"use one of {', '.join(variants)}"
        raise InvalidRequestError(f"{variant!r} is not a variant; {cure}", {"target": [cure]})
    return value, list(variants).index(variant)
