"""bayesianbandits by its public contract: one logistic GLM over context, arm and their pairs."""

from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import FloatArray, IntArray
from benchmarks.learners_features import OneHot
from benchmarks.learners_world import Columns

DAY = 86400.0
# A conversion's row weighs this little, and its outcome is one over it: see `Online.reward`.
SMALL = 1e-3


@dataclass
class BayesianBandits:
    """Thompson sampling from `BayesianGLM`, a Laplace posterior that all arms share.

    Each visitor gets a joint draw of its own over the arms. The agents of the package would draw
    once for a whole batch, or one visitor at a time; `sample_reward_space` is their draw in one
    call.

    Attributes:
        arms: how many.
        half_life: of what was learned, in days; infinite forgets nothing.
        precision: of the normal prior of each coefficient.
        seed: of the draws.
        pairs: whether pairs of attributes stand beside the attributes.
    """

    arms: int
    half_life: float
    precision: float
    seed: int
    pairs: bool = False
    _one_hot: OneHot = field(default_factory=OneHot)

    def __post_init__(self) -> None:
        """A model that knows its prior."""
        from bayesianbandits import BayesianGLM, LaplaceApproximator  # noqa: PLC0415 - bench only

        exact = LaplaceApproximator(n_iter=50)
        self._model = BayesianGLM(self.precision, approximator=exact, random_state=self.seed)

    def choose(self, ids: IntArray, contexts: Columns) -> IntArray:
        """The best arm of each visitor's own draw."""
        x = self._context(contexts)
        every = np.tile(np.arange(self.arms), len(x))
        rows = self._rows(np.repeat(x, self.arms, axis=0), every)
        drawn = self._model.sample_reward_space(rows, 1, block_size=self.arms)
        best: IntArray = drawn.reshape(len(x), self.arms).argmax(axis=1)
        return best

    def _context(self, contexts: Columns) -> FloatArray:
        x = self._one_hot.rows(contexts)
        if not self.pairs:
            return x
        left, right = np.triu_indices(x.shape[1] - 1, 1)
        return np.concatenate([x, x[:, 1 + left] * x[:, 1 + right]], axis=1)

    def _rows(self, x: FloatArray, arms: IntArray) -> FloatArray:
        """The columns that all arms share, and beside them the same again for the arm alone."""
        own = np.zeros((len(x), self.arms, x.shape[1]))
        own[np.arange(len(x)), arms] = x
        return np.concatenate([x, own.reshape(len(x), -1)], axis=1)


@dataclass
class Online(BayesianBandits):
    """Each batch moves the posterior (`partial_fit`), and time widens it (`decay`).

    What is forgotten falls back to the prior (`StabilizedForgetting`).
    """

    _open: dict[int, FloatArray] = field(default_factory=dict)
    _at: float = 0.0

    def publish(self, at: float) -> None:
        """Knowledge is forgotten by the time that went by."""
        from bayesianbandits import StabilizedForgetting  # noqa: PLC0415 - bench only

        days = (at - self._at) / DAY
        self._model.decay(StabilizedForgetting(0.5 ** (1.0 / self.half_life)), steps=days)
        self._at = at

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """At once, as no conversion."""
        rows = self._rows(self._context(contexts), arms)
        self._open.update(zip(ids.tolist(), rows, strict=True))
        self._model.partial_fit(rows, np.zeros(len(rows)))

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """The exposure's log(1 - p) becomes log(p): their difference is the linear predictor.

        A row of weight w and outcome 1 / w adds just that, up to w times the log-likelihood of no
        conversion; the model takes outcomes outside 0 and 1.
        """
        if len(ids):
            rows = np.array([self._open.pop(name) for name in ids.tolist()])
            weight = np.full(len(rows), SMALL)
            self._model.partial_fit(rows, 1.0 / weight, sample_weight=weight)


@dataclass
class Refitted(BayesianBandits):
    """Before each batch fitted from nothing, on all that is known by then.

    Forgetting is a weight by age. Exposures that look alike are one row, with the share that
    converted as its outcome: the same likelihood.
    """

    _places: dict[bytes, int] = field(default_factory=dict)
    _row: list[FloatArray] = field(default_factory=list)
    _cell: list[IntArray] = field(default_factory=list)
    _time: list[FloatArray] = field(default_factory=list)
    _hits: list[int] = field(default_factory=list)

    def publish(self, at: float) -> None:
        """Fit."""
        if not self._cell:
            return
        cell = np.concatenate(self._cell)
        weight = 0.5 ** ((at - np.concatenate(self._time)) / DAY / self.half_life)
        hit = np.zeros(len(cell))
        hit[self._hits] = 1.0
        shown = np.bincount(cell, weight)
        self._model.fit(
            np.array(self._row), np.bincount(cell, weight * hit) / shown, sample_weight=shown
        )

    def expose(self, ids: IntArray, contexts: Columns, arms: IntArray, at: FloatArray) -> None:
        """At once, as no conversion; ids count from 0 as they come."""
        rows = self._rows(self._context(contexts), arms)
        self._cell.append(np.array([self._place(row) for row in rows]))
        self._time.append(at)

    def reward(self, ids: IntArray, at: FloatArray) -> None:
        """When it comes."""
        self._hits.extend(ids.tolist())

    def _place(self, row: FloatArray) -> int:
        place = self._places.setdefault(row.tobytes(), len(self._row))
        if place == len(self._row):
            self._row.append(row)
        return place
