"""The query of a list of cases: its filters, the place and the chosen case, as its URL tells them.

Everything that a reader chose stands in the URL, so that a list can be sent on and reloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

CASE: Final = "case"
CURSOR: Final = "cursor"
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "/work": ("whose", "kind", "state", "level", "assignee", "team", "overdue"),
    "/warnings": ("state", "level", "assignee", "scene", "rule"),
    "/winback": (
        "stage",
        "reason",
        "channel",
        "state",
        "assignee",
        "mended",
        "include",
        "from",
        "to",
    ),
}
"""Path of each list -> its filters."""
LONGEST: Final = 200
"""Characters of a filter; what is longer is no word of a list, and is left out."""


@dataclass(frozen=True)
class ListQuery:
    """The query of a list.

    Attributes:
        path: of the list.
        filters: name -> value, those that are set.
        cursor: of the page; empty for the first one.
        case: id of the case beside the list; empty for the first of the list.
    """

    path: str
    filters: Mapping[str, str]
    cursor: str = ""
    case: str = ""

    @classmethod
    def read(cls, path: str, args: Mapping[str, str]) -> ListQuery:
        """Return the query of the parameters of a URL; others than those of the list are left out.

        Args:
            path: of the list; that of the work list where it is no list's.
            args: of the URL.
        """
        known = path if path in LISTS else "/work"
        given = {name: args.get(name, "").strip()[:LONGEST] for name in LISTS[known]}
        filters = {name: value for name, value in given.items() if value}
        return cls(known, filters, args.get(CURSOR, "")[:LONGEST], args.get(CASE, "")[:LONGEST])

    @classmethod
    def parse(cls, url: str) -> ListQuery:
        """Return the query of a link that a form carries; only lists of this site are followed."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return cls("/work", {})
        if parts.scheme or parts.netloc:
            return cls("/work", {})
        return cls.read(parts.path, dict(parse_qsl(parts.query)))

    def url(self, **changes: str) -> str:
        """Return the list's URL with other filters, page or case; an empty value removes one."""
        told = {**self.filters, CURSOR: self.cursor, CASE: self.case, **changes}
        found = {name: value for name, value in told.items() if value}
        return f"{self.path}?{urlencode(found)}" if found else self.path

    def with_filter(self, name: str, value: str) -> str:
        """Return the URL of the first page with another value of a filter."""
        return self.url(**{CURSOR: "", CASE: "", name: value})

    def with_case_of(self, case: str) -> ListQuery:
        """Return the query with another case beside the list."""
        return replace(self, case=case)

    def with_case(self, case: str) -> str:
        """Return the URL with a case beside the list."""
        return self.url(**{CASE: case})

    def api(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the parameters of the API among the filters, with the cursor."""
        found = {name: self.filters[name] for name in names if name in self.filters}
        return found | ({CURSOR: self.cursor} if self.cursor else {})
