"""Days on which visitors of the lake recharged: what a rhythm is fitted to."""

from __future__ import annotations

from typing import Final

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.lake.engine.query import Backend, answer
from nudge.lake.reports.local_dates import first_dates
from nudge.lake.reports.taken_back import drop_taken_back, with_roots

MOST_PEOPLE: Final = 20_000
"""People of a sample from which the parameters of a crowd are known to a hundredth."""
_DIGITS: Final = 4
"""Last digits of a subject, by which people are sampled: subjects are random."""


def recharge_days(
    backend: Backend, calendar: OperatorCalendar, most: int = MOST_PEOPLE
) -> list[tuple[str, str]]:
    """Return visitor and day, ISO 8601, of each day with a payment that a server reported.

    What was wholly taken back is none; subjects that turned out to be one visitor are one. Of more
    people than `most` about so many are taken, always the same.

    Args:
        backend: engine that holds the tables.
        calendar: the operator's.
        most: people.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    events = backend.table("events")
    paid = drop_taken_back(backend, events)
    paid = paid.filter(paid.type == "paid", paid.source == "server")
    rows = paid.select("subject", day=first_dates(paid["at"], "day", calendar).cast("string"))
    whole = with_roots(backend, rows, "recharge_roots").select("day", "root")
    people = answer(backend, whole.aggregate(people=whole.root.nunique()))[0]["people"]
    bound = f"{min(16**_DIGITS, most * 16**_DIGITS // max(people, 1)):0{_DIGITS}x}"
    if people > most:
        whole = whole.filter(whole.root.right(_DIGITS) < bound)
    found = answer(backend, whole.distinct().order_by("root", "day"))
    return [(row["root"], row["day"]) for row in found]
