"""Payments by group of visitors: held out everywhere, personalised, or by the operator's rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from ibis.expr.types import Table

from bandits.arrays import BoolArray, FloatArray
from nudge.domain.journal.records import DecisionReason
from nudge.domain.overview.group_sums import GroupLift, GroupSums
from nudge.domain.slots.holdout import GLOBAL, in_holdout
from nudge.lake.engine.dialects import arrow
from nudge.lake.engine.query import Backend, answer, keep_rows
from nudge.lake.reports.local_dates import timestamp
from nudge.lake.sharing.payments import payment_log

DRAWN = (
    DecisionReason.POLICY,
    DecisionReason.HOLDOUT,
    DecisionReason.USUAL,
    DecisionReason.ONLY_ELIGIBLE,
)
"""Reasons of decisions that pages asked for: what is forced or shadowed tells nothing."""


class RecentLifts(NamedTuple):
    """The lifts of a period.

    Attributes:
        holdout: of everybody else over those who are held out of every slot.
        usual: slot -> of its policy over the visitors who get the operator's own rule.
    """

    holdout: GroupLift
    usual: Mapping[str, GroupLift]


def recent_lifts(backend: Backend, start: float, end: float, share: float) -> RecentLifts:
    """Return the lifts of the visitors for whom something was decided in a period.

    A visitor counts once, with all that was paid in the period behind refunds, in the group that
    chance chose: what was seen and bought has no part in it (intention to treat).

    Args:
        backend: from `connect`.
        start: seconds.
        end: seconds, behind the period.
        share: of the holdout of all slots.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    with payment_log(backend, start, end) as log:
        decided = _decided(backend.table("decisions"), start, end)
        rows = log.with_root(decided)
        grouped = rows.group_by("root", "slot").aggregate(
            policy=(rows.reason == DecisionReason.POLICY).any(),
            usual=(rows.reason == DecisionReason.USUAL).any(),
        )
        inside = log.table.filter(log.table.inside)
        paid = inside.group_by("root").aggregate(fen=inside.fen.sum())
        both = grouped.left_join(paid, "root").select(
            "root", "slot", "policy", "usual", fen=paid.fen.fill_null(0)
        )
        with keep_rows(backend, both) as kept:
            return RecentLifts(_over_holdout(backend, kept, share), _over_usual(backend, kept))


def _decided(decisions: Table, start: float, end: float) -> Table:
    first = datetime.fromtimestamp(start, UTC).date()
    asked = decisions.filter(decisions.date >= first, decisions.reason.isin(list(DRAWN)))
    asked = asked.filter(asked["at"] >= timestamp(start), asked["at"] < timestamp(end))
    return asked.select("subject", "slot", "reason")


def _over_holdout(backend: Backend, kept: Table, share: float) -> GroupLift:
    people = kept.group_by("root").aggregate(fen=kept.fen.max())
    found = arrow(backend, people)
    fen = np.asarray(found["fen"].to_numpy(), dtype=np.float64)
    held = np.fromiter(
        (in_holdout(one, GLOBAL, share) for one in found["root"].to_pylist()),
        dtype=np.bool_,
        count=len(fen),
    )
    return GroupLift(_sums(fen, ~held), _sums(fen, held))


def _sums(fen: FloatArray, of: BoolArray) -> GroupSums:
    chosen = fen[of]
    return GroupSums(
        len(chosen), int((chosen > 0).sum()), int(chosen.sum()), float((chosen**2).sum())
    )


def _over_usual(backend: Backend, kept: Table) -> dict[str, GroupLift]:
    drawn = kept.filter(kept.usual | kept.policy)
    yuan = drawn.fen.cast("float64")
    counted = drawn.group_by("slot", "usual").aggregate(
        visitors=drawn.count(),
        payers=(drawn.fen > 0).cast("int64").sum(),
        fen=drawn.fen.sum(),
        square=(yuan * yuan).sum(),
    )
    rows = answer(backend, counted)
    groups = {(row["slot"], bool(row["usual"])): _group(row) for row in rows}
    named = sorted(slot for slot, usual in groups if usual)
    return {
        slot: GroupLift(groups.get((slot, False), GroupSums()), groups[slot, True])
        for slot in named
    }


def _group(row: Mapping[str, Any]) -> GroupSums:
    sums = (int(row["visitors"]), int(row["payers"]), int(row["fen"]))
    return GroupSums(*sums, float(row["square"]))
