"""Cases that were opened in a period, and the steps that people took on them, one row a case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final, cast

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, StringValue, Table

from nudge.domain.care.case import FACT, CaseAction
from nudge.domain.journal.care_events import ENGINE, FOLLOWED, WARNED
from nudge.domain.loop.loop_cases import FACTS
from nudge.domain.loop.loop_question import LoopTerms
from nudge.lake.reports.local_dates import timestamp

TRUE: Final = "true"

TIMES: Final = ("assigned", "agent_since", "contacted", "reached", "granted", "said")
SUMS: Final = ("contacts", "contact_cost", "talk_seconds", "grant_cost")


def field(rows: Table, name: str) -> StringValue:
    """Return a field of each event as text; null where it has none."""
    return cast("StringValue", rows.fields.get(name, ibis.null("string")))


def fact(rows: Table, name: str) -> StringValue:
    """Return a fact of each event as text; null where it has none."""
    return field(rows, FACT + name)


def amount(rows: Table, name: str) -> FloatingValue:
    """Return a fact of each event as a number; 0 where it has none."""
    found = fact(rows, name).try_cast("float64")
    return cast("FloatingValue", found.fill_null(0.0))


def seconds(moments: ibis.Value) -> FloatingValue:
    """Return moments as seconds since the epoch, to the microsecond."""
    whole = moments.epoch_seconds().cast("float64")
    return cast("FloatingValue", whole + moments.microsecond().cast("float64") / 1e6)


def opened_cases(events: Table, start: float, end: float, kinds: Collection[str]) -> Table:
    """Return the cases that were opened in a period: `case, subject, opened_at, held`, and words.

    Args:
        events: table of the lake.
        start: seconds.
        end: seconds.
        kinds: of cases; none for all.
    """
    # A case is logged on its day or later: earlier files need not be opened.
    rows = _logged_since(events, start)
    rows = rows.filter(
        rows.type == WARNED,
        field(rows, "topic").notnull(),
        rows["at"] >= timestamp(start),
        rows["at"] < timestamp(end),
    )
    found = rows.select(
        "subject",
        case=field(rows, "case"),
        opened_at=rows["at"],
        held=field(rows, "held").fill_null("") == TRUE,
        kind=field(rows, "kind").fill_null("warning"),
        rule=field(rows, "rule"),
        **{name: fact(rows, name) for name in FACTS},
        fields_json=rows.fields_json,
    )
    found = found.filter(found.kind.isin(sorted(kinds))) if kinds else found
    # A record that a worker wrote twice has the same case.
    return found.distinct(on="case")


def case_steps(events: Table, cases: Table, terms: LoopTerms, start: float) -> Table:
    """Return what people did about cases: `case, agent, team`, the times, and the sums.

    Whose case it is tells the first assignment that names an agent: who hands hard cases over
    gains nothing by it.

    Args:
        events: table of the lake.
        cases: of `opened_cases`.
        terms: which outcomes tell what, and what contacts cost.
        start: seconds; no step is earlier.
    """
    rows = _logged_since(events, start)
    rows = rows.filter(rows.type == FOLLOWED)
    rows = rows.mutate(case=field(rows, "case"), by_engine=field(rows, ENGINE).notnull())
    owners = cases.select("case", owner="subject")
    rows = rows.inner_join(owners, "case")
    # A step follows a visitor to another id by a record of that one, which is no second step.
    rows = rows.filter(rows.by_engine | (rows.subject == rows.owner))
    rows = rows.distinct(on=("case", "event_id"))
    action = field(rows, "action")
    rows = rows.mutate(action=action, seconds=seconds(rows["at"]))
    return _summed(rows, terms)


def _summed(rows: Table, terms: LoopTerms) -> Table:
    assigns, contact = rows.action == CaseAction.ASSIGN, rows.action == CaseAction.CONTACT
    to, team = field(rows, "to").fill_null(""), fact(rows, "team").fill_null("")
    by_agent = assigns & (to != "") & ~to.isin(sorted(terms.teams)) & (to != team)
    outcome = field(rows, "outcome").fill_null("")
    told = rows.action.isin((CaseAction.OUTCOME.value, CaseAction.CLOSE.value))
    # The engine closes the case of who has paid: that is seen, and nobody said it.
    told &= ~(rows.by_engine & fact(rows, "source").isnull())
    reached = contact & (fact(rows, "reached").fill_null("") == TRUE)
    reached |= told & outcome.isin(sorted(terms.reached))
    grants = rows.action == CaseAction.GRANT
    when = {
        "assigned": assigns,
        "agent_since": by_agent,
        "contacted": contact | reached,
        "reached": reached,
        "granted": grants,
        "said": told & outcome.isin(sorted(terms.kept)),
    }
    sums = {
        "contacts": contact.cast("float64"),
        "contact_cost": _if(contact, _contact_cost(rows, terms)),
        "talk_seconds": amount(rows, "seconds"),
        "grant_cost": _if(grants, amount(rows, "amount")),
    }
    teams = ibis.ifelse(team != "", team, ibis.ifelse(to.isin(sorted(terms.teams)), to, ""))
    parts = rows.select(
        "case", "seconds", **{f"is_{k}": v for k, v in when.items()}, **sums, to=to, team=teams
    )
    has_team = parts.is_assigned & (parts.team != "")
    return parts.group_by("case").aggregate(
        **{name: parts.seconds.min(where=parts[f"is_{name}"]) for name in when},
        **{name: parts[name].sum() for name in sums},
        agent=parts.to.argmin(parts.seconds, where=parts.is_agent_since),
        team=parts.team.argmin(parts.seconds, where=has_team),
    )


def _contact_cost(rows: Table, terms: LoopTerms) -> FloatingValue:
    """Return the cost of each contact: the one that was told, else that of its channel."""
    usual = ibis.literal(0.0)
    channel = fact(rows, "channel").fill_null("")
    for name, cost in sorted(terms.contact_costs):
        usual = ibis.ifelse(channel == name, cost, usual)
    told = fact(rows, "cost").try_cast("float64")
    return cast("FloatingValue", told.fill_null(usual))


def _if(condition: BooleanValue, value: FloatingValue) -> FloatingValue:
    return cast("FloatingValue", ibis.ifelse(condition, value, 0.0))


def _logged_since(events: Table, start: float) -> Table:
    return events.filter(events.date >= ibis.date(datetime.fromtimestamp(start, UTC).date()))
