"""What can be wrong with the lake; branches of the one tree in `nudge.errors`."""

from __future__ import annotations

from nudge.errors import NudgeError


class LakeError(NudgeError):
    """The root of what the lake raises."""

    code = "lake_error"


class LakeAwayError(LakeError):
    """The disk did not take or give a file: full, gone or not permitted. Trying again may help."""

    code = "lake_away"


class BrokenLakeError(LakeError):
    """The lake contradicts itself: manifests leave a gap, overlap, or name what is not there."""

    code = "broken_lake"


class TooLargeError(LakeError):
    """A question to the lake needs more than it may use."""

    code = "too_large_question"


class LakeAheadError(LakeError):
    """The lake holds positions that the store does not know of: the store lost what it had.

    Nothing is archived for the partition, since new records would take the old ones' positions.
    """

    code = "lake_ahead"


class JournalGapError(LakeError):
    """The journal does not hold a position that was to be archived: it was trimmed or lost."""

    code = "journal_gap"


class DaysRemovedError(LakeError):
    """What is asked for was removed from the lake by age: less would be given, and not be told."""

    code = "days_removed"


class EngineMissingError(LakeError):
    """The engine that the settings name is not installed, or does not start."""

    code = "engine_missing"
