"""People of the lake with what was known of each before a moment, and whether they left after it.

Scores, behaviours and attributes come from before the moment, leaving from the moment on, so that
nothing that is told of a person can be a consequence of leaving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ibis
from ibis.expr.types import Table, Value

from bandits.units import DAY
from nudge.domain.basics.money import FEN
from nudge.domain.care.experience.experience_counts import PARTS
from nudge.domain.care.experience.experience_query import ExperienceQuestion, FeedbackPeriod
from nudge.domain.care.experience.leaving import FEWEST_PAYMENTS, LEAVING
from nudge.domain.care.factors.factor_query import FactorQuestion
from nudge.domain.reports.questions import CONTEXT
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.experience.leaving_kinds import between, kinds_after, paid_sums, told_kinds
from nudge.lake.experience.rated_events import rated_events
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.reports.visit_groups import ELSEWHERE

MOST_PEOPLE: Final = 100_000
"""Most people who are looked at; subjects are random, so the first of them are a fair sample."""
MOST_SCENES: Final = 12
MOST_ATTRIBUTES: Final = 12
REPEATED: Final = 20
"""People with several scores of a scene, before their lowest and their number are told."""
COUNTED: Final[Mapping[str, tuple[str, ...]]] = {
    "failed_payments": ("payment_failed",),
    "complaints": ("complaint",),
    "contacts": ("contacted", "sms_sent"),
}
"""Behaviour -> types of events that are counted."""
LEFT, KIND, SEGMENT = "~left", "~kind", "~segment"
"""Columns that no attribute can be named as."""


@dataclass(frozen=True)
class PeopleFeatures:
    """The people of a question.

    Attributes:
        rows: one a person: `LEFT`, `KIND` (source and kind; None for who stayed), `SEGMENT` where
            one is asked for, and features by name.
        people: number of all whom the lake knows; the rows are a sample where there are more.
    """

    rows: list[dict[str, Any]]
    people: int


def people_features(
    backend: Backend, question: FactorQuestion, attributes: Mapping[str, str]
) -> PeopleFeatures:
    """Return what is known of the people whom the lake knew before a moment and who were there.

    Args:
        backend: from `connect`.
        question: whose moment is meant.
        attributes: other name of a dimension -> its context attribute.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    seen = _EarlierRows.of(backend, question)
    scenes, names = _scenes(backend, seen), _attributes(backend, seen)
    segment = attributes.get(question.segment, question.segment).removeprefix(CONTEXT)
    if segment:
        names = list(dict.fromkeys([*names, segment]))
    columns, table = _people(seen, question, scenes, names)
    with keep_rows(backend, table) as kept:
        (size,) = answer(backend, kept.aggregate(people=kept.count()))
        rows = answer(backend, kept.order_by("subject").limit(MOST_PEOPLE))
    return PeopleFeatures([_row(one, columns, segment) for one in rows], int(size["people"]))


@dataclass(frozen=True)
class _EarlierRows:
    """The rows of the lake from before the moment."""

    events: Table
    decisions: Table
    rated: Table
    whole: tuple[Table, Table]

    @classmethod
    def of(cls, backend: Backend, question: FactorQuestion) -> _EarlierRows:
        events, decisions = backend.table("events"), backend.table("decisions")
        span = question.first, question.moment
        made = decisions.filter(decisions.channel != ELSEWHERE, between(decisions, *span))
        scores = ExperienceQuestion(FeedbackPeriod(*span), (), "")
        rated = rated_events(events, scores)
        return cls(
            events.filter(between(events, *span)),
            made,
            rated.filter(rated.scene.notnull(), rated.scene != ""),
            (events, decisions),
        )


def _scenes(backend: Backend, seen: _EarlierRows) -> list[tuple[str, bool]]:
    """Return the scenes that most people scored, and whether many scored one several times."""
    own = seen.rated.group_by("scene", "subject").aggregate(rows=seen.rated.count())
    many = own.group_by("scene").aggregate(
        people=own.count(), repeated=(own.rows > 1).cast("int64").sum()
    )
    rows = answer(backend, many.order_by(many.people.desc(), "scene").limit(MOST_SCENES))
    return [(row["scene"], row["repeated"] >= REPEATED) for row in rows]


def _attributes(backend: Backend, seen: _EarlierRows) -> list[str]:
    """Return the attributes that are known of most people; leaving itself is none."""
    keys = seen.decisions.select("subject", name=seen.decisions.context.keys().unnest())
    keys = keys.filter(keys.name != LEAVING)
    many = keys.group_by("name").aggregate(people=keys.subject.nunique())
    rows = answer(backend, many.order_by(many.people.desc(), "name").limit(MOST_ATTRIBUTES))
    return [str(row["name"]) for row in rows]


def _people(
    seen: _EarlierRows,
    question: FactorQuestion,
    scenes: Sequence[tuple[str, bool]],
    names: Sequence[str],
) -> tuple[dict[str, str], Table]:
    """Return the columns' names by their places, and one row a person."""
    columns: dict[str, str] = {}
    people = seen.events.select("subject").union(seen.decisions.select("subject"), distinct=True)
    gone = told_kinds(*seen.whole, question.first, question.moment)
    people = people.anti_join(gone, "subject")
    parts = (
        _scored(seen.rated, scenes, columns),
        _counted(seen.events, columns),
        _paid(seen, question, columns),
        _known(seen.decisions, names, columns),
    )
    for one in parts:
        people = _with(people, one)
    left = kinds_after(*seen.whole, question.moment, question.end)
    left = left.select("subject", **{KIND: left.leaving_source + ":" + left[LEAVING]})
    return columns, _with(people, left)


def _with(people: Table, more: Table) -> Table:
    names = [name for name in more.columns if name != "subject"]
    return people.left_join(more, "subject").select(*people.columns, *names)


def _place(columns: dict[str, str], name: str) -> str:
    """Return the place of a column: names of scenes and attributes may hold anything."""
    place = f"_{len(columns)}"
    columns[place] = name
    return place


def _scored(rated: Table, scenes: Sequence[tuple[str, bool]], columns: dict[str, str]) -> Table:
    """Return the mean score of each scene; how far the lowest lies below it, and their number."""
    found: dict[str, Value] = {}
    for scene, repeated in scenes:
        inside = rated.scene == scene
        mean = rated.score.mean(where=inside) / PARTS
        found[_place(columns, f"score_{scene}")] = mean
        if repeated:
            lowest = rated.score.min(where=inside) / PARTS
            found[_place(columns, f"dip_{scene}")] = mean - lowest
            found[_place(columns, f"scores_{scene}")] = inside.cast("int64").sum()
    return rated.group_by("subject").aggregate(**found)


def _counted(events: Table, columns: dict[str, str]) -> Table:
    found = {
        _place(columns, name): events.type.isin(types).cast("int64").sum()
        for name, types in COUNTED.items()
    }
    return events.group_by("subject").aggregate(**found)


def _paid(seen: _EarlierRows, question: FactorQuestion, columns: dict[str, str]) -> Table:
    """Return what is known of the payments of those who could be seen leaving.

    Of others payments are unknown: a person with one payment cannot be seen to stop, so the number
    of payments would go with leaving by the way in which leaving is seen.
    """
    moment = question.moment
    span = question.end - moment
    whole = paid_sums(seen.whole[0], moment, question.end)
    payers = whole.filter(whole.payments_before >= FEWEST_PAYMENTS)
    halves = paid_sums(seen.whole[0], moment - span / 2.0, moment)
    paid = seen.events.filter(seen.events.type == "paid", seen.events.source == "server")
    last = paid.group_by("subject").aggregate(last=paid["at"].max())
    rows = _with(_with(payers.select("subject", "paid_before", "payments_before"), last), halves
        .select("subject", late="paid", early="paid_before"))  # fmt: skip
    days = (timestamp(moment).epoch_seconds() - rows["last"].epoch_seconds()) / DAY
    change = rows.late.cast("float64") / rows.early.nullif(0) - 1.0
    return rows.select(
        "subject",
        **{
            _place(columns, "recharges"): rows.payments_before,
            _place(columns, "usual_recharge"): rows.paid_before / FEN / rows.payments_before,
            _place(columns, "recharge_change"): change,
            _place(columns, "days_since_recharge"): days.floor(),
        },
    )


def _known(decisions: Table, names: Sequence[str], columns: dict[str, str]) -> Table:
    """Return the attributes of each person's latest decision."""
    if not names:
        return decisions.select("subject").distinct()
    nothing = ibis.null("string")
    places = {_place(columns, name): decisions.context.get(name, nothing) for name in names}
    place = ibis.struct({"at": decisions["at"], "position": decisions.position})
    latest = decisions.group_by("subject").aggregate(row=ibis.struct(places).argmax(place))
    return latest.select("subject", **{name: latest.row[name] for name in places})


def _row(row: Mapping[str, Any], columns: Mapping[str, str], segment: str) -> dict[str, Any]:
    # Attributes come last: one may be named as a score or a behaviour is, which stays a factor.
    places = {name: place for place, name in columns.items()} if segment else {}
    own = places.get(segment)
    found = {name: row[place] for place, name in columns.items() if place != own}
    for name in COUNTED:
        found[name] = found[name] or 0
    head: dict[str, Any] = {LEFT: row[KIND] is not None, KIND: row[KIND]}
    return head | ({SEGMENT: row[own]} if own else {}) | found
