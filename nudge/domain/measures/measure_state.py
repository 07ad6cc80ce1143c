"""State of a measure for a case: which is due, whether it may be granted now, and why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nudge.domain.care.case import Case, CaseState
from nudge.domain.measures.measure import Measure
from nudge.domain.measures.measure_contact import MeasureContact
from nudge.domain.measures.measure_options import MeasureOption
from nudge.domain.measures.measure_reasons import (
    NOTHING,
    MeasureReason,
    reason_of_code,
    same_text,
)
from nudge.domain.offers.offer_reasons import Said


class MeasureState(NamedTuple):
    """The state of a measure for a case.

    Attributes:
        measure: that is due; None where none is.
        reason: why it may not be granted now; None where it may.
        detail: what the reason is about, such as the group of benefits.
        contact: in which it may be told; None where that was not asked.
        options: variants of its slot, in the slot's order.
        due: seconds until which it is due; None without a date.
    """

    measure: Measure | None
    reason: MeasureReason | None = None
    detail: Said = NOTHING
    contact: MeasureContact | None = None
    options: Sequence[MeasureOption] = ()
    due: float | None = None

    @property
    def may(self) -> bool:
        """Whether the measure may be granted now."""
        return self.reason is None


def refused_case(
    case: Case, measure: Measure | None, titles: Mapping[str, Mapping[str, str]]
) -> MeasureState | None:
    """Return the state of a case of which nothing is asked any more; None for others.

    Args:
        case: of any kind.
        measure: that was granted; None where there is none, or it is gone.
        titles: variant of its slot -> title by language.
    """
    if case.held:
        return MeasureState(None, MeasureReason.HELD)
    if case.grant is not None:
        name = str(case.grant.fact("variant") or "")
        title = {**same_text(name), **titles.get(name, {})}
        return MeasureState(measure, MeasureReason.GRANTED, title)
    if case.state is CaseState.CLOSED:
        return MeasureState(None, MeasureReason.CLOSED)
    return None


def benefit_problem(options: Sequence[MeasureOption]) -> tuple[MeasureReason, Said] | None:
    """Return why none of the benefits may be granted; None where one may.

    A slot without any benefit is asked for any of its variants.

    Args:
        options: of the slot.
    """
    asked = [one for one in options if one.group] or list(options)
    if any(one.reason is None for one in asked):
        return None
    found = [reason_of_code(one.reason or "") for one in asked]
    telling = (one for one in found if one[0] is not MeasureReason.NOT_ELIGIBLE)
    return next(telling, (MeasureReason.NOT_ELIGIBLE, NOTHING))
