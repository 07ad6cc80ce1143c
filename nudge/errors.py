"""Errors of Nudge, one tree. Each has a stable `code`; the API maps codes to statuses."""

from __future__ import annotations


class NudgeError(Exception):
    """The root: every error that Nudge raises on purpose.

    Attributes:
        code: stable machine-readable name, part of the API's contract.
    """

    code = "internal"


class InvalidConfigError(NudgeError):
    """A configuration file or setting is wrong; the text names the file, the key and the cure.

    Attributes:
        problems: one line for each thing that is wrong.
    """

    code = "invalid_config"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidRequestError(NudgeError):
    """The caller's input is not valid.

    Attributes:
        errors: field -> messages (nested as the input is), for the answer's `errors`.
    """

    code = "invalid_request"

    def __init__(self, message: str, errors: object = None) -> None:
        super().__init__(message)
        self.errors = errors


class UnknownSlotError(InvalidRequestError):
    """The request names a slot that is not configured."""

    code = "unknown_slot"


class UnknownVariantError(InvalidRequestError):
    """The request names a variant that its slot does not have."""

    code = "unknown_variant"


class NotFoundError(NudgeError):
    """The thing that was asked for does not exist, or no longer."""

    code = "not_found"


class TrimmedError(NotFoundError):
    """The record existed, and left the journal: only the lake has it."""

    code = "trimmed"


class UnconditionalError(InvalidRequestError):
    """A change does not say which revision it changes: it could overwrite another edit."""

    code = "precondition_required"


class ChangedMeanwhileError(InvalidRequestError):
    """The thing to change was changed by another caller since this one looked."""

    code = "precondition_failed"


class MeasureRefusedError(InvalidRequestError):
    """No measure may be granted for the case now; the text says why."""

    code = "measure_refused"


class UnauthenticatedError(NudgeError):
    """The call has no API key, an unknown one or a revoked one."""

    code = "unauthenticated"


class ForbiddenError(NudgeError):
    """The key is valid, but its scopes or origins do not allow this."""

    code = "forbidden"


class TooManyRequestsError(NudgeError):
    """A key, an address or a device asks for more than its limit.

    Attributes:
        retry_after: whole seconds after which the call fits, at least 1.
    """

    code = "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreError(NudgeError):
    """The store answered with an error."""

    code = "store_error"


class StoreAwayError(StoreError):
    """The store did not answer in time: the call may or may not have happened."""

    code = "store_away"


class StoreFullError(StoreAwayError):
    """The store has no memory or no disk left to write: it only reads."""

    code = "store_full"


class FencedError(StoreError):
    """Another owner holds the lease, or the position moved: this owner must stop."""

    code = "fenced"


class BrokenFoldError(StoreError):
    """A fold's state cannot be trusted: nothing is committed until it is rebuilt."""

    code = "fold_broken"


class CorruptRecordError(NudgeError):
    """Bytes in the journal, the spool or a snapshot are not what this version can read."""

    code = "corrupt_record"


class SpoolFullError(NudgeError):
    """The store is away and the spool cannot take more: the call can be repeated later."""

    code = "spool_full"
