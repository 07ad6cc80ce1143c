"""Rows of historical logs as records: a decision, its exposure and its reward."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate
from typing import Any, Final, cast

from bandits.features import CellSpec
from nudge.domain.basics.money import fen_of
from nudge.domain.journal.records import (
    IMPORTED,
    Decision,
    DecisionReason,
    Exposure,
    Record,
    Ref,
    Reward,
)
from nudge.domain.slots.slot import Scalar, Slot, SlotAttribute
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.refusal import ValueRefusedError

CLOSE: Final = 1e-6
"""Tolerance of a distribution's sum from 1, and of a propensity from its distribution."""
FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
SUBJECT: Final = re.compile(r"[0-9a-f]{32}")
OWN: Final = (
    *("at", "subject", "channel", "page", "context", "eligible", "pmf", "u", "variant"),
    *("propensity", "reason", "policy", "policy_version", "slot_revision", "exposed_at", "reward"),
    *("conversions", "value_fen", "rewarded_at"),
)
"""Columns of the joined form that a row may have."""
Row = Mapping[str, Any]


class RowError(ValueError):
    """A row that cannot be a decision; the text says why, and what would be right."""


@dataclass(frozen=True)
class ImportRules:
    """The mapping from a historical log's columns to the joined form.

    Attributes:
        columns: column of the joined form -> the file's column; an unnamed one keeps its name.
        context: attribute -> column, where attributes have columns of their own.
        distribution: variant -> probability, where one distribution drew all rows.
        teach_only: the propensities are unknown: rows are counted and never evaluated.
    """

    slot: str
    columns: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    distribution: Mapping[str, float] = field(default_factory=dict)
    teach_only: bool = False

    def column(self, name: str) -> str:
        """Return the file's column for one of the joined form."""
        return self.columns.get(name, name)


@dataclass(frozen=True)
class LogImport:
    """An import of a log in progress.

    Attributes:
        name: part of every id, which makes a repeated import idempotent.
        slot: at its current revision.
        cells: of the slot's attributes.
        partitions: of the journal.
    """

    name: str
    rules: ImportRules
    slot: Slot
    cells: CellSpec
    partitions: int

    def records(self, row: Row, number: int) -> tuple[int, list[Record]]:
        """Return a row's partition and records.

        Args:
            row: column -> value.
            number: of the row in its file, from 1.

        Raises:
            RowError: the row cannot be a decision.
        """
        known = known_columns(self, row)
        subject = self._subject(known, number)
        ref = self._ref(subject, number)
        decision = self._decision(known, subject, ref)
        return ref.partition, [decision, *_outcome(known, decision)]

    def packed(self, records: list[Record]) -> list[Record]:
        """Return the records of some rows as they are written."""
        return records

    def _subject(self, known_columns: Row, number: int) -> str:
        known = known_columns["subject"]
        if isinstance(known, str) and SUBJECT.fullmatch(known):
            return known  # of an exported log: a random id already, and the cluster of its rows
        text = f"{self.name}|row {number}" if known in (None, "") else f"{self.name}|{known}"
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def _ref(self, subject: str, number: int) -> Ref:
        digest = blake2b(f"{self.name}|{number}".encode(), digest_size=8).digest()
        position = IMPORTED | (int.from_bytes(digest) >> 3)
        return Ref(int(subject[:8], 16) % self.partitions, position)

    def context(self, row: Row) -> dict[str, Scalar]:
        """Return the context attributes of a row, typed by the slot's kinds."""
        values = _table(row.get(self.rules.column("context")))
        values |= {name: row.get(column) for name, column in self.rules.context.items()}
        kinds = {one.name: one for one in self.slot.context}
        return {name: _typed(kinds.get(name), value) for name, value in values.items()}

    def _decision(self, known_columns: Row, subject: str, ref: Ref) -> Decision:
        eligible, pmf = self._distribution(known_columns)
        variant = str(known_columns["variant"])
        if variant not in eligible:
            raise RowError(f"variant {variant!r} is not eligible; use one of {', '.join(eligible)}")
        i = eligible.index(variant)
        logged = known_columns["propensity"]
        if logged not in (None, "") and abs(float(logged) - pmf[i]) > CLOSE:
            raise RowError(f"propensity {logged} is not the {pmf[i]} of its distribution")
        context = known_columns["context"]
        return Decision(
            subject=subject,
            slot=self.slot.name,
            revision=int(known_columns["slot_revision"] or self.slot.revision),
            channel=str(known_columns["channel"] or ""),
            page=str(known_columns["page"] or ""),
            context=context,
            cell=self.cells.cell(context),
            eligible=eligible,
            removed={},
            pmf=pmf,
            u=int(known_columns["u"]) if known_columns["u"] not in (None, "") else _between(pmf, i),
            variant=variant,
            propensity=pmf[i],
            reason=reason_of(known_columns["reason"]),
            policy=str(known_columns["policy"] or "imported"),
            policy_version=int(known_columns["policy_version"] or 0),
            terms=self.slot.terms,
            unit="",
            period=0,
            source=f"import:{self.name}",
            ref=ref,
            at=seconds_of(known_columns["at"], "at"),
        )

    def _distribution(self, known_columns: Row) -> tuple[tuple[str, ...], tuple[float, ...]]:
        if known_columns["pmf"] not in (None, ""):
            eligible, pmf = (
                _list(known_columns["eligible"], "eligible"),
                _list(known_columns["pmf"], "pmf"),
            )
        elif self.rules.distribution:
            eligible, pmf = list(self.rules.distribution), list(self.rules.distribution.values())
        else:
            cure = "give pmf and eligible, or [distribution] in the mapping; or let it only teach"
            raise RowError(f"no distribution: without one nothing can be evaluated; {cure}")
        names, shares = tuple(map(str, eligible)), tuple(map(float, pmf))
        if len(names) != len(shares) or abs(sum(shares) - 1) > CLOSE or min(shares) < 0:
            raise RowError(f"pmf {list(shares)} is not a distribution over {list(names)}")
        unknown = sorted(set(names) - set(self.slot.names))
        if unknown:
            cure = "apply a slot that has it, disabled if need be"
            raise RowError(f"unknown variant {unknown[0]!r} of slot {self.slot.name}; {cure}")
        return names, shares


def known_columns(plan: LogImport, row: Row) -> dict[str, Any]:
    """Return the values of a row by the columns of the joined form."""
    known: dict[str, Any] = {name: row.get(plan.rules.column(name)) for name in OWN}
    return known | {"context": plan.context(row)}


def _outcome(known_columns: Row, decision: Decision) -> Iterator[Record]:
    """Yield the exposure and its reward, as far as the row has them."""
    at = decision.at or 0.0
    shown = known_columns["exposed_at"]
    exposed_at = at if shown in (None, "") else seconds_of(shown, "exposed_at")
    conversions, value = worth(known_columns, decision.terms.objective)
    if conversions is None:
        return
    ref = cast("Ref", decision.ref)
    same = (decision.slot, decision.revision, decision.variant, decision.cell, decision.reason)
    window = decision.terms.window
    yield Exposure(decision.subject, ref, *same, decision.propensity, window, exposed_at)
    if conversions or value:
        paid = known_columns["rewarded_at"]
        happened = exposed_at if paid in (None, "") else seconds_of(paid, "rewarded_at")
        name = blake2b(f"{ref}".encode(), digest_size=16).hexdigest()
        change = (conversions, value, value * value)
        yield Reward(
            name, decision.subject, ref, *same, exposed_at, "", *change, shared=False, at=happened
        )


def worth(known_columns: Row, objective: str) -> tuple[int | None, int]:
    """Return conversions and fen; None where the decision was not exposed: it has no reward at all.

    Raises:
        RowError: the reward is not a number from 0 on.
    """
    conversions, value, reward = (
        known_columns["conversions"],
        known_columns["value_fen"],
        known_columns["reward"],
    )
    if conversions not in (None, "") and value not in (None, ""):
        return int(conversions), int(value)
    if reward in (None, ""):
        return None, 0
    number = float(reward)
    if not (math.isfinite(number) and number >= 0):
        raise RowError(f"reward {reward!r} is not a number from 0 on")
    return int(number > 0), fen_of(number) if objective == "revenue" else 0


def reason_of(value: object) -> DecisionReason:
    """Return the reason of a row; `policy` where the row has none.

    Raises:
        RowError: the reason is unknown.
    """
    if value in (None, ""):
        return DecisionReason.POLICY
    found = next((one for one in DecisionReason if one == value), None)
    if found is None:
        raise RowError(f"unknown reason {value!r}; use one of {', '.join(DecisionReason)}")
    return found


def _between(pmf: Sequence[float], i: int) -> int:
    """Return a draw that gives this variant, so that logs without draws can still be repeated."""
    low = ([0.0, *accumulate(pmf)])[i]
    return min(int((low + pmf[i] / 2) * 2**64), 2**64 - 1)


def seconds_of(value: object, name: str) -> float:
    """Read a time as logs write it, in seconds.

    Raises:
        RowError: it is not a time.
    """
    try:
        return parse_instant(value)
    except ValueRefusedError as error:
        raise RowError(f"{name} {error}") from error


def _table(value: object) -> dict[str, object]:
    if value in (None, ""):
        return {}
    found: Any = json.loads(value) if isinstance(value, str) else value
    try:
        return dict(found)  # a table, or the pairs of a map
    except (TypeError, ValueError) as error:
        raise RowError(f"context {value!r} is not a table of names and values") from error


def _list(value: object, name: str) -> list[Any]:
    found = json.loads(value) if isinstance(value, str) and value else value
    if not isinstance(found, list | tuple) or not found:
        raise RowError(f"{name} {value!r} is not a list")
    return list(found)


def _typed(attribute: SlotAttribute | None, value: object) -> Scalar:
    """Convert a value by its attribute's kind: a log's text has no types."""
    if not isinstance(value, str) or attribute is None or attribute.kind == "category":
        return cast("Scalar", value)
    if attribute.kind == "flag":
        return FLAGS.get(value.lower())
    try:
        return float(value)
    except ValueError:
        return None
