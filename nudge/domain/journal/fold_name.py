"""Names of the folds: the consumers of the journal."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class FoldName(StrEnum):
    """Name of a fold, as it stands in the store's keys."""

    ATTRIBUTE = "attribute"
    LEARN = "learn"
    ARCHIVE = "archive"
    MONITOR = "monitor"
    CARE = "care"
    SEGMENT = "segment"


FOLDS: Final = tuple(one.value for one in FoldName)
"""The folds that read the journal, as plain text: keys of a JSON object must be."""
