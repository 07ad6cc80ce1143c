"""The reading of a text: words of the lexicon, and how probably it is a complaint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

MOST_WORDS: Final = 20
"""Phrases, and words of the model, that are written down of one text."""
LONGEST: Final = 40
"""Characters of one of them."""


class FoundWord(Protocol):
    """A phrase of the lexicon that a text holds, and that is not negated."""

    @property
    def phrase(self) -> str:
        """The phrase, as the lexicon has it."""
        ...

    @property
    def group(self) -> str:
        """The group of the phrase, such as `speed`."""
        ...


class TextFinder(Protocol):
    """A finder of the lexicon's words in a text."""

    def find(self, text: str) -> Sequence[FoundWord]:
        """Return the words that stand in a text, in their order."""
        ...


class ComplaintScore(NamedTuple):
    """The judgement of the complaint model on a text.

    Attributes:
        probability: that the text is a complaint.
        words: that made it, the strongest first.
    """

    probability: float
    words: tuple[str, ...] = ()


class ScoredText(Protocol):
    """A judgement on a text, as `ComplaintScore` has it."""

    @property
    def probability(self) -> float:
        """The probability that the text is a complaint."""
        ...

    @property
    def words(self) -> tuple[str, ...]:
        """The words that made it, the strongest first."""
        ...


class ComplaintModel(Protocol):
    """A model that tells complaints from other texts."""

    def score_each(self, texts: Sequence[str], least: float) -> Sequence[ScoredText]:
        """Return the judgement on each text.

        Args:
            texts: judged together, which is much faster than one by one.
            least: probability from which on the words are told; below it there are none.
        """
        ...


class TextReading(NamedTuple):
    """The reading of a text, which says nothing else of it.

    Attributes:
        groups: of the lexicon, each once, in alphabetic order.
        phrases: of the lexicon, each once, in the order of the text.
        complaint: the model's probability; 0 without a model.
        model_words: of the model; none where its probability is not told.
    """

    groups: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    complaint: float = 0.0
    model_words: tuple[str, ...] = ()


class TextReader:
    """A reader of texts by lexicon and model.

    Attributes:
        finder: of words; None where there is no lexicon.
        model: None where there is none.
        least: probability from which on the model's judgement is told.
    """

    def __init__(
        self,
        finder: TextFinder | None = None,
        model: ComplaintModel | None = None,
        least: float = 1.0,
    ) -> None:
        self.finder, self.model, self.least = finder, model, least

    def read_each(self, texts: Sequence[str]) -> list[TextReading | None]:
        """Return what was found in each text; None for nothing."""
        scores = self.model.score_each(texts, self.least) if self.model else ()
        judged = scores or (ComplaintScore(0.0),) * len(texts)
        return [self._reading(*one) for one in zip(texts, judged, strict=True)]

    def _reading(self, text: str, score: ScoredText) -> TextReading | None:
        hits = self.finder.find(text) if self.finder and text else ()
        tells = score.probability > 0.0 and score.probability >= self.least
        if not hits and not tells:
            return None
        told = score if tells else ComplaintScore(0.0)
        return TextReading(
            tuple(sorted({one.group for one in hits})),
            tuple(dict.fromkeys(one.phrase[:LONGEST] for one in hits))[:MOST_WORDS],
            told.probability,
            tuple(one[:LONGEST] for one in told.words[:MOST_WORDS]),
        )
