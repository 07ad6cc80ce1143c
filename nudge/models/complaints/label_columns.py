"""Labels of texts in the operator's file: each row is a text with a label, or with a rating."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidConfigError
from nudge.models.complaints.training import LabelledText

TEXT: Final = "text"
LABEL: Final = "label"
RATING: Final = "rating"
COMPLAINTS: Final = frozenset(
    (
        *("complaint", "complaints", "bad", "negative", "neg", "1", "true", "yes"),
        *("抱怨", "投诉", "不满", "差评", "负面", "是"),
    )
)
"""Labels of complaints."""
OTHERS: Final = frozenset(
    (
        *("content", "other", "none", "good", "positive", "neutral", "pos", "0", "false", "no"),
        *("满意", "其他", "好评", "正面", "中性", "否"),
    )
)
"""Labels of other texts."""
_DOUBT: Final = (0.2, 1.5)
"""Least and most weight of a rating, by its distance from the threshold."""


@dataclass(frozen=True)
class LabelColumns:
    """The columns of a file of labelled texts.

    Attributes:
        label: name of the column of labels or ratings.
        threshold: highest rating of a complaint.
    """

    label: str
    threshold: float

    @classmethod
    def of(cls, name: str, columns: Sequence[str], threshold: float) -> LabelColumns:
        """Return the columns of a file.

        Raises:
            InvalidConfigError: the column of texts, or that of labels, is missing.
        """
        problems = []
        if TEXT not in columns:
            problems.append(f"{name}: has no column {TEXT!r}; name the column of the texts so")
        label = next((one for one in (LABEL, RATING) if one in columns), None)
        if label is None:
            wrong = f"has no column {LABEL!r} or {RATING!r}"
            problems.append(f"{name}: {wrong}; add {LABEL!r} with complaint or other")
        if problems or label is None:
            raise InvalidConfigError(problems)
        return cls(label, threshold)

    def row(self, row: Mapping[str, object]) -> LabelledText | str:
        """Return a row as a labelled text without phone numbers, or the problem with its cure."""
        text = row.get(TEXT)
        if not isinstance(text, str) or not text.strip():
            return f"column {TEXT!r} is empty; write the text or leave the row out"
        found = self._rating(row) if self.label == RATING else self._label(row)
        if isinstance(found, str):
            return found
        complains, weight = found
        return LabelledText(mask_numbers(text), complains, weight)

    def _label(self, row: Mapping[str, object]) -> tuple[bool, float] | str:
        value = row.get(LABEL)
        word = str(value if value is not None else "").strip().casefold()
        if word in COMPLAINTS or word in OTHERS:
            return word in COMPLAINTS, 1.0
        return f"column {LABEL!r} is {word[:40]!r}; write complaint or other"

    def _rating(self, row: Mapping[str, object]) -> tuple[bool, float] | str:
        value = row.get(RATING)
        try:
            rating = float(str(value))
        except ValueError:
            rating = math.nan
        if not math.isfinite(rating):
            return f"column {RATING!r} is not a number; write one such as -1.5"
        least, most = _DOUBT
        return rating <= self.threshold, min(max(abs(rating - self.threshold), least), most)
