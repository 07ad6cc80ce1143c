"""Tags of revisions (ETag), as callers send them back: proxies mark those that they compressed."""

from __future__ import annotations

import re
from typing import Final

from nudge.errors import ChangedMeanwhileError, InvalidRequestError

ANY: Final = "*"
IF_MATCH: Final = "If-Match"
IF_NONE_MATCH: Final = "If-None-Match"
_TAG: Final = re.compile(
    r'(?:W/)?(?P<quote>"?)(?P<revision>[0-9]{1,15})(?:(?:--?|[;:])[a-z]{1,10})*(?P=quote)'
)
"""A tag; Apache writes "1-gzip", Jetty "1--gzip", others "1;gzip"."""


def seen_revision(wanted: str | None, unwanted: str | None, now: int) -> int | None:
    """Return the revision that the caller looked at; None where it names none.

    Args:
        wanted: header If-Match, if it was sent.
        unwanted: header If-None-Match, if it was sent.
        now: the slot's present revision; 0 where there is no such slot.

    Raises:
        InvalidRequestError: a header holds no tags.
        ChangedMeanwhileError: the caller wants a slot that is not there, or none that is.
    """
    if unwanted is not None and now:
        against = _revisions(IF_NONE_MATCH, unwanted)
        if not against or now in against:
            raise ChangedMeanwhileError(f"the slot is there, at revision {now}; send If-Match")
    if wanted is None:
        return None
    found = _revisions(IF_MATCH, wanted)
    if not found and not now:
        raise ChangedMeanwhileError("the slot is not there; leave If-Match out to make it")
    return now if not found or now in found else max(found)


def tag_of(revision: int) -> str:
    """Return the tag of a revision."""
    return f'"{revision}"'


def _revisions(header: str, given: str) -> set[int]:
    """Return the revisions that a header names; empty for any."""
    if given.strip() == ANY:
        return set()
    found = [_TAG.fullmatch(one.strip()) for one in given.split(",")]
    if not all(found):
        wrong = 'is not an ETag of a slot; send the ETag of GET, such as "3"'
        raise InvalidRequestError(f"{header} does not fit", {header: [wrong]})
    return {int(one["revision"]) for one in found if one}
