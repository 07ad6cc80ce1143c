"""Expiry: the oldest rows of a partition are removed, and a closing balance takes their place.

The manifest of what is left replaces those of the rows the moment it has its name (see
`manifest.chain`). The rows' files and manifests stay for as long as a reader may be at them, and
are swept then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from nudge import faults
from nudge.domain.credit.attribution import GRACE
from nudge.domain.credit.attribution_replay import AttributionReplay
from nudge.domain.credit.booking import widen_buckets
from nudge.domain.credit.closing_state import ClosingState
from nudge.domain.journal.records import Exposure, JournalEntry
from nudge.lake.files import balances, disk, manifest
from nudge.lake.files.balances import Balance
from nudge.lake.files.history import batches
from nudge.lake.files.import_balance import ImportBalance
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake
from nudge.lake.files.removed_rows import RemovedRows
from nudge.lake.files.restore import Unseal, entries

ROWS: Final = 100_000
"""Most rows of one step; a single manifest may exceed it."""
BATCH: Final = 500
"""Entries in a batch, as many as `attribute` takes."""


def plan(listed: Sequence[Manifest], upto: int, before: str, rows: int = ROWS) -> list[Manifest]:
    """List the manifests of a partition whose rows may be removed next, the oldest first.

    Args:
        listed: manifests of the partition, in order.
        upto: position up to which all folds have read.
        before: the first day that stays, as in `date=2026-09-21`.
        rows: most rows of one step.
    """
    taken: list[Manifest] = []
    count = 0
    for one in listed:
        if one.expired:
            continue
        if not one.lost:
            if one.last_day >= before or one.range.upto > upto:
                break
            if count and count + one.rows > rows:
                break
            count += one.rows
        taken.append(one)
    return _ending_in_rows(taken)


def expire(
    lake: Lake, balance: Balance, parts: Sequence[Manifest], watermark: float, unseal: Unseal
) -> Manifest | None:
    """Replace rows by their closing balance, up to the first manifest with an open exposure.

    Idempotent: after a crash anywhere the lake holds the rows or their balance, and a repetition
    replaces the same files.

    Args:
        lake: lake of the installation.
        balance: closing balance of the rows before these.
        parts: manifests from `plan`.
        watermark: seconds, up to which `attribute` has credited the partition.
        unseal: finds references behind decision ids.

    Returns:
        The manifest with the new balance; None if the first part has an open exposure.

    Raises:
        BrokenLakeError: a file does not hold what its manifest says; nothing has changed.
        LakeAwayError: the disk refused.
    """
    closing, imports, gone = _closing(lake, balance, parts, watermark, unseal)
    if not gone:
        return None
    of = Range(gone[0].range.partition, 0, gone[-1].range.upto)
    sums, visitors, known = balances.paths(of)
    with disk.translate_errors(f"balance of {of}"):
        balances.write_sums(lake.root / sums, widen_buckets(closing.sums, closing.watermark))
        if imports.imports:
            imports.write(lake.root / known)
        faults.point("expire.between_files")
        balances.write_visitors(lake.root / visitors, balance, closing.replay)
    faults.point("expire.after_files")
    rows, lost, beside = _rows(balance, gone), _lost(balance, gone), _beside(balance, gone)
    known = known if imports.imports else ""
    left = RemovedRows(closing.watermark, rows, lost, sums, visitors, beside, known)
    marks = [balance.watermark, *(one.watermark for one in gone)]
    mark = max((one for one in marks if one is not None), default=None)
    made = Manifest(of, (), mark, expired=left)
    manifest.write(lake.root, made)
    faults.point("expire.after_manifest")
    return made


def _closing(
    lake: Lake, balance: Balance, parts: Sequence[Manifest], watermark: float, unseal: Unseal
) -> tuple[ClosingState, ImportBalance, list[Manifest]]:
    """Replay the parts on the balance; return the state after them, and the parts used."""
    imports = balance.imports()
    closing, gone = ClosingState(AttributionReplay(balance.until)), list[Manifest]()
    closing.sums.update(balance.sums())
    closing.replay.know(balance.open_states())
    asked = set(closing.replay.visitors)
    for one in parts:
        tables = lake.rows(one)
        found = entries(tables, unseal)
        if not all(_is_closed(entry, watermark) for entry in found):
            break
        new = _subjects(tables) - asked
        asked |= new
        closing.replay.know(balance.states_of(new))
        for batch in batches(iter(found), BATCH):
            closing.take(batch)
        imports.take(found)
        gone.append(one)
    return closing, imports, _ending_in_rows(gone)


def _ending_in_rows(parts: list[Manifest]) -> list[Manifest]:
    """Drop lost ranges at the end: they are accounted for with the rows that follow them."""
    while parts and parts[-1].lost:
        parts = parts[:-1]
    return parts


def _subjects(tables: dict[str, pa.Table]) -> set[str]:
    found: set[str] = set()
    for name in ("decisions", "events"):
        if name in tables:
            found.update(tables[name]["subject"].unique().to_pylist())
    return found


def _is_closed(entry: JournalEntry, watermark: float) -> bool:
    """Return False for an exposure that may still be rewarded, by the rule of `attribute`."""
    record = entry.record
    if not isinstance(record, Exposure):
        return True
    return max(record.at + record.window, entry.stamp + GRACE) < watermark


def _rows(balance: Balance, parts: Sequence[Manifest]) -> dict[str, int]:
    found = Counter(balance.left.rows if balance.left else {})
    for file in (file for one in parts for file in one.files):
        found[file.table] += file.rows
    return dict(sorted(found.items()))


def _beside(balance: Balance, parts: Sequence[Manifest]) -> int:
    before = balance.left.beside if balance.left else 0
    return before + sum(one.beside for one in parts)


def _lost(balance: Balance, parts: Sequence[Manifest]) -> int:
    before = balance.left.lost if balance.left else 0
    return before + sum(len(one.range) for one in parts if one.lost)
