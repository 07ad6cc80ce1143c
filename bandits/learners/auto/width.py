"""How widely to explore, from the data.

A draw moves every coefficient at once, and the chance that it shows another arm than the best
grows with how many are unsure together. What needs trying is the arms, and what one visitor tries
teaches all who share the coefficient: the more the data have to say about each arm, the less each
single visitor has to explore. So the spread of a draw is the posterior's, times
    width = WIDEST / sqrt(1 + d / K),
where d is the effective number of coefficients that tell arms apart, MacKay's gamma (1992): those
that the data rather than the prior determine. Few facts about many arms keep the width; a slot
with ten facts an arm gets a third of it. (Full posterior draws, width 1 whatever d is, lost more
in all worlds of `python -m benchmarks learners_worlds`; compare Chapelle and Li 2011, section 3,
on narrower posteriors.)
"""

import math

from bandits.arrays import FloatArray
from bandits.learners.auto.model import Model
from bandits.learners.auto.prior import Prior

WIDEST = 0.6


def width_of(model: Model, prior: Prior, variance: FloatArray) -> float:
    """The width of draws whose coefficients have these variances (p,)."""
    terms = model.design.term_of[model.ids]
    choosing = [t >= 0 and model.design.terms[t].kind != "level" for t in terms.tolist()]
    gamma = (1.0 - variance * prior.precision[model.ids]).clip(0.0, 1.0)
    return WIDEST / math.sqrt(1.0 + float(gamma[choosing].sum()) / model.design.arms)
