"""Errors of the lake: branches of the one tree in `nudge.errors`."""

from __future__ import annotations

from nudge.errors import NudgeError


class LakeError(NudgeError):
    """Root of all errors that the lake raises."""

    code = "lake_error"


class LakeAwayError(LakeError):
    """The disk cannot write or read a file: full, gone or not permitted. A retry may help."""

    code = "lake_away"


class BrokenLakeError(LakeError):
    """The lake contradicts itself: manifests leave a gap, overlap, or name a missing file."""

    code = "broken_lake"


class TooLargeError(LakeError):
    """A question to the lake needs more than it may use."""

    code = "too_large_question"


class LakeAheadError(LakeError):
    """The lake holds positions that the store does not know: the store lost its data.

    Nothing is archived for the partition, since new records would take the old ones' positions.
    """

    code = "lake_ahead"


class JournalGapError(LakeError):
    """The journal lacks a position that had to be archived: it was trimmed or lost."""

    code = "journal_gap"


class DaysRemovedError(LakeError):
    """The rows asked for were removed from the lake by age; a silent partial answer is refused."""

    code = "days_removed"


class EngineMissingError(LakeError):
    """The engine that the settings name is not installed, or does not start."""

    code = "engine_missing"
