"""Tags of revisions (ETag), as callers send them back: proxies mark those that they compressed."""

from __future__ import annotations

import re
from typing import Final

from flask import request

from nudge.errors import ChangedMeanwhileError, InvalidRequestError

ANY: Final = "*"
_TAG: Final = re.compile(
    r'(?:W/)?(?P<quote>"?)(?P<revision>[0-9]{1,15})(?:(?:--?|[;:])[a-z]{1,10})*(?P=quote)'
)
"""A tag; Apache writes "1-gzip", Jetty "1--gzip", others "1;gzip"."""


def seen_revision(now: int) -> int | None:
    """Return the revision that the caller looked at; None where it names none.

    Args:
        now: the slot's present revision; 0 where there is no such slot.

    Raises:
        InvalidRequestError: a header holds no tags.
        ChangedMeanwhileError: the caller wants a slot that is not there, or none that is.
    """
    unwanted = _revisions("If-None-Match")
    if unwanted is not None and now and (not unwanted or now in unwanted):
        raise ChangedMeanwhileError(f"the slot is there, at revision {now}; send If-Match")
    wanted = _revisions("If-Match")
    if wanted is None:
        return None
    if not wanted and not now:
        raise ChangedMeanwhileError("the slot is not there; leave If-Match out to make it")
    return now if not wanted or now in wanted else max(wanted)


def tag_of(revision: int) -> str:
    """Return the tag of a revision."""
    return f'"{revision}"'


def _revisions(header: str) -> set[int] | None:
    """Return the revisions that a header names; empty for any, None without the header."""
    given = request.headers.get(header)
    if given is None:
        return None
    if given.strip() == ANY:
        return set()
    found = [_TAG.fullmatch(one.strip()) for one in given.split(",")]
    if not all(found):
        wrong = 'is not an ETag of a slot; send the ETag of GET, such as "3"'
        raise InvalidRequestError(f"{header} does not fit", {header: [wrong]})
    return {int(one["revision"]) for one in found if one}
