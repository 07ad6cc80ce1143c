"""What another policy would have got, from a log with exact propensities.

    evaluation = evaluate(batches, read_target("always:coffee", variants))
    evaluation.as_dict()

An estimator is a frozen value with `add` and `+`: one pass over batches, parts add up.
"""

from bandits.evaluation.answer import Evaluation
from bandits.evaluation.diagnostics import Diagnostics
from bandits.evaluation.direct import DirectMethod
from bandits.evaluation.doubly_robust import DoublyRobust, SelfNormalisedDoublyRobust
from bandits.evaluation.evaluate import evaluate
from bandits.evaluation.features import context_features, one_hot
from bandits.evaluation.importance import InversePropensity, SelfNormalised
from bandits.evaluation.judged import Judged
from bandits.evaluation.log import Log
from bandits.evaluation.reward_model import ModelSums, RewardModel
from bandits.evaluation.target import Aim, Always, Column, Target, TargetError, Uniform, read_target

__all__ = [
    "Aim",
    "Always",
    "Column",
    "Diagnostics",
    "DirectMethod",
    "DoublyRobust",
    "Evaluation",
    "InversePropensity",
    "Judged",
    "Log",
    "ModelSums",
    "RewardModel",
    "SelfNormalised",
    "SelfNormalisedDoublyRobust",
    "Target",
    "TargetError",
    "Uniform",
    "context_features",
    "evaluate",
    "one_hot",
    "read_target",
]
