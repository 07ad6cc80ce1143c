"""Design of a slot: interpretable one-hot features of each (cell, arm), grouped into terms.

A term is a group of features of which a (cell, arm) has at most one: the level of an attribute,
the arm, arm and level together, the offset of a relation, offset and level together. The value
of a (cell, arm) is the sum of one coefficient for each term, on the logit scale. Each term has its
own scale, estimated from the data (`scales`), so a term without effect fades by itself.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice

import numpy as np

from bandits.arrays import BoolArray, IntArray
from bandits.config import LearnerConfig
from bandits.relations import NOWHERE, Relation, find_relations

ABSENT = -1
MAIN = ("level", "arm", "offset")
FAR = 6  # offsets of at least this size share a feature
MOST_FEATURES, MOST_TERMS = 400, 30  # of the terms that a fit begins with
MOST_PAIRS = 60  # candidate terms with two levels
MOST_PAIR_FEATURES = 400  # of one such candidate


@dataclass(frozen=True, eq=False)
class Term:
    """Term of a design: a group of one-hot features, of which a (cell, arm) has at most one.

    Attributes:
        name: label for people, such as `arm x channel`.
        kind: `level`, `arm`, `arm x level`, `offset`, `offset x level`, or with two levels
            `arm x pair`, `offset x pair`.
        attributes: indices of the context attributes that the term depends on.
        index: (combinations of their levels, K) feature within the term; ABSENT for none.
        width: number of features.
    """

    name: str
    kind: str
    attributes: tuple[int, ...]
    index: IntArray
    width: int


@dataclass(frozen=True, eq=False)
class Design:
    """Design: terms over the cells and the K arms of a slot; feature 0 is the intercept.

    Attributes:
        sizes: number of levels of each attribute.
        arms: number K of arms.
        terms: all T terms.
        first: (T,) terms that a fit begins with; the others are admitted if the data support them.
    """

    sizes: tuple[int, ...]
    arms: int
    terms: tuple[Term, ...]
    first: BoolArray

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Index of the first feature of each term."""
        ends = np.cumsum([1, *(term.width for term in self.terms)])
        return tuple(int(end) for end in ends[:-1])

    @cached_property
    def term_of(self) -> IntArray:
        """Term (P,) of each feature, -1 for the intercept."""
        widths = [1, *(term.width for term in self.terms)]
        return np.repeat(np.arange(-1, len(self.terms)), widths)

    @property
    def width(self) -> int:
        """Number P of features, the intercept included."""
        return 1 + sum(term.width for term in self.terms)

    def parts(self, active: BoolArray) -> Iterator[tuple[tuple[int, ...], IntArray]]:
        """Yield attributes and features (combinations, K) of the intercept and the active terms."""
        yield (), np.zeros((1, self.arms), dtype=np.int64)
        for term, start, used in zip(self.terms, self.starts, active, strict=True):
            if used:
                index = np.where(term.index == ABSENT, self.width, start + term.index)
                yield term.attributes, index.reshape(-1, self.arms)

    def strides(self, term: Term) -> list[int]:
        """Return the strides of a term's attributes in the index of their combinations."""
        sizes = [self.sizes[place] for place in term.attributes]
        return [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]

    def features(self, levels: IntArray, arms: IntArray) -> IntArray:
        """Return features (r, 1 + T) of cells with levels (r, J) and arms (r,); P where absent."""
        columns = np.full((len(levels), 1 + len(self.terms)), self.width, dtype=np.int64)
        columns[:, 0] = 0
        for t, (term, start) in enumerate(zip(self.terms, self.starts, strict=True), start=1):
            combination = np.zeros(len(levels), dtype=np.int64)
            for place, stride in zip(term.attributes, self.strides(term), strict=True):
                combination += levels[:, place] * stride
            local = term.index[combination, arms]
            columns[:, t] = np.where(local == ABSENT, self.width, start + local)
        return columns


def make_design(config: LearnerConfig, sizes: tuple[int, ...]) -> Design:
    """Return the design of a slot.

    A fit begins with the main effects and with interactions in the order of the configuration, up
    to MOST_FEATURES features and MOST_TERMS terms, which keeps it quick.

    Args:
        config: the slot.
        sizes: number of levels of each attribute.
    """
    names = [attribute.name for attribute in config.context]
    relations = find_relations(config.arms, config.context, sizes)
    basic = list(basic_terms(names, sizes, len(config.arms), relations))
    terms = [*basic, *islice(pair_terms(names, sizes, len(config.arms), relations), MOST_PAIRS)]
    total = sum(term.width for term in basic if term.kind in MAIN)
    count = sum(term.kind in MAIN for term in basic)
    first = np.zeros(len(terms), dtype=np.bool_)
    for place, term in enumerate(basic):
        fits = total + term.width <= MOST_FEATURES and count < MOST_TERMS
        first[place] = term.kind in MAIN or fits
        if fits and term.kind not in MAIN:
            total, count = total + term.width, count + 1
    return Design(sizes, len(config.arms), tuple(terms), first)


def basic_terms(
    names: Sequence[str], sizes: Sequence[int], arms: int, relations: Iterable[Relation]
) -> Iterator[Term]:
    """Yield the main effects, and the interactions with one level."""
    live = [place for place, size in enumerate(sizes) if size > 1]
    for i in live:
        yield _make_term(
            f"{names[i]}", "level", (i,), np.repeat(np.arange(sizes[i])[:, None], arms, 1)
        )
    yield _make_term("arm", "arm", (), np.arange(arms)[None, :])
    for i in live:
        yield _make_arm_term(names, sizes, arms, (i,))
    for relation in relations:
        r, far = relation.context, _clip_offsets(relation, FAR)
        label = f"{relation.arm_attribute} - {names[r]}"
        yield _make_term(label, "offset", (r,), far)
        for i in live:
            if i != r:
                for sign, side in _sides(relation):
                    name = f"({relation.arm_attribute} {sign} {names[r]}) x {names[i]}"
                    yield _cross_levels(name, "offset x level", r, (i,), side, sizes)
        where = np.where((relation.defined == 0)[:, None], np.arange(arms)[None, :], ABSENT)
        for i in live:
            if i != r and (relation.defined == 0).any():
                label_i = f"arm x {names[i]} without {names[r]}"
                yield _cross_levels(label_i, "arm x level", r, (i,), where, sizes)


def pair_terms(
    names: Sequence[str], sizes: Sequence[int], arms: int, relations: Sequence[Relation]
) -> Iterator[Term]:
    """Yield candidate terms with two levels; a fit admits those that the data support."""
    live = [place for place, size in enumerate(sizes) if size > 1]
    for pair in combinations(live, 2):
        if arms * sizes[pair[0]] * sizes[pair[1]] <= MOST_PAIR_FEATURES:
            yield _make_arm_term(names, sizes, arms, pair)
        for relation in relations:
            small = sizes[pair[0]] * sizes[pair[1]] <= MOST_PAIR_FEATURES
            if relation.context not in pair and small:
                for sign, side in _sides(relation):
                    label = f"({relation.arm_attribute} {sign} {names[relation.context]})"
                    label += f" x {names[pair[0]]} x {names[pair[1]]}"
                    yield _cross_levels(label, "offset x pair", relation.context, pair, side, sizes)


def _make_term(name: str, kind: str, attributes: tuple[int, ...], index: IntArray) -> Term:
    return Term(name, kind, attributes, index.astype(np.int64), int(index.max()) + 1)


def _make_arm_term(
    names: Sequence[str], sizes: Sequence[int], arms: int, places: tuple[int, ...]
) -> Term:
    count = math.prod(sizes[i] for i in places)
    index = np.arange(count * arms).reshape(count, arms)
    name = " x ".join(["arm", *(names[i] for i in places)])
    return _make_term(name, "arm x level" if len(places) == 1 else "arm x pair", places, index)


def _clip_offsets(relation: Relation, most: int) -> IntArray:
    """Return offsets as features from 0 on, clipped at `most` on both sides."""
    clipped = np.clip(relation.offsets, -most, most) + most
    return np.where(relation.offsets == NOWHERE, ABSENT, clipped)


def _sides(relation: Relation) -> Iterator[tuple[str, IntArray]]:
    """Yield two features that say on which side of the level an arm lies.

    One coefficient of them moves a preference by one place, whatever the offset.
    """
    for sign, least in ((">=", 0), (">", 1)):
        yield sign, np.where(relation.offsets >= least, 0, ABSENT)


def _cross_levels(
    name: str, kind: str, first: int, others: tuple[int, ...], index: IntArray, sizes: Sequence[int]
) -> Term:
    """Return the term of an index (levels of `first`, K) crossed with the levels of others."""
    width = int(index.max()) + 1
    rows = math.prod(sizes[i] for i in others)
    crossed = index[:, None, :] + width * np.arange(rows)[None, :, None]
    crossed = np.where(index[:, None, :] == ABSENT, ABSENT, crossed)
    return _make_term(name, kind, (first, *others), crossed.reshape(-1, index.shape[1]))
