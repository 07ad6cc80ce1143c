"""The course of training: figures from folds, the model, and words that the lexicon lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from nudge.domain.care.words import speech_en, speech_zh
from nudge.domain.care.words.finder import WordFinder
from nudge.domain.care.words.lexicon import Lexicon
from nudge.errors import InvalidConfigError
from nudge.models.complaints.features import LANGUAGES, phrase_hashes, text_row, words_of
from nudge.models.complaints.model import ComplaintModel, Floats, PolarWords
from nudge.models.complaints.training import (
    FEWEST,
    LabelledText,
    Labels,
    Lesson,
    cross_scores,
    fits,
    lesson,
    train_language,
)

_ENGLISH: Final = """
    not no never don't doesn't didn't isn't aren't wasn't weren't can't cannot couldn't won't
    wouldn't hasn't haven't without nothing none nobody hardly barely neither nor dont doesnt didnt
    isnt cant wont
"""
NEGATORS: Final = {"zh": tuple("不没无未非别"), "en": tuple(_ENGLISH.split())}
"""Negators that the model counts, by language."""
RECALL: Final = 0.5
"""Share of complaints at which the precision is told."""
PROPOSALS: Final = 30
"""Most words of a language that are proposed."""
_SPEECH: Final = speech_zh.SPEECH.keys() | speech_en.SPEECH.keys()
_PARTICLES: Final = frozenset("的了个是也我你他这那")
"""Characters that begin or end no word of their own."""
_LEAST_SEEN: Final = 5
_SURE: Final = 3.3
"""Standard errors from which on a word is proposed: one in a thousand by chance."""


class CourseFigures(NamedTuple):
    """The figures of a language in five folds, each text scored by a model without its fold.

    Attributes:
        texts: of the language.
        complaints: among them.
        accuracy: share of right labels at probability one half.
        precision: of complaints, at the threshold that finds half of them.
        brier: mean squared error of the probability.
    """

    texts: int
    complaints: int
    accuracy: float
    precision: float
    brier: float


class Proposal(NamedTuple):
    """A word that the lexicon lacks.

    Attributes:
        word: or short run of characters.
        complaints: with the word.
        others: with it.
    """

    word: str
    complaints: int
    others: int


class Course(NamedTuple):
    """A finished course.

    Attributes:
        model: that was trained on all texts.
        figures: of each language.
        proposals: of each language.
        left_out: languages with too few texts, with the number of texts.
    """

    model: ComplaintModel
    figures: dict[str, CourseFigures]
    proposals: dict[str, tuple[Proposal, ...]]
    left_out: dict[str, int]


def run_course(rows: Sequence[LabelledText], lexicon: Lexicon) -> Course:
    """Run the course on labelled texts.

    Raises:
        InvalidConfigError: no language has enough texts of both labels.
    """
    lessons = {one: lesson(rows, one, polar_words(lexicon, one)) for one in LANGUAGES}
    taught = {tongue: one for tongue, one in lessons.items() if fits(one)}
    if not taught:
        wrong = f"no language has {FEWEST} texts of each label"
        raise InvalidConfigError([f"{wrong}; label more texts"])
    figures = {tongue: _figures(one) for tongue, one in taught.items()}
    finder = WordFinder(lexicon)
    found = {tongue: tuple(_proposals(one, finder)) for tongue, one in taught.items()}
    notes = {
        "figures": {tongue: one._asdict() for tongue, one in figures.items()},
        "proposals": {tongue: [list(one) for one in many] for tongue, many in found.items()},
    }
    model = ComplaintModel({tongue: train_language(one) for tongue, one in taught.items()}, notes)
    left = {tongue: len(one.texts) for tongue, one in lessons.items() if tongue not in taught}
    return Course(model, figures, found, left)


def polar_words(lexicon: Lexicon, tongue: str) -> PolarWords:
    """Return the phrases of a lexicon in one language, as the model counts them."""
    complaints = [one for group in lexicon.groups for one in group.complaints]
    praise = [one for group in lexicon.groups for one in group.praise]
    lists = [
        [one for one in phrases if one.isascii() == (tongue == "en")]
        for phrases in (complaints, praise)
    ]
    return PolarWords(*(phrase_hashes(one, tongue) for one in (*lists, NEGATORS[tongue])))


def _figures(taught: Lesson) -> CourseFigures:
    scores = cross_scores(taught)
    labels = taught.labels
    right = float(((scores > RECALL) == labels).mean())
    brier = float(((scores - labels) ** 2).mean())
    return CourseFigures(
        len(labels), int(labels.sum()), right, precision_at(scores, labels, RECALL), brier
    )


def precision_at(scores: Floats, labels: Labels, recall: float) -> float:
    """Return the precision at the highest threshold that finds a share of the complaints."""
    hits = np.cumsum(labels[np.argsort(-scores, kind="stable")])
    place = int(np.searchsorted(hits, recall * labels.sum()))
    return float(hits[place] / (place + 1))


def _proposals(taught: Lesson, finder: WordFinder) -> Iterator[Proposal]:
    """Yield words that come with complaints and that the finder does not find.

    The log-odds of a word with a prior from all texts, in standard errors (Monroe, Colaresi and
    Quinn, Fightin' Words, 2008).
    """
    seen: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for text, label in zip(taught.texts, taught.labels, strict=True):
        seen[label].update(_candidates(text, taught.tongue))
    sizes = [sum(one.values()) for one in seen]
    order = []
    for word, bad in seen[1].items():
        good = seen[0][word]
        if bad + good < _LEAST_SEEN:
            continue
        odds = np.log((bad + 0.5) / (sizes[1] - bad)) - np.log((good + 0.5) / (sizes[0] - good))
        order.append((float(odds / np.sqrt(1 / (bad + 0.5) + 1 / (good + 0.5))), word, bad, good))
    told: list[str] = []
    for sure, word, bad, good in sorted(order, reverse=True):
        if sure < _SURE or len(told) == PROPOSALS:
            return
        if _new(word, told, finder):
            told.append(word)
            yield Proposal(word, bad, good)


def _new(word: str, told: Sequence[str], finder: WordFinder) -> bool:
    """Tell whether a word is none of speech, none of the lexicon, and no part of one told."""
    if word in _SPEECH or _PARTICLES.intersection(word) or finder.find(word):
        return False
    return not any(word in one or one in word for one in told)


def _candidates(text: str, tongue: str) -> set[str]:
    if tongue == "zh":
        return {
            text[at : at + size]
            for size in (2, 3, 4)
            for at in range(len(text) - size + 1)
            if all("\u4e00" <= one <= "\u9fff" for one in text[at : at + size])
        }
    row = text_row([text])
    units = words_of(row)
    words = [row.text[a:b] for a, b in zip(units.starts, units.ends, strict=True)]
    singles = {one for one in words if one.isalpha() and len(one) > 2}  # noqa: PLR2004 - no particles
    pairs = pairwise(words)
    return singles | {f"{a} {b}" for a, b in pairs if a.isalpha() and b.isalpha()}
