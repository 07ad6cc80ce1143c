"""The complaint model: how probably a text complains, and which words say so. numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nudge.models.complaints.features import (
    LANGUAGES,
    PHRASE_UNITS,
    REACH,
    Grams,
    Hashes,
    Places,
    TextRow,
    all_grams,
    grams_of,
    language,
    plain_text,
    polar_units,
    text_row,
)

Floats = NDArray[np.float64]
Key = TypeVar("Key", np.int32, np.int64, np.uint64)
BATCH: Final = 2_000
"""Texts that are scored at once."""
COUNTS: Final = 4
"""Counts of polar words: complaints, negated ones, praise, negated praise."""
MOST: Final = 3.0
"""A count beyond this says no more."""
WORDS: Final = 5
"""Most words that a score tells."""
_BITS: Final = 20
_WIDE: Final = 2**31
_MARK_BITS: Final = 16
_MARK_MASK: Final = np.uint32((1 << _MARK_BITS) - 1)


class ComplaintScore(NamedTuple):
    """The judgement on a text.

    Attributes:
        probability: that the text is a complaint.
        words: that made it, the strongest first.
    """

    probability: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The n-grams that a model knows.

    Attributes:
        hashes: of each n-gram, sorted.
    """

    hashes: Hashes

    @cached_property
    def _tables(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Two tables from bits of a hash to its number; the few that meet in both are left out."""
        numbers = np.arange(len(self.hashes), dtype=np.int32)
        found = []
        for bits in (self.hashes & _MASK, self.hashes >> np.uint32(32 - _BITS)):
            table = np.full(1 << _BITS, -1, dtype=np.int32)
            table[bits] = numbers
            found.append(table)
        return found[0], found[1]

    def numbers(self, hashes: Hashes) -> NDArray[np.int32]:
        """Return the number of each n-gram, -1 for those that are not known."""
        if not len(self.hashes):
            return np.full(len(hashes), -1, dtype=np.int32)
        low, high = self._tables
        first = low[hashes & _MASK]
        found = np.where(self.hashes[first] == hashes, first, np.int32(-1))
        rest = np.flatnonzero((found < 0) & (first >= 0))
        second = high[hashes[rest] >> np.uint32(32 - _BITS)]
        found[rest] = np.where(self.hashes[second] == hashes[rest], second, np.int32(-1))
        return np.where(first < 0, np.int32(-1), found).astype(np.int32)


_MASK: Final = np.uint32((1 << _BITS) - 1)


@dataclass(frozen=True)
class KnownHashes:
    """Hashes among which others are looked up.

    Attributes:
        hashes: sorted.
    """

    hashes: Hashes

    @cached_property
    def _marks(self) -> NDArray[np.bool_]:
        """Table by bits of a hash that is False for nearly all that are not known."""
        marks = np.zeros(1 << _MARK_BITS, dtype=bool)
        marks[self.hashes & _MARK_MASK] = True
        return marks

    def holds(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Tell which of many hashes are known."""
        found = self._marks[hashes & _MARK_MASK]
        at = np.flatnonzero(found)
        near = np.minimum(np.searchsorted(self.hashes, hashes[at]), len(self.hashes) - 1)
        found[at] = self.hashes[near] == hashes[at]
        return np.asarray(found)


@dataclass(frozen=True)
class PolarWords:
    """Phrases of the lexicon by their hashes.

    Attributes:
        complaints: sorted.
        praise: sorted.
        negators: sorted.
    """

    complaints: Hashes
    praise: Hashes
    negators: Hashes

    @cached_property
    def _known(self) -> tuple[KnownHashes, KnownHashes, KnownHashes]:
        return KnownHashes(self.complaints), KnownHashes(self.praise), KnownHashes(self.negators)

    def counts(self, row: TextRow, tongue: str, texts: int) -> Floats:
        """Return the counts of each text: complaints, negated ones, praise, negated praise."""
        units = polar_units(row, tongue)
        found = np.zeros((texts, COUNTS))
        grams = grams_of(units, range(1, PHRASE_UNITS + 1), 3)
        if not grams:
            return found
        negated = self._negated(grams[0], units.texts)
        complaints, praise, _ = self._known
        for part in grams:
            for place, known in ((0, complaints), (2, praise)):
                hit = known.holds(part.hashes)
                at = np.searchsorted(units.starts, part.starts[hit])
                np.add.at(found, (part.texts[hit], place + negated[at]), 1.0)
        return np.minimum(found, MOST)

    def _negated(self, singles: Grams, texts: Places) -> Places:
        """Return 1 for each unit with a negator within reach before it, else 0."""
        negators = self._known[2].holds(singles.hashes)
        found = np.zeros(len(texts), dtype=np.int64)
        for step in range(1, REACH + 1):
            same = texts[step:] == texts[:-step]
            found[step:] |= (negators[: len(texts) - step] & same).astype(np.int64)
        return found


@dataclass(frozen=True)
class LanguageModel:
    """The model of one language: a linear one over n-grams, and one over its score and counts.

    Attributes:
        tongue: the language.
        vocabulary: of its n-grams.
        weights: of each n-gram.
        rarity: of each n-gram: its inverse document frequency.
        polar: phrases of the lexicon.
        link: intercept, weight of the linear score, and weights of the counts.
    """

    tongue: str
    vocabulary: Vocabulary
    weights: NDArray[np.float32]
    rarity: NDArray[np.float32]
    polar: PolarWords
    link: Floats

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each plain text."""
        row = text_row(texts)
        grams = all_grams(row, self.tongue)
        numbers, owners = known_grams(self.vocabulary, grams)
        linear = self.linear(numbers, owners, len(texts))
        return self.joined(linear, self.polar.counts(row, self.tongue, len(texts)))

    def linear(self, numbers: Places, owners: Places, texts: int) -> Floats:
        """Return the linear score of each text from its n-grams, each of them once."""
        sums = np.bincount(owners, self.weights[numbers], minlength=texts)
        squares = np.bincount(owners, self.rarity[numbers] ** 2, minlength=texts)
        return np.asarray(sums / np.sqrt(np.maximum(squares, 1e-9)))

    def joined(self, linear: Floats, counts: Floats) -> Floats:
        """Return probabilities from linear scores and counts of polar words."""
        total = self.link[0] + self.link[1] * linear + counts @ self.link[2:]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(total, -30, 30))))

    def words_each(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the words of plain texts that speak for a complaint, the strongest first."""
        row = text_row(texts)
        grams = all_grams(row, self.tongue)
        numbers = self.vocabulary.numbers(grams.hashes)
        known = numbers >= 0
        starts, ends = grams.starts[known], grams.ends[known]
        share = self.weights[numbers[known]] / (ends - starts)
        size = len(row.text) + 1
        # Each n-gram warms its characters alike: what begins and ends is summed along the row.
        steps = np.bincount(starts, share, size) - np.bincount(ends, share, size)
        warmth = np.concatenate([[0.0], np.cumsum(np.cumsum(steps))])
        starts, ends = self._spans(row, grams, known)
        heat = (warmth[ends] - warmth[starts]) / np.sqrt(ends - starts)
        warm = heat > 0.0
        starts, ends, heat = starts[warm], ends[warm], heat[warm]
        order = np.lexsort((starts, -heat, row.characters.texts[starts]))
        return _hottest(row, starts[order], ends[order], len(texts))

    def _spans(self, row: TextRow, grams: Grams, known: NDArray[np.bool_]) -> tuple[Places, Places]:
        """Return candidate words: words in English, known 2- to 4-grams in Chinese."""
        if self.tongue == "en":
            units = polar_units(row, "en")
            starts, ends = units.starts, units.ends
            is_word = [
                row.text[a:b].strip("'").isalpha()
                for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
            ]
        else:
            long = known & (grams.ends - grams.starts > 1)
            starts, ends = grams.starts[long], grams.ends[long]
            is_word = [
                row.text[a:b].isalnum() for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
            ]
        kept = np.array(is_word, dtype=bool)
        return starts[kept], ends[kept]


def known_grams(vocabulary: Vocabulary, grams: Grams) -> tuple[Places, Places]:
    """Return number and text of the known n-grams, each once in a text."""
    numbers = vocabulary.numbers(grams.hashes)
    known = numbers >= 0
    size = max(len(vocabulary.hashes), 1)
    keys: Places = grams.texts[known] * size + numbers[known]
    if size * (int(grams.texts.max(initial=0)) + 1) < _WIDE:  # half the bytes to sort
        narrow: Places = distinct(keys.astype(np.int32)).astype(np.int64)
        return narrow % size, narrow // size
    wide: Places = distinct(keys)
    return wide % size, wide // size


def distinct(keys: NDArray[Key]) -> NDArray[Key]:
    """Return sorted keys, each once; by sorting, which is quicker here than numpy's hashing."""
    ordered = np.sort(keys)
    if not len(ordered):
        return ordered
    return np.asarray(ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])])


def _hottest(row: TextRow, starts: Places, ends: Places, texts: int) -> list[tuple[str, ...]]:
    """Return the words of each text, without overlap.

    Args:
        row: of the texts.
        starts: of the candidates, by text, the hottest first.
        ends: behind them.
        texts: how many there are.
    """
    found: list[list[tuple[int, int]]] = [[] for _ in range(texts)]
    owners = row.characters.texts[starts].tolist()
    for owner, start, end in zip(owners, starts.tolist(), ends.tolist(), strict=True):
        mine = found[owner]
        if len(mine) < WORDS and all(end <= a or b <= start for a, b in mine):
            mine.append((start, end))
    return [tuple(dict.fromkeys(row.text[a:b] for a, b in mine)) for mine in found]


@dataclass(frozen=True)
class ComplaintModel:
    """The complaint model: one for each language.

    Attributes:
        languages: language -> model.
        notes: what training found, for people and programs.
    """

    languages: Mapping[str, LanguageModel]
    notes: Mapping[str, object] = field(default_factory=dict)

    def score_each(self, texts: Sequence[str], least: float) -> list[ComplaintScore]:
        """Return the judgement on each text, from `least` on with the words that made it."""
        chances = self.probabilities(texts)
        words: list[tuple[str, ...]] = [()] * len(texts)
        hot = np.flatnonzero((chances >= least) & (chances > 0.0)).tolist()
        plain = {one: plain_text(texts[one]) for one in hot}
        for tongue in LANGUAGES:
            mine = [one for one, text in plain.items() if language(text) == tongue]
            told = self.languages[tongue].words_each([plain[one] for one in mine]) if mine else []
            for one, found in zip(mine, told, strict=True):
                words[one] = found
        return [ComplaintScore(*one) for one in zip(chances.tolist(), words, strict=True)]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return the probability of each text; 0 for an empty one, or without a model for it."""
        found = np.zeros(len(texts))
        for begin in range(0, len(texts), BATCH):
            plain = [plain_text(one) for one in texts[begin : begin + BATCH]]
            tongues = np.array([language(one) if one else "" for one in plain])
            for tongue in LANGUAGES:
                at = np.flatnonzero(tongues == tongue)
                if len(at) and tongue in self.languages:
                    model = self.languages[tongue]
                    found[begin + at] = model.probabilities([plain[one] for one in at])
        return found
