"""Lists of cases: the filters, rows, panel and file that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, render_template, request

from nudge.domain.identity.sealing import new_label
from nudge.pages.access import door
from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.work.case_panel import CasePanel, read_panel
from nudge.pages.screens.work.case_row import CaseRow
from nudge.pages.screens.work.case_words import (
    kind_word,
    level_word,
    outcome_word,
    state_word,
    titled,
)
from nudge.pages.screens.work.first_call import first_call_sentence, first_to_call
from nudge.pages.screens.work.list_query import ListQuery
from nudge.pages.screens.work.step_draft import StepDraft
from nudge.pages.screens.work.work_setup import Choices, WorkSetup
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

PAGE: Final = 40
MOST: Final = 1_000
"""Rows of one answer of the API."""
FILE: Final = 20_000
"""Rows of a file; a list is longer only where nobody works."""
STATES: Final = ("open", "assigned", "contacted", "outcome", "closed")
LEVELS: Final = ("critical", "warning", "info", "proposal")


@dataclass(frozen=True)
class ListFilter:
    """A filter of a list.

    Attributes:
        name: of the parameter.
        label: for people.
        options: to choose from; empty for free text.
        kind: of the field, where it is free text.
        data: the options are names that the operator gave.
    """

    name: str
    label: str
    options: Choices = ()
    kind: str = "text"
    data: bool = False


@dataclass(frozen=True)
class CaseList:
    """A list of cases as a page.

    Attributes:
        title: of the page.
        rows: of this page.
        cursor: of the next page; empty where there is none.
        filters: that narrow it.
        tabs: name, label and whether it is chosen, of the quick filter above the others.
        lead: sentence that stands in place of who is to be called first; empty for that.
        empty: what to do where there is no row.
    """

    title: str
    rows: Sequence[CaseRow]
    cursor: str
    filters: Sequence[ListFilter]
    tabs: Sequence[tuple[str, str, bool]] = ()
    lead: str = ""
    empty: str = ""


def render_list(
    shown: CaseList, query: ListQuery, draft: StepDraft, setup: WorkSetup, **more: object
) -> str:
    """Return the page of a list.

    Args:
        shown: the list.
        query: that it answers.
        draft: of a step that could not be taken.
        setup: of work lists.
        more: for the template.
    """
    first = first_to_call(shown.rows)
    chosen = query.case or (first.id if first else "")
    panel = read_panel(chosen, setup) if chosen else None
    return render_template(
        "work/list.html",
        shown=shown,
        query=query,
        draft=draft,
        setup=setup,
        panel=panel,
        chosen=chosen,
        verdict=shown.lead or _verdict(first, panel, setup),
        words=WORDS,
        fresh=new_label,
        seen=request.args.get("seen", 0, int),
        **more,
    )


def _verdict(first: CaseRow | None, panel: CasePanel | None, setup: WorkSetup) -> str:
    """Return who is to be called first; the panel is read where another case is beside the list."""
    if first is None:
        return first_call_sentence(None, "", None)
    lead = panel if panel and panel.row.id == first.id else read_panel(first.id, setup)
    gain = first.gain or (lead.gain if lead else None)
    return first_call_sentence(first, lead.who if lead else "", gain)


WORDS: Final = {
    "kind": kind_word,
    "state": state_word,
    "level": level_word,
    "outcome": outcome_word,
    "titled": titled,
}
"""Words that the template asks for."""


def state_filter(*more: str) -> ListFilter:
    """Return the filter by state; the first choice is all but closed."""
    told = [(one, state_word(one)) for one in (*STATES, *more)]
    return ListFilter("state", _("State"), [("", _("Not closed")), *told])


def level_filter() -> ListFilter:
    """Return the filter by level."""
    told = [(one, level_word(one)) for one in LEVELS]
    return ListFilter("level", _("Level"), [("", _("Any level")), *told])


def assignee_filter(setup: WorkSetup) -> ListFilter:
    """Return the filter by whose the cases are."""
    return ListFilter("assignee", _("Whose"), [("", _("Everybody's")), *setup.assignees], data=True)


def read_pages(path: str, name: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages of a list of the API, for a file.

    Args:
        path: of the list.
        name: of the rows in an answer.
        parameters: of the API that narrow it.
    """
    left, cursor = FILE, ""
    while left > 0:
        told = door().get(path, **{**parameters, "limit": min(left, MOST), "cursor": cursor}).body
        yield from told[name]
        left, cursor = left - len(told[name]), told["cursor"]
        if not cursor:
            return


def list_file(name: str, rows: Iterable[CaseRow], setup: WorkSetup) -> Response:
    """Return rows as a file, in the reader's language.

    Args:
        name: of the file.
        rows: of the list.
        setup: for titles.
    """
    head = [
        *(_("Case"), _("Visitor (subject)"), _("What it is"), _("Kind"), _("Level"), _("State")),
        *(
            _("Case opened"),
            _("Due"),
            _("Whose"),
            _("Outcome of the case"),
            _("Stage"),
            _("Reason of the failure"),
        ),
        *(
            _("Amount wanted (yuan)"),
            _("Contact by"),
            _("Contact allowed from"),
            _("Why no contact"),
        ),
        *(_("Gain of a contact"), _("Lower end"), _("Upper end"), _("Worth of a return (yuan)")),
    ]
    return csv_answer(name, head, (_cells(one, setup) for one in rows))


def _cells(row: CaseRow, setup: WorkSetup) -> list[object]:
    facts, reach, gain = row.facts or {}, row.reach, row.gain
    return [
        *(row.id, row.subject, spoken(row.titles), kind_word(row.kind), level_word(row.level)),
        *(state_word(row.state), row.opened, row.due, setup.names.get(row.assignee, row.assignee)),
        *(outcome_word(row.outcome, setup.names), titled("stage", facts.get("stage"))),
        *(titled("reason", facts.get("reason")), facts.get("amount")),
        *(
            (titled("channel", reach.channel), reach.start, spoken(reach.why))
            if reach
            else [""] * 3
        ),
        *((gain.share, gain.low, gain.high, gain.worth) if gain else [None] * 4),
    ]
