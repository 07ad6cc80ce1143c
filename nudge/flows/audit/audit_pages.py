"""Pages of the audit: lines of a question, with a cursor that no new line moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nudge.domain.users.audit_line import AuditLine
from nudge.errors import InvalidRequestError


@dataclass(frozen=True)
class AuditQuestion:
    """A question for lines.

    Attributes:
        who: only of this user or key; empty for all.
        object: only of objects that begin with this; empty for all.
        action: only this one; empty for all.
        start: seconds; not before.
        end: seconds; before.
        most: lines of the page.
        cursor: of the page before; empty for the first.
    """

    who: str = ""
    object: str = ""
    action: str = ""
    start: float = 0.0
    end: float = float("inf")
    most: int = 100
    cursor: str = ""

    def wants(self, line: AuditLine) -> bool:
        """Return whether a line is asked for."""
        entry = line.entry
        return (
            self.start <= entry.at < self.end
            and self.who in {"", entry.who}
            and self.action in {"", entry.action}
            and entry.object.startswith(self.object)
        )


class AuditPage(NamedTuple):
    """A page of lines, and the cursor of the next one; empty where there is none."""

    lines: Sequence[AuditLine]
    cursor: str


def page_of(lines: Sequence[AuditLine], question: AuditQuestion) -> AuditPage:
    """Return the page of a question.

    A cursor is a moment, and how many lines of that moment were shown: the lines of a moment that
    is over stay as they are, so that nothing is shown twice or left out.

    Args:
        lines: the newest first.
        question: that is asked.

    Raises:
        InvalidRequestError: the cursor was not made here.
    """
    wanted = [one for one in lines if question.wants(one)]
    if question.cursor:
        at, shown = _read(question.cursor)
        older = [one for one in wanted if one.entry.at <= at]
        same = sum(one.entry.at == at for one in older)
        wanted = older[min(shown, same) :]
    page = wanted[: question.most]
    if len(wanted) <= len(page):
        return AuditPage(page, "")
    return AuditPage(page, _cursor(page, question.cursor))


def _cursor(page: Sequence[AuditLine], before: str) -> str:
    at = page[-1].entry.at
    shown = sum(one.entry.at == at for one in page)
    if before and _read(before)[0] == at:
        shown += _read(before)[1]
    return f"{at!r}:{shown}"


def _read(cursor: str) -> tuple[float, int]:
    at, _, shown = cursor.partition(":")
    try:
        found = float(at), int(shown)
    except ValueError:
        found = float("nan"), -1
    if not (found[0] >= 0.0 and found[1] >= 0):
        why = "is none of this list; leave it out to begin again"
        raise InvalidRequestError(f"cursor: {why}", {"cursor": [why]})
    return found
