"""Refusals of OFREP: an error code of OpenFeature in place of the service's own form."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask import Response

from nudge.api.provider import answer
from nudge.domain.values.number_words import mask_numbers


class FlagErrorCode(StrEnum):
    """Error code of a flag, as OpenFeature names it."""

    FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
    INVALID_CONTEXT = "INVALID_CONTEXT"
    PARSE_ERROR = "PARSE_ERROR"
    TARGETING_KEY_MISSING = "TARGETING_KEY_MISSING"


STATUS = {FlagErrorCode.FLAG_NOT_FOUND: 404}
"""Error code -> status; any other is 400."""


class FlagRefusal(Exception):  # noqa: N818 (caught where it is raised: the answer is the refusal)
    """A refusal of an evaluation, on its way to the answer.

    Attributes:
        code: of OpenFeature.
        details: for people; says what to do.
    """

    def __init__(self, code: FlagErrorCode, details: str) -> None:
        super().__init__(details)
        self.code = code
        self.details = details


def failure(key: str, refusal: FlagRefusal) -> dict[str, Any]:
    """Return the failure of one flag, as an answer or a bulk answer holds it; no number in it."""
    return {"key": mask_numbers(key)} | failure_of_all(refusal)


def failure_of_all(refusal: FlagRefusal) -> dict[str, Any]:
    """Return the failure of a whole bulk call."""
    return {"errorCode": refusal.code.value, "errorDetails": mask_numbers(refusal.details)}


def refused(refusal: FlagRefusal, body: dict[str, Any]) -> Response:
    """Return the answer to a call that is refused."""
    return answer(body, STATUS.get(refusal.code, 400))
