"""Reading of texts: lexicon and model together, many texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nudge.domain.care.text_reading import ComplaintScore, TextReader, TextReading


class Hit(NamedTuple):
    """A phrase."""

    phrase: str
    group: str


class Both:
    """A lexicon of one phrase, and a model of one word that counts how often it is asked."""

    asked = 0

    def find(self, text: str) -> Sequence[Hit]:
        """Find the phrase."""
        return [Hit("慢", "speed")] * text.count("慢")

    def score_each(self, texts: Sequence[str], _: float) -> Sequence[ComplaintScore]:
        """Judge by the word."""
        self.asked += 1
        return [ComplaintScore(0.9 if "气" in one else 0.4, ("气",)) for one in texts]


def test_many_texts_are_judged_together_and_each_keeps_its_own() -> None:
    """One call of the model for all; below the limit nothing of its judgement is told."""
    both = Both()
    found = TextReader(both, both, 0.9).read_each(["慢慢", "生气", "慢得生气", "好", ""])
    assert found == [
        TextReading(("speed",), ("慢",)),
        TextReading((), (), 0.9, ("气",)),
        TextReading(("speed",), ("慢",), 0.9, ("气",)),
        None,
        None,
    ]
    assert both.asked == 1


def test_without_a_model_words_are_found_alone() -> None:
    """A reader without either finds nothing."""
    assert TextReader(Both()).read_each(["慢", "生气"]) == [TextReading(("speed",), ("慢",)), None]
    assert TextReader().read_each(["慢"]) == [None]
