"""The warnings of a week: cases from the store, and from the lake which of them were followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nudge.config.documents.configuration import Configuration
from nudge.domain.care.case import Case
from nudge.domain.care.case_tally import added_tallies, tally_of, unclosed_by_level
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.reports.questions import Period
from nudge.domain.summaries.care_week import CareTitles, care_week
from nudge.lake.engine.query import answer, connect
from nudge.lake.files.reader import Lake
from nudge.lake.reports.followed_cases import followed_cases
from nudge.store.folds.folds import TALLY
from nudge.store.store import Store


def warnings_of_week(
    store: Store, lake: Lake, configuration: Configuration, week: Period, engine: str
) -> dict[str, Any]:
    """Return the warnings of a week as plain JSON; cases that were forgotten are not in it.

    Args:
        store: of the installation.
        lake: the same.
        configuration: of now, for titles.
        week: with a start and an end.
        engine: that reads the lake.

    Raises:
        LakeError: the lake cannot be read.
        StoreAwayError: no answer.
    """
    start, end = week.start or 0.0, week.end or 0.0
    backend = connect(lake, engine)
    rows = answer(backend, followed_cases(backend.table("events"), start, end))
    followed = [row["case"] for row in rows if row["case"]]
    groups = {one.name: one.title for one in configuration.lexicon.groups}
    found = care_week(_cases(store, followed, start, end), start, end)
    return found.plain(CareTitles(configuration.warnings, groups), _unclosed(store))


def _unclosed(store: Store) -> int:
    """Count the warnings that are not closed, by the tallies of the fold."""
    tallies = (
        tally_of(store.folds.read_fields(p, FoldName.CARE, TALLY)[0] or "")
        for p in store.keys.every_partition()
    )
    return sum(unclosed_by_level(added_tallies(tallies)).values())


def _cases(store: Store, followed: list[str], start: float, end: float) -> Iterator[Case]:
    """Yield each warning that was opened in a period or followed in it, once."""
    for p in store.keys.every_partition():
        for case in store.cases.opened_before(p, end):
            if case.opened < start:
                break
            yield case
    earlier = store.cases.read_many(followed).values()
    yield from (x for x in earlier if x.opened < start and x.kind == CaseKind.WARNING)
