"""Offline evaluation: the reward of another policy, from a log with exact propensities.

    evaluation = evaluate(batches, read_target("always:coffee", variants))
    evaluation.as_dict()

A suite of estimators is a frozen value with `add` and `+`: one pass over batches, parts add up.
"""

from bandits.evaluation.diagnostics import Diagnostics
from bandits.evaluation.estimators import ESTIMATORS, Estimator
from bandits.evaluation.evaluate import evaluate
from bandits.evaluation.log import Log
from bandits.evaluation.reward_model import ModelSums, Prediction, RewardModel
from bandits.evaluation.rows import CV_SPLITS, TargetRows
from bandits.evaluation.suite import EstimatorSuite, Evaluation
from bandits.evaluation.sums import COLUMNS, Support, WeightedSums
from bandits.evaluation.target import (
    Always,
    Column,
    PolicyColumn,
    Target,
    TargetError,
    TargetProbabilities,
    Uniform,
    read_target,
)

__all__ = [
    "COLUMNS",
    "CV_SPLITS",
    "ESTIMATORS",
    "Always",
    "Column",
    "Diagnostics",
    "Estimator",
    "EstimatorSuite",
    "Evaluation",
    "Log",
    "ModelSums",
    "PolicyColumn",
    "Prediction",
    "RewardModel",
    "Support",
    "Target",
    "TargetError",
    "TargetProbabilities",
    "TargetRows",
    "Uniform",
    "WeightedSums",
    "evaluate",
    "read_target",
]
