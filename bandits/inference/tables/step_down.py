"""Several questions answered together, so that hardly ever one is answered wrongly (Holm 1979).

Each question is a difference that may be 0. Of m questions, those are answered whose interval at
level 1 - alpha / m leaves out 0; then m is the number of those left, and so on until none is
answered. The chance that any of the differences that are 0 is called another is at most alpha,
whatever the others are and however the questions depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bandits.inference.interval import Estimate

ALPHA = 0.05
Question = Callable[[float], Estimate]
"""A difference's interval at a level."""


@dataclass(frozen=True)
class StepAnswer:
    """The answer to one of several questions.

    Attributes:
        estimate: the difference, with its interval at `level`.
        level: at which it was judged.
        is_sure: whether the interval leaves out 0.
    """

    estimate: Estimate
    level: float

    @property
    def is_sure(self) -> bool:
        """Whether the difference is told from 0, together with all the other answers."""
        return self.estimate.low > 0.0 or self.estimate.high < 0.0


def step_down(questions: Sequence[Question], alpha: float = ALPHA) -> list[StepAnswer]:
    """Answer questions together.

    Args:
        questions: of the family, each a function of the level.
        alpha: chance of any wrong answer.

    Returns:
        The answers, in order. What is not sure has the interval of the last step, which holds 0.
    """
    found: dict[int, StepAnswer] = {}
    left = list(range(len(questions)))
    while left:
        level = 1.0 - alpha / len(left)
        looks = {i: StepAnswer(questions[i](level), level) for i in left}
        found |= looks
        unsure = [i for i in left if not looks[i].is_sure]
        if len(unsure) == len(left):
            break
        left = unsure
    return [found[i] for i in range(len(questions))]
