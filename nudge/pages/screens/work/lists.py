"""The three lists of cases by their paths: what a step leads back to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nudge.pages.screens.work import warning_list, winback_list, work_list
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.step_draft import StepDraft
from nudge.pages.screens.work.work_setup import WorkSetup

Render = Callable[[ListQuery, StepDraft, WorkSetup], str]
_LISTS: Final[Mapping[str, Render]] = {
    one.PATH: one.render for one in (work_list, warning_list, winback_list)
}


def render(query: ListQuery, draft: StepDraft, setup: WorkSetup) -> str:
    """Return the page of the list that a query asks."""
    return _LISTS[query.path](query, draft, setup)
