"""Default learner: a logistic posterior over interpretable features, from counts alone."""

from bandits.learners.auto.learner import fit, fit_history
from bandits.learners.auto.memory import FitMemory

__all__ = ["FitMemory", "fit", "fit_history"]
