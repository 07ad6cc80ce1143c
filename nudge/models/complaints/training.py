"""Training of the complaint model on labelled texts.

Two linear models over the same binary n-grams, weighted by rarity, are added: a logistic
regression, and one whose n-grams are scaled by the root of their log-count ratio (NB-SVM of Wang
and Manning, 2012, tempered: labels that come from whole documents are partly wrong). A logistic
regression over the added score, of texts that the models did not see, and the counts of polar words
gives the probability (stacking after Wolpert, 1992; calibration after Platt, 1999).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from nudge.models.complaints.features import all_grams, language, plain_text, text_row
from nudge.models.complaints.model import (
    COUNTS,
    Floats,
    LanguageModel,
    PolarWords,
    Vocabulary,
    distinct,
    known_grams,
)

Labels = NDArray[np.int64]
FOLDS: Final = 5
FEWEST: Final = 50
"""Texts of each label, below which a language gets no model."""
MOST_GRAMS: Final = 150_000
"""N-grams of a language: rarer ones are left out, so that the file stays small."""
LEAST_TEXTS: Final = 2
"""Texts that an n-gram must be in."""
PLAIN_STRENGTH: Final = 3.0
RATIO_STRENGTH: Final = 4.0
"""Inverse strengths of the penalty on the weights of the two models."""


class LabelledText(NamedTuple):
    """A text with its label.

    Attributes:
        text: as it was written.
        complains: the label.
        weight: of the label in training; less for doubtful ones.
    """

    text: str
    complains: bool
    weight: float = 1.0


@dataclass(frozen=True)
class Lesson:
    """The texts of one language as arrays.

    Attributes:
        tongue: the language.
        texts: in plain form.
        labels: 1 for a complaint.
        weights: of the labels.
        polar: phrases of the lexicon in this language.
    """

    tongue: str
    texts: tuple[str, ...]
    labels: Labels
    weights: Floats
    polar: PolarWords

    def part(self, places: NDArray[np.int64]) -> Lesson:
        """Return some of the texts."""
        texts = tuple(self.texts[one] for one in places)
        return Lesson(self.tongue, texts, self.labels[places], self.weights[places], self.polar)


def lesson(rows: Sequence[LabelledText], tongue: str, polar: PolarWords) -> Lesson:
    """Return the rows of a language, each text once: the first one counts."""
    found: dict[str, LabelledText] = {}
    for row in rows:
        plain = plain_text(row.text)
        if plain and language(plain) == tongue:
            found.setdefault(plain, row)
    labels = np.array([one.complains for one in found.values()], dtype=np.int64)
    weights = np.array([one.weight for one in found.values()], dtype=np.float64)
    return Lesson(
        tongue,
        tuple(found),
        labels,
        weights / max(float(weights.mean()), 1e-9) if len(weights) else weights,
        polar,
    )


def fits(taught: Lesson) -> bool:
    """Tell whether a language has enough texts of both labels."""
    return min(int(taught.labels.sum()), int((1 - taught.labels).sum())) >= FEWEST


def splits(labels: Labels, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield training and test places of each fold, with the labels' shares kept."""
    yield from StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(labels, labels)


def cross_scores(taught: Lesson, seed: int = 0) -> Floats:
    """Return the probability of each text by a model that was trained without its fold."""
    found = np.zeros(len(taught.texts))
    for train, test in splits(taught.labels, seed):
        model = train_language(taught.part(train))
        found[test] = model.probabilities([taught.texts[one] for one in test])
    return found


def train_language(taught: Lesson) -> LanguageModel:
    """Train the model of one language."""
    matrix = _Matrix.of(taught.tongue, taught.texts)
    weights = _fit(matrix, taught.labels, taught.weights)
    counts = taught.polar.counts(text_row(taught.texts), taught.tongue, len(taught.texts))
    link = _link(_unseen_scores(matrix, taught), counts, taught.labels)
    return LanguageModel(
        taught.tongue,
        matrix.vocabulary,
        (weights * matrix.rarity).astype(np.float16).astype(np.float32),
        matrix.rarity.astype(np.float16).astype(np.float32),
        taught.polar,
        link,
    )


class _Matrix(NamedTuple):
    """Texts as rows of rarities, each row of length one."""

    vocabulary: Vocabulary
    rarity: Floats
    rows: csr_array

    @classmethod
    def of(cls, tongue: str, texts: Sequence[str]) -> _Matrix:
        grams = all_grams(text_row(texts), tongue)
        keys = distinct((grams.texts.astype(np.uint64) << np.uint64(32)) | grams.hashes)
        used = np.sort((keys & np.uint64(0xFFFFFFFF)).astype(np.uint32))
        begins = np.flatnonzero(np.concatenate([[True], used[1:] != used[:-1]]))
        hashes, seen = used[begins], np.diff(np.append(begins, len(used)))
        least = LEAST_TEXTS
        while int((seen >= least).sum()) > MOST_GRAMS:
            least += 1
        vocabulary = Vocabulary(hashes[seen >= least])
        numbers, owners = known_grams(vocabulary, grams)
        shape = (len(texts), len(vocabulary.hashes))
        found = np.bincount(numbers, minlength=shape[1])
        rarity = np.log((1 + len(texts)) / (1 + found)) + 1
        values = rarity[numbers]
        norms = np.sqrt(np.bincount(owners, values**2, minlength=shape[0]))
        rows = csr_array((values / norms[owners], (owners, numbers)), shape=shape)
        return cls(vocabulary, rarity, rows)


def _fit(matrix: _Matrix, labels: Labels, weights: Floats) -> Floats:
    """Return the weight of each n-gram: of both models, each scaled to unit spread."""
    used = matrix.rows.copy()
    used.data = np.ones_like(used.data)
    ratio = _ratio(used, labels, weights)
    root = np.sign(ratio) * np.sqrt(np.abs(ratio))
    plain = _logistic(matrix.rows, labels, weights, PLAIN_STRENGTH)
    tempered = root * _logistic(
        matrix.rows.multiply(root[None, :]).tocsr(), labels, weights, RATIO_STRENGTH
    )
    return sum(
        (one / max(float(np.std(matrix.rows @ one)), 1e-9) for one in (plain, tempered)),
        start=np.zeros(len(plain)),
    )


def _ratio(used: csr_array, labels: Labels, weights: Floats) -> Floats:
    """Return the log-count ratio of each n-gram, smoothed by one."""
    bad = 1 + used.T @ (weights * labels)
    good = 1 + used.T @ (weights * (1 - labels))
    return np.asarray(np.log((bad / bad.sum()) / (good / good.sum())))


def _logistic(rows: csr_array, labels: Labels, weights: Floats, strength: float) -> Floats:
    rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    model = LogisticRegression(
        C=strength, solver="liblinear", dual=True, max_iter=1000, tol=1e-3, random_state=0
    )
    return np.asarray(model.fit(rows, labels, sample_weight=weights).coef_[0])


def _unseen_scores(matrix: _Matrix, taught: Lesson) -> Floats:
    """Return linear scores of texts, each by weights that were fitted without it."""
    found = np.zeros(len(taught.texts))
    for train, test in splits(taught.labels, 1):
        weights = _fit(
            matrix._replace(rows=matrix.rows[train]), taught.labels[train], taught.weights[train]
        )
        found[test] = matrix.rows[test] @ weights
    return found


def _link(scores: Floats, counts: Floats, labels: Labels) -> Floats:
    """Return intercept and weights of score and counts."""
    columns = np.column_stack([scores, counts])
    model = LogisticRegression(C=10.0, max_iter=500).fit(columns, labels)
    found = np.concatenate([model.intercept_, model.coef_[0]])
    return np.asarray(found if len(found) == COUNTS + 2 else np.zeros(COUNTS + 2))
