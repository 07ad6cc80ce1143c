"""Rows of historical logs as records: a decision, its exposure and its reward."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Final, cast

from bandits.features import CellSpec
from nudge.domain.credit.import_values import (
    MOST_DRAW,
    Row,
    RowError,
    by_door,
    is_absent,
    list_of,
    number_of,
    reason_of,
    seconds_of,
    table_of,
    text_of,
    typed,
    whole_of,
    worth,
)
from nudge.domain.credit.row_identity import content_of, digest_of
from nudge.domain.journal.records import IMPORTED, Decision, Exposure, Record, Ref, Reward
from nudge.domain.slots.slot import Scalar, Slot
from nudge.domain.values.ids import parse_id
from nudge.domain.values.number_words import mask_numbers, mask_table
from nudge.domain.values.plain_text import trim

CLOSE: Final = 1e-6
"""Tolerance of a distribution's sum from 1, and of a propensity from its distribution."""
SUBJECT: Final = re.compile(r"[0-9a-f]{32}")
ROW_ID: Final = "row_id"
"""The column that tells which row is which, beside those of the joined form."""
OWN: Final = (
    *("at", "subject", "channel", "page", "context", "eligible", "pmf", "u", "variant"),
    *("propensity", "reason", "policy", "policy_version", "slot_revision", "exposed_at", "reward"),
    *("conversions", "value_fen", "rewarded_at"),
)
"""Columns of the joined form that a row may have."""
BLANK: Final[Mapping[str, Any]] = MappingProxyType(dict.fromkeys((*OWN, ROW_ID)))


@dataclass(frozen=True)
class ImportRules:
    """The mapping from a historical log's columns to the joined form.

    Attributes:
        columns: column of the joined form, or `row_id` -> the file's column; an unnamed one keeps
            its name, but for `row_id`, which must be named.
        context: attribute -> column, where attributes have columns of their own.
        distribution: variant -> probability, where one distribution drew all rows.
        teach_only: the propensities are unknown: rows are counted and never evaluated.
        series: tells logs of one slot apart whose rows may look alike and are not the same.
    """

    slot: str
    columns: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    distribution: Mapping[str, float] = field(default_factory=dict)
    teach_only: bool = False
    series: str = ""

    def column(self, name: str) -> str:
        """Return the file's column for one of the joined form."""
        return self.columns.get(name, name)


@dataclass(frozen=True)
class LogImport:
    """An import of a log in progress.

    Attributes:
        name: part of every id.
        slot: at its current revision.
        cells: of the slot's attributes.
        partitions: of the journal.
        key: of digests and subjects: of a number in a row, a plain hash can be reversed.
        now: seconds; no row is later.
        times: partition -> how often the import was taken back there: ids are never used again.
    """

    name: str
    rules: ImportRules
    slot: Slot
    cells: CellSpec
    partitions: int
    key: bytes = b""
    now: float = float("inf")
    times: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def _pairs(self) -> tuple[tuple[str, str], ...]:
        """Column of the joined form, and of the file."""
        row_id = self.rules.columns.get(ROW_ID)
        own = [(name, self.rules.column(name)) for name in OWN]
        return (*own, *([(ROW_ID, row_id)] if row_id else []))

    def known(self, row: Row) -> dict[str, Any]:
        """Return the values of a row by the columns of the joined form; None without one.

        Raises:
            RowError: the context cannot be read.
        """
        found = dict(BLANK) | {name: row[column] for name, column in self._pairs if column in row}
        context = table_of(found["context"])
        context |= {name: row.get(column) for name, column in self.rules.context.items()}
        found["context"] = context
        return found

    def digest(self, known: Row) -> bytes:
        """Return what a row is known by: its id, or else its content.

        Args:
            known: of `known`.

        Raises:
            RowError: a value cannot be read, or the id is missing.
        """
        content: object
        if ROW_ID in self.rules.columns:
            content = [ROW_ID, by_door(parse_id, known[ROW_ID], ROW_ID)]
        else:
            content = content_of(known, self.now)
        return digest_of(self.key, self.slot.name, self.rules.series, content)

    def records(self, known: Row, digest: bytes) -> tuple[int, list[Record]]:
        """Return a row's partition and records.

        Args:
            known: of `known`.
            digest: of the row, and of no other.

        Raises:
            RowError: the row cannot be a decision.
        """
        subject = self._subject(known["subject"], digest)
        ref = self._ref(subject, digest)
        decision = self._decision(known, subject, ref)
        return ref.partition, [decision, *_outcome(known, decision, self.now)]

    def packed(self, records: list[Record]) -> list[Record]:
        """Return the records of some rows as they are written."""
        return records

    def _subject(self, known: object, digest: bytes) -> str:
        named = text_of(known, "subject")
        if SUBJECT.fullmatch(named):
            return named  # of an exported log: a random id already, and the cluster of its rows
        text = f"subject {named}".encode() if named else b"row " + digest
        return blake2b(text, digest_size=16, key=self.key).hexdigest()

    def _ref(self, subject: str, digest: bytes) -> Ref:
        partition = int(subject[:8], 16) % self.partitions
        text = f"{self.name}|{self.times.get(partition, 0)}|".encode() + digest
        position = IMPORTED | (int.from_bytes(blake2b(text, digest_size=8).digest()) >> 3)
        return Ref(partition, position)

    def context(self, known_columns: Row) -> dict[str, Scalar]:
        """Return the context attributes of a row, typed by the slot's kinds."""
        kinds = {one.name: one for one in self.slot.context}
        values = known_columns["context"].items()
        found = {
            trim(name): None if is_absent(value) else typed(kinds.get(name), name, value)
            for name, value in values
        }
        masked = mask_table(found)
        return masked.table if masked else found

    def _decision(self, known_columns: Row, subject: str, ref: Ref) -> Decision:
        eligible, pmf = self._distribution(known_columns)
        variant = text_of(known_columns["variant"], "variant")
        if variant not in eligible:
            raise RowError(f"its variant is not eligible; use one of {', '.join(eligible)}")
        i = eligible.index(variant)
        logged = known_columns["propensity"]
        if not is_absent(logged) and abs(number_of(logged, "propensity") - pmf[i]) > CLOSE:
            raise RowError(f"propensity is not the {pmf[i]} of its distribution")
        context = self.context(known_columns)
        return Decision(
            subject=subject,
            slot=self.slot.name,
            revision=revision_of(known_columns, self.slot),
            channel=mask_numbers(text_of(known_columns["channel"], "channel")),
            page=mask_numbers(text_of(known_columns["page"], "page")),
            context=context,
            cell=self.cells.cell(context),
            eligible=eligible,
            removed={},
            pmf=pmf,
            u=_draw(known_columns["u"], pmf, i),
            variant=variant,
            propensity=pmf[i],
            reason=reason_of(known_columns["reason"]),
            policy=mask_numbers(text_of(known_columns["policy"], "policy")) or "imported",
            policy_version=whole_of(known_columns["policy_version"] or 0, "policy_version"),
            terms=self.slot.terms,
            unit="",
            period=0,
            source=f"import:{self.name}",
            ref=ref,
            at=seconds_of(known_columns["at"], "at", self.now),
        )

    def _distribution(self, known_columns: Row) -> tuple[tuple[str, ...], tuple[float, ...]]:
        if not is_absent(known_columns["pmf"]):
            eligible = list_of(known_columns["eligible"], "eligible")
            pmf = [number_of(one, "pmf") for one in list_of(known_columns["pmf"], "pmf")]
        elif self.rules.distribution:
            eligible, pmf = list(self.rules.distribution), list(self.rules.distribution.values())
        else:
            cure = "give pmf and eligible, or [distribution] in the mapping; or let it only teach"
            raise RowError(f"no distribution: without one nothing can be evaluated; {cure}")
        names = tuple(by_door(parse_id, one, "eligible") for one in eligible)
        shares = tuple(pmf)
        if len(names) != len(shares) or abs(sum(shares) - 1) > CLOSE or min(shares) < 0:
            raise RowError("pmf is not a distribution over eligible; give shares that sum to 1")
        if not set(names) <= set(self.slot.names):
            cure = "apply a slot that has it, disabled if need be"
            raise RowError(f"unknown variant of slot {self.slot.name}; {cure}")
        return names, shares


def revision_of(known_columns: Row, slot: Slot) -> int:
    """Return the slot's revision that a row names, or the present one.

    Raises:
        RowError: it is no revision.
    """
    told = known_columns["slot_revision"]
    return slot.revision if is_absent(told) else whole_of(told, "slot_revision", least=1)


def _outcome(known_columns: Row, decision: Decision, now: float) -> Iterator[Record]:
    """Yield the exposure and its reward, as far as the row has them."""
    at = decision.at or 0.0
    shown = known_columns["exposed_at"]
    exposed_at = at if is_absent(shown) else seconds_of(shown, "exposed_at", now)
    conversions, value = worth(known_columns, decision.terms.objective)
    if conversions is None:
        return
    ref = cast("Ref", decision.ref)
    same = (decision.slot, decision.revision, decision.variant, decision.cell, decision.reason)
    window = decision.terms.window
    yield Exposure(decision.subject, ref, *same, decision.propensity, window, exposed_at)
    if conversions or value:
        paid = known_columns["rewarded_at"]
        happened = exposed_at if is_absent(paid) else seconds_of(paid, "rewarded_at", now)
        name = blake2b(f"{ref}".encode(), digest_size=16).hexdigest()
        change = (conversions, value, value * value)
        yield Reward(
            name, decision.subject, ref, *same, exposed_at, "", *change, shared=False, at=happened
        )


def _draw(told: object, pmf: Sequence[float], i: int) -> int:
    """Return the draw, or one that gives this variant, so that logs without can be repeated."""
    if not is_absent(told):
        return whole_of(told, "u", most=MOST_DRAW)
    low = ([0.0, *accumulate(pmf)])[i]
    return min(int((low + pmf[i] / 2) * 2**64), 2**64 - 1)
