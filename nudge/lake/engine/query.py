"""Queries on the lake, written once over Ibis: the joined form and the recount."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr.types import BooleanColumn, Column, Table

from nudge.domain.alarms.quarantine import Quarantine
from nudge.domain.basics.money import FEN
from nudge.domain.credit.attribution import GRACE
from nudge.domain.credit.booking import LEARNED
from nudge.lake.engine import spark
from nudge.lake.engine.outages import is_quarantined
from nudge.lake.engine.sql import select, sql_view, watermarks
from nudge.lake.engine.undone import hide_undone
from nudge.lake.files.errors import BrokenLakeError
from nudge.lake.files.reader import Contents, Lake
from nudge.lake.files.tables import SCHEMAS

__all__ = [
    "CLAIM_SUMS",
    "DUCKDB",
    "Backend",
    "Figures",
    "answer",
    "connect",
    "connect_contents",
    "figures",
    "find_place",
    "is_spark",
    "joined_form",
    "keep_rows",
    "name_rows",
    "performance",
    "recount",
    "recount_claims",
    "sql_view",
    "translate_errors",
]

DUCKDB: Final = "duckdb"
_KEY: Final = ("slot", "slot_revision", "reason", "variant")
_SUMS: Final = ("exposures", "conversions", "value", "square")
CLAIM_SUMS: Final = ("said", "claims", "drawn", "facts")
"""Columns of `recount_claims` in the order of `tally.Claims`."""
_DECISION: Final = (
    *("decision_id", "at", "slot", "slot_revision", "subject", "channel", "page", "context"),
    *("eligible", "pmf", "u", "variant", "propensity", "reason", "policy", "policy_version"),
)


@dataclass(frozen=True, order=True)
class Figures:
    """Totals of one variant of a slot, counted from the lake's rows.

    Attributes:
        revision: slot revision.
        reason: reason of the decisions.
        conversions: number of exposures that converted.
        value: sum of the rewards, in fen.
        square: sum of the squared values of the exposures, in fen squared.
    """

    slot: str
    revision: int
    reason: str
    variant: str
    exposures: int
    conversions: int
    value: int
    square: int


def connect(lake: Lake, engine: str = DUCKDB) -> Backend:
    """Open an engine that has the lake's five tables as they are now, and a table `watermarks`.

    Each of `decisions`, `exposures`, `rewards`, `events`, `marks` has exactly the rows that the
    manifests claim, without those of imports that were taken back. `watermarks` has, for each
    partition, the seconds until which the lake is known to hold every reward.

    Args:
        lake: of the installation.
        engine: `duckdb`, `spark` (on this machine) or the URL of a Spark master.

    Raises:
        BrokenLakeError: the manifests contradict each other.
        EngineMissingError: the engine is not installed.
    """
    return connect_contents(lake.contents(), engine)


def connect_contents(contents: Contents, engine: str = DUCKDB, *, whole: bool = False) -> Backend:
    """Open an engine as `connect` does, over contents that were read before.

    Args:
        contents: snapshot of the lake.
        engine: as in `connect`.
        whole: with the rows of imports that were taken back; DuckDB only.

    Raises:
        BrokenLakeError: a file is missing or unreadable.
        EngineMissingError: the engine is not installed.
    """
    master = spark.master_of(engine)
    if master is not None:
        return spark.connect(contents, master)
    backend = ibis.duckdb.connect()
    tables = contents.tables()
    with translate_errors():
        for table, sources in tables.items():
            backend.raw_sql(f"CREATE VIEW {table} AS {select(table, sources)}")
        if not whole:
            hide_undone(backend, tables)
    backend.raw_sql(f"CREATE VIEW watermarks AS {watermarks(contents.watermarks())}")
    return backend


def is_spark(backend: Backend) -> bool:
    """Return True for a Spark backend: it sorts collected lists in another way than DuckDB."""
    return bool(backend.name != DUCKDB)


def joined_form(
    backend: Backend, slot: str | None = None, quarantines: Sequence[Quarantine] = ()
) -> Table:
    """Build the joined form: one row a decision, with its exposure and its reward so far.

    `reward` is 0 or 1 for the objective `conversion` and yuan for `revenue`; it is null where the
    decision was not exposed. It is final where `matured` is true: the window had closed, and all
    that can be credited is in the lake.

    Args:
        backend: from `connect`.
        slot: name of the slot; None is every slot.
        quarantines: of `read_quarantines`; `quarantined` says whether the exposure lies in one.
    """
    decisions = backend.table("decisions")
    if slot is not None:
        decisions = decisions.filter(decisions.slot == slot)
    exposures = _exposed(backend)
    rows = decisions.left_join(exposures, decisions.decision_id == exposures.exposed_id)
    paid = _rewarded(backend.table("rewards"))
    rows = rows.left_join(paid, rows.decision_id == paid.rewarded_id)
    conversions, value = rows.conversions.fill_null(0), rows.value_fen.fill_null(0)
    reward = ibis.ifelse(
        rows.objective == "conversion", conversions.cast("float64"), value.cast("float64") / FEN
    )
    return rows.select(
        *_DECISION,
        "exposed_at",
        reward=_where(rows.exposed_at.notnull(), reward),
        conversions=_where(rows.exposed_at.notnull(), conversions),
        value_fen=_where(rows.exposed_at.notnull(), value),
        rewarded_at=_where((conversions != 0) | (value != 0), rows.last_change),
        matured=rows.closed.fill_null(False),
        quarantined=is_quarantined(rows.exposed_seconds, rows.channel, quarantines),
        floor=rows["floor"],  # null in files of versions before
    )


def find_place(backend: Backend, decision_id: str) -> tuple[int, int] | None:
    """Return partition and position of a decision, or None if the lake lacks it.

    Args:
        backend: from `connect`.
        decision_id: id in its sealed form, as clients know it.
    """
    decisions = backend.table("decisions")
    found = decisions.filter(decisions.decision_id == decision_id)
    rows = answer(backend, found.select("partition", "position").limit(1))
    return (rows[0]["partition"], rows[0]["position"]) if rows else None


def _exposed(backend: Backend) -> Table:
    shown, marks = backend.table("exposures"), backend.table("watermarks")
    rows = shown.left_join(marks, shown.partition == marks.partition)
    return rows.select(
        exposed_id=rows.decision_id,
        exposed_at=rows["at"],
        exposed_seconds=rows.at_seconds,
        closed=_closed(rows),
    )


def _closed(rows: Table) -> BooleanColumn:
    # As attribute has it: an exposure that came late stays open for a while behind its arrival.
    arrived = rows.logged_at.epoch_seconds() + 1
    watermark = rows.watermark.fill_null(0)
    window_over = rows.at_seconds + rows.window_seconds < watermark
    return cast("BooleanColumn", window_over & (arrived + GRACE < watermark))


def _rewarded(rewards: Table) -> Table:
    return rewards.group_by(rewarded_id=rewards.decision_id).aggregate(
        conversions=rewards.conversions.sum().cast("int64"),
        value_fen=rewards.value.sum().cast("int64"),
        # What was taken back was no reward.
        last_change=rewards["at"].max(where=(rewards.conversions > 0) | (rewards.value > 0)),
    )


def _where(condition: BooleanColumn, value: Column) -> Column:
    return ibis.ifelse(condition, value, ibis.null(value.type()))


def performance(lake: Lake, slot: str, engine: str = DUCKDB) -> list[Figures]:
    """Recount a slot's totals from the lake, by revision, reason and variant."""
    backend = connect(lake, engine)
    counted = recount(backend).filter(ibis._.slot == slot)
    summed = counted.group_by(*_KEY).aggregate(**{name: counted[name].sum() for name in _SUMS})
    return sorted(figures(row) for row in answer(backend, summed))


def answer(backend: Backend, expression: Table) -> list[dict[str, Any]]:
    """Run an expression over the lake's tables and return its rows.

    Raises:
        BrokenLakeError: a file that a manifest names is missing or unreadable.
    """
    if is_spark(backend):
        return spark.rows_of(backend, expression)
    with translate_errors():
        rows: list[dict[str, Any]] = backend.to_pyarrow(expression).to_pylist()
    return rows


@contextmanager
def keep_rows(backend: Backend, expression: Table) -> Iterator[Table]:
    """Materialise an expression's rows while the context lasts, for several queries.

    Raises:
        BrokenLakeError: a file that a manifest names is missing or unreadable.
    """
    if is_spark(backend):
        with spark.keep_rows(backend, expression) as table:
            yield table
        return
    name = f"kept_{secrets.token_hex(8)}"
    with translate_errors():
        table = cast("Table", backend.create_table(name, expression, temp=True))
    try:
        yield table
    finally:
        # ibis's own drop_table loses the name with the sqlglot that is locked.
        backend.raw_sql(f"DROP TABLE {name}")


@contextmanager
def name_rows(backend: Backend, expression: Table) -> Iterator[Table]:
    """Give an expression's rows a name while the context lasts; DuckDB only.

    Nothing is computed: queries over the name read what they need. The expression is compiled once
    for all of them, which takes longer than many an answer.

    Raises:
        BrokenLakeError: a file that a manifest names is missing or unreadable.
    """
    name = f"named_{secrets.token_hex(8)}"
    with translate_errors():
        table = cast("Table", backend.create_view(name, expression))
    try:
        yield table
    finally:
        backend.raw_sql(f"DROP VIEW {name}")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn DuckDB's errors about files into the lake's error.

    Raises:
        BrokenLakeError: DuckDB cannot read a file.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise BrokenLakeError(f"the lake cannot be read: {error}") from error


def figures(row: Mapping[str, Any]) -> Figures:
    """Convert one row of `recount` to `Figures`."""
    return Figures(*(row[name] for name in _KEY), *(int(row[name]) for name in _SUMS))


def recount(backend: Backend, last: Mapping[int, int] | None = None) -> Table:
    """Build the sums of exposures and rewards by partition, slot, revision, reason and variant.

    Args:
        backend: from `connect`.
        last: partition -> last position to count; None counts all, a missing partition nothing.
    """
    shown, paid = (upto(backend.table(name), last) for name in ("exposures", "rewards"))
    zero = ibis.literal(0, "int64")
    trials = shown.select(
        "partition", *_KEY, exposures=zero + 1, conversions=zero, value=zero, square=zero
    )
    changes = paid.select("partition", *_KEY, *_SUMS[1:], exposures=zero).select(trials.columns)
    rows = ibis.union(trials, changes)
    return rows.group_by("partition", *_KEY).aggregate(
        **{name: rows[name].cast("decimal(38, 0)").sum() for name in _SUMS}
    )


def recount_claims(backend: Backend, last: Mapping[int, int]) -> Table:
    """Build the sums of what pages said, as `booking` has it, by the keys of `recount`.

    Args:
        backend: from `connect`.
        last: partition -> last position to count; a missing partition counts nothing.
    """
    drawn, shown, paid = (
        upto(backend.table(name), last) for name in ("decisions", "exposures", "rewards")
    )
    zero, key = ibis.literal(0, "int64"), ("partition", *_KEY)
    # Versions before wrote none of these columns; a filter passes over what is null.
    drawn = drawn.filter(drawn.by_page, drawn.twin.isnull())
    paid = paid.filter((paid.claims != 0) | paid.by_page)
    facts = ibis.ifelse(paid.by_page, paid.conversions - paid.claims, zero)
    rows = ibis.union(
        drawn.select(*key, said=zero - 1, claims=zero, drawn=zero + 1, facts=zero),
        shown.filter(shown.by_page).select(
            *key, said=zero + 1, claims=zero, drawn=zero, facts=zero
        ),
        paid.select(*key, said=zero, claims=paid.claims, drawn=zero, facts=facts),
    )
    rows = rows.filter(rows.reason.isin(sorted(LEARNED)))
    sums = {name: rows[name].cast("decimal(38, 0)").sum() for name in CLAIM_SUMS}
    return rows.group_by(*key).aggregate(**sums)


def upto(table: Table, last: Mapping[int, int] | None) -> Table:
    """Keep rows up to a position of each partition; None keeps all, a missing partition none."""
    if last is None:
        return table
    columns = {"partition": list(last), "last": list(last.values())}
    kinds = pa.schema([("partition", SCHEMAS["marks"].field("partition").type), ("last", "int64")])
    limits = ibis.memtable(pa.table(columns, schema=kinds))
    within = [table.partition == limits.partition, table.position <= limits.last]
    return table.semi_join(limits, within)
