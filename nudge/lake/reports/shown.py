"""Exposures of a slot joined with their decisions: the rows that reports are counted from.

A row has a column for each attribute and variant. `c:NAME` are the context attributes as
text, `e:NAME` the logged probability of a variant, null where it was not eligible.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import BooleanColumn, Column, FloatingColumn, Table

from bandits.inference.clusters import GROUPS
from nudge.domain.credit.attribution import GRACE
from nudge.domain.slots.window import SLOT
from nudge.lake.engine.dialects import hash_subject, hash_values
from nudge.lake.engine.query import answer

ATTRIBUTE: Final = "c:"
PROBABILITY: Final = "e:"
SEPARATOR: Final = "\x1f"
"""Separator of names that are put together; no name contains it."""
LOOKBACK: Final = timedelta(days=9)
"""Longest time from decision to exposure (a week, and slack)."""
PLANNED: Final = timedelta(days=71)
"""Longest time from a planned decision to exposure: to the end of next month, a week, and slack."""
FIXED: Final[Mapping[str, str]] = {
    "partition": "int32",
    "at": "timestamp(6)",
    "at_seconds": "float64",
    "settles": "float64",
    "id": "int64",
    "person": "int64",
    "cluster": "int16",
    "revision": "int64",
    "variant": "string",
    "reason": "string",
    "policy": "string",
    "policy_version": "int64",
    "channel": "string",
    "page": "string",
    "cell": "string",
    "stratum": "int64",
    "degraded": "boolean",
    "propensity": "float64",
    "floor": "float64",
    "possible_id": "int64",
}
"""Columns that every slot has. `settles`: seconds that the watermark must have passed for the
reward to be final. `id` is a hash of 64 bits, which finds an exposure's rewards: these may be under
another subject, that the visitor turned out to be. `person` is the hash of the subject.
`stratum`: hash of the cell, 0 if it is not among the `CELLS` most frequent of its day.
`floor`: of the policy that drew; null for other reasons, and for decisions of earlier versions.
`possible_id`: hash of the set of variants that could have been drawn."""
CELLS: Final = 31
"""Cells of a day that are told apart where rewards are predicted from earlier ones."""
REWARD: Final[Mapping[str, str]] = {
    "conversions": "int64",
    "value": "int64",
    "rewarded": "float64",
}
"""Columns of rewards, null without one; `rewarded`: time of the first, in seconds."""


def join_days(backend: Backend, slot: str, days: Collection[date], name: str) -> Table:
    """Join the exposures that were logged on some days with their decisions.

    A decision is looked for among those of the same days first: nearly all are there.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        days: UTC days.
        name: name of the temporary table that holds the rows.
    """
    exposures, decisions = _of(backend, "exposures", slot), _of(backend, "decisions", slot)
    exposures, near = exposures.filter(_on(exposures, days)), decisions.filter(_on(decisions, days))
    rows = cast("Table", backend.create_table(name, _pairs(backend, exposures, near), temp=True))
    alone = rows.filter(rows.known.isnull())
    (left,) = answer(backend, alone.aggregate(rows=alone.count(), first=alone["at"].min()))
    if left["rows"]:
        back = PLANNED if slot == SLOT else LOOKBACK
        first = min(left["first"].date() - back, *days)
        far = decisions.filter(decisions.date.between(first, max(days)), ~_on(decisions, days))
        again = exposures.semi_join(alone, exposures.decision_id == alone.decision_id)
        found = rows.filter(rows.known.notnull()).union(_pairs(backend, again, far))
        rows = cast("Table", backend.create_table(f"{name}_all", found, temp=True))
    return _columns(backend, rows)


def join_at_once(backend: Backend, slot: str, keep: Callable[[Table], Table]) -> Table:
    """Join all exposures of a slot, for an engine without days and temporary tables.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        keep: caches rows for several queries.
    """
    exposures, decisions = _of(backend, "exposures", slot), _of(backend, "decisions", slot)
    return _columns(backend, keep(_pairs(backend, exposures, decisions)))


def sum_rewards(backend: Backend, slot: str, since: date | None = None) -> Table:
    """Sum the rewards of each exposure, by `id`.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        since: first day of the exposures; None is every day.
    """
    rewards = _rewards(backend, slot, since)
    return _sum(rewards.mutate(id=hash_values(backend, rewards.decision_id)))


def sum_settled(backend: Backend, slot: str, rows: Table, since: date) -> Table:
    """Sum the rewards of rows up to when each of them settles, by `id`.

    What comes later (a refund, a payment that turns out to be another one's) is in `sum_late`.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        rows: with `id` and `settles`.
        since: first day of the exposures.
    """
    rewards = _rewards(backend, slot, since)
    rewards = rewards.mutate(id=hash_values(backend, rewards.decision_id))
    both = rewards.join(rows.select("id", "settles"), "id")
    return _sum(both.filter(_logged(both) < both.settles))


def sum_late(backend: Backend, slot: str, rows: Table, since: date) -> Table:
    """Sum the rewards of rows from when each of them had settled, by `id`; few have any.

    Args:
        backend: from `connect`.
        slot: name of the slot.
        rows: with `id`, `at_seconds` and `settles`.
        since: first day of the exposures.
    """
    (found,) = answer(backend, rows.aggregate(open=(rows.settles - rows.at_seconds).min()))
    rewards = _rewards(backend, slot, since)
    # Nearly all come sooner than any exposure settles: they need not be looked for.
    slow = rewards.filter(_logged(rewards) - rewards.exposed_at_seconds >= (found["open"] or 0.0))
    slow = slow.mutate(id=hash_values(backend, slow.decision_id))
    both = slow.join(rows.select("id", "settles"), "id")
    return _sum(both.filter(_logged(both) >= both.settles))


def with_rewards(rows: Table, rewards: Table) -> Table:
    """Add the columns of `REWARD` to rows."""
    both = rows.left_join(rewards, "id")
    return both.select(*rows.columns, *REWARD)


def with_late(rows: Table, late: Table) -> Table:
    """Add late rewards to rows that have the others."""
    more = late.select("id", more_conversions="conversions", more_value="value")
    both = rows.left_join(more, "id")
    sums = {
        name: ibis.ifelse(
            both[f"more_{name}"].isnull(),
            both[name],
            both[name].fill_null(0) + both[f"more_{name}"],
        )
        for name in ("conversions", "value")
    }
    return both.select(**{name: sums.get(name, both[name]) for name in rows.columns})


def _rewards(backend: Backend, slot: str, since: date | None) -> Table:
    rewards = _of(backend, "rewards", slot)
    # An exposure's own time may lie before the day on which it was logged, and a reward is never
    # logged before its exposure.
    return rewards if since is None else rewards.filter(rewards.date >= since)


def _logged(rewards: Table) -> FloatingColumn:
    return cast("FloatingColumn", rewards.logged_at.epoch_seconds().cast("float64"))


def _sum(rewards: Table) -> Table:
    return rewards.group_by("id").aggregate(
        # By way of a decimal: the engine's sums are wider than Ibis knows, and it skips a cast.
        conversions=rewards.conversions.sum().cast("decimal(38, 0)").cast("int64"),
        value=rewards.value.sum().cast("decimal(38, 0)").cast("int64"),
        rewarded=rewards.at_seconds.min(where=rewards.conversions > 0),
    )


def align_columns(parts: Sequence[Table]) -> Table:
    """Put parts together that may lack each other's columns of attributes and variants."""
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    kinds = {name: part.schema()[name] for part in parts for name in part.columns}
    whole = [
        part.select(**{n: part[n] if n in part.columns else ibis.null(kinds[n]) for n in names})
        for part in parts
    ]
    return whole[0] if len(whole) == 1 else ibis.union(*whole)


def _of(backend: Backend, table: str, slot: str) -> Table:
    rows = cast("Table", backend.table(table))
    return rows.filter(rows.slot == slot)


def _on(table: Table, days: Collection[date]) -> BooleanColumn:
    return cast("BooleanColumn", table.date.isin(sorted(days)))


def _pairs(backend: Backend, exposures: Table, decisions: Table) -> Table:
    """Join exposures with their decisions' columns, null without a decision."""
    told = decisions.select(
        known=decisions.decision_id,
        policy=decisions.policy,
        policy_version=decisions.policy_version,
        channel=decisions.channel,
        page=decisions.page,
        degraded=decisions.degraded,
        floor=decisions["floor"],
        context=decisions.context,
        eligible=decisions.eligible,
        pmf=decisions.pmf,
    )
    rows = exposures.left_join(told, exposures.decision_id == told.known)
    own = ("partition", "date", "at", "at_seconds", "decision_id", "variant", "reason", "cell")
    return rows.select(
        *own,
        *told.columns,
        settles=_settles(rows),
        person=hash_subject(backend, rows.subject),
        revision=rows.slot_revision,
        propensity=rows.propensity,
    )


def _settles(rows: Table) -> FloatingColumn:
    # As attribute has it: an exposure that came late stays open for a while behind its arrival.
    arrived = (rows.logged_at.epoch_seconds() + 1).cast("float64") + GRACE
    return cast("FloatingColumn", ibis.greatest(rows.at_seconds + rows.window_seconds, arrived))


def _columns(backend: Backend, rows: Table) -> Table:
    """Convert lists and maps to columns, which gives the rows their final form."""
    rows = _with_often(rows)
    possible = rows.eligible.filter(lambda _, i: rows.pmf[i] > 0).join(SEPARATOR).fill_null("")
    flat = {f"{ATTRIBUTE}{k}": rows.context.get(k) for k in _names_in(backend, rows.context.keys())}
    known = _names_in(backend, rows.eligible)
    flat |= {f"{PROBABILITY}{v}": _probability(rows, v) for v in known}
    own = {
        "id": hash_values(backend, rows.decision_id),
        "cluster": (rows.person & (GROUPS - 1)).cast("int16"),
        "possible_id": hash_values(backend, possible),
        "stratum": ibis.ifelse(
            rows.often.notnull(), hash_values(backend, rows.cell.fill_null("")), 0
        ).cast("int64"),
    }
    fixed = {name: own.get(name, rows[name] if name in rows.columns else None) for name in FIXED}
    return rows.select(**fixed, **flat)


def _with_often(rows: Table) -> Table:
    """Add `often`, null where a row's cell is not among the most frequent of the day."""
    counted = rows.group_by("date", "cell").aggregate(count=rows.count())
    place = ibis.row_number().over(
        ibis.window(group_by="date", order_by=[ibis.desc("count"), "cell"])
    )
    often = counted.mutate(place=place).filter(lambda one: one.place < CELLS)
    often = often.select(day=often.date, often=often.cell.fill_null(""))
    same = [rows.date == often.day, rows.cell.fill_null("") == often.often]
    return rows.left_join(often, same).drop("day")


def _names_in(backend: Backend, lists: Column) -> list[str]:
    """List the names that occur in a column of lists, in order."""
    names = lists.unnest().name("name").as_table().distinct()
    return sorted(row["name"] for row in answer(backend, names) if row["name"] is not None)


def _probability(rows: Table, variant: str) -> Column:
    # Spark's places are 32 bits wide.
    found = rows.pmf[rows.eligible.index(variant).cast("int32")]
    # The index of what is not there is -1, which would be the last one.
    return cast("Column", ibis.ifelse(rows.eligible.contains(variant), found, ibis.null("float64")))


def midnight(seconds: float) -> date:
    """Return the UTC day of a time in seconds."""
    return datetime.fromtimestamp(seconds, UTC).date()
