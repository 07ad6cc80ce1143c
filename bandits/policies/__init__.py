"""Policies: immutable maps from contexts to distributions over arms, as served."""

from bandits.policies.base import Policy
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.explanation import Effect, Explanation, Shown, explain, shown_by
from bandits.policies.feature_ensemble import FeatureEnsemble
from bandits.policies.fixed import FixedPolicy
from bandits.policies.mixture import MixturePolicy
from bandits.policies.snapshot import dump, load_policy
from bandits.policies.uniform import UniformPolicy

__all__ = [
    "Effect",
    "EnsemblePolicy",
    "Explanation",
    "FeatureEnsemble",
    "FixedPolicy",
    "MixturePolicy",
    "Policy",
    "Shown",
    "UniformPolicy",
    "dump",
    "explain",
    "load_policy",
    "shown_by",
]
