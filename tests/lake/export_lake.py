"""A small lake of one slot's decisions with known figures, for what is exported and imported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from lake_samples import DECISION, EXPOSURE, MIDNIGHT, REVENUE, REWARD, SEALER

from nudge.domain.journal.records import Decision, JournalEntry, Record, Ref
from nudge.lake.files import manifest, writer
from nudge.lake.files.manifest import Manifest, Range
from nudge.lake.files.reader import Lake

NAMES = ("a", "b", "c")
LATER = MIDNIGHT + 3 * 86_400


@dataclass(frozen=True)
class Row:
    """A decision and what came of it.

    Attributes:
        decision: the record.
        shown: it was exposed.
        yuan: paid; 0 for nothing.
    """

    decision: Decision
    shown: bool
    yuan: int


def rows(count: int = 600, seed: int = 3) -> list[Row]:
    """Decisions of the slot `denomination`: half of the visitors pay where `b` is shown."""
    rng = np.random.default_rng(seed)
    return [_row(rng, number) for number in range(count)]


def _row(rng: np.random.Generator, number: int) -> Row:
    eligible = NAMES if rng.random() < 0.7 else NAMES[:2]
    weights = rng.dirichlet(np.ones(len(eligible))) * 0.7 + 0.3 / len(eligible)
    pmf = tuple(float(p) for p in weights / weights.sum())
    i = int(rng.choice(len(eligible), p=pmf))
    paid = rng.random() < (0.5 if eligible[i] == "b" else 0.2)
    decision = replace(
        DECISION,
        subject=f"{number % 400:032x}",
        slot="denomination",
        terms=REVENUE,
        context={"device": str(rng.choice(["ios", "安卓"])), "amount": int(rng.integers(10, 99))},
        eligible=eligible,
        removed={},
        pmf=pmf,
        variant=eligible[i],
        propensity=pmf[i],
        reason=str(rng.choice(["policy", "policy", "policy", "holdout"])),
        at=MIDNIGHT + number,
    )
    return Row(decision, bool(rng.random() < 0.9), int(rng.choice([30, 50])) if paid else 0)


def lake_of(root: Path, made: list[Row]) -> Lake:
    """The rows in a lake, all of whose windows have closed."""
    records: list[Record] = []
    for row in made:
        records.append(row.decision)
        if row.shown:
            ref = Ref(0, len(records))
            records.append(_exposure(row.decision, ref))
            records += [_reward(row, ref)] if row.yuan else []
    entries = [JournalEntry(0, i + 1, LATER, record) for i, record in enumerate(records)]
    lake = Lake(root)
    of = Range(0, 0, len(entries))
    files = writer.write(lake.root, [of], [entries], SEALER.seal_each)
    manifest.write(lake.root, Manifest(of, files[0], LATER + 86_400))
    return lake


def _exposure(decision: Decision, ref: Ref) -> Record:
    return replace(
        EXPOSURE,
        subject=decision.subject,
        slot=decision.slot,
        decision=ref,
        variant=decision.variant,
        reason=decision.reason,
        propensity=decision.propensity,
        at=(decision.at or 0.0) + 1,
    )


def _reward(row: Row, ref: Ref) -> Record:
    decision, fen = row.decision, row.yuan * 100
    return replace(
        REWARD,
        reward_id=str(ref),
        subject=decision.subject,
        slot=decision.slot,
        decision=ref,
        variant=decision.variant,
        reason=decision.reason,
        conversions=1,
        value=fen,
        square=fen * fen,
        exposed_at=(decision.at or 0.0) + 1,
        at=(decision.at or 0.0) + 60,
    )
