"""Parameters of a report of the work, as its form and its URL have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request

from nudge.pages.access import door
from nudge.pages.api_door import ApiAnswer

UNFIT: Final = frozenset({400, 422})


def report_query(names: Sequence[str]) -> dict[str, str]:
    """Return the parameters of this page's URL that a report knows, those that are set."""
    given = {name: request.args.get(name, "").strip() for name in names}
    return {name: value for name, value in given.items() if value}


def ask_report(path: str, query: Mapping[str, Any]) -> ApiAnswer:
    """Return the answer to a report's question: the report, its job, or the refusal of a period.

    Args:
        path: of the API.
        query: parameters.
    """
    return door().get(path, expect=UNFIT, **query)
