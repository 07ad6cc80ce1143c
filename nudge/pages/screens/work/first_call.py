"""The first call: one sentence of who is to be called first, at the head of each list of cases."""

from __future__ import annotations

from collections.abc import Sequence

from nudge.pages.formats import moment, money_of_yuan
from nudge.pages.screens.work.case_row import Ageing, CaseRow, Gain
from nudge.pages.translation import gettext as _


def first_to_call(rows: Sequence[CaseRow]) -> CaseRow | None:
    """Return who is to be called first: the first who may be contacted now, else the first."""
    open_ones = [one for one in rows if one.is_open]
    return next((one for one in open_ones if one.may_call), open_ones[0] if open_ones else None)


def first_call_sentence(row: CaseRow | None, who: str, gain: Gain | None) -> str:
    """Return the sentence of who is to be called first, until when, and what that brings.

    Args:
        row: of the case; None where there is no open case.
        who: the person, masked.
        gain: of a contact; None where it is not known.
    """
    if row is None:
        return _("Nobody is waiting: no open case fits this list.")
    if not row.may_call:
        return _later(row, who)
    yuan = gain.yuan if gain and gain.is_told else None
    if yuan is None:
        return _now(row, who)
    return _now_with_gain(row, who, [money_of_yuan(one) for one in yuan])


def _later(row: CaseRow, who: str) -> str:
    start = row.reach.start if row.reach else ""
    if start:
        text = _("Nobody of this list may be contacted now. The next is %(who)s, from %(start)s.")
        return text % {"who": who, "start": moment(start)}
    if row.reach is None:
        return _("The next case is that of %(who)s.", who=who)
    return _("Nobody of this list may be contacted: the contact rules forbid it. See why below.")


def _now(row: CaseRow, who: str) -> str:
    if row.ageing is Ageing.OVERDUE:
        return _("Call %(who)s first: overdue since %(due)s.", who=who, due=moment(row.due))
    if row.due:
        return _("Call %(who)s first: due on %(due)s.", who=who, due=moment(row.due))
    return _("Call %(who)s first. What a call adds cannot be told yet.", who=who)


def _now_with_gain(row: CaseRow, who: str, yuan: Sequence[str]) -> str:
    told = {"who": who, "yuan": yuan[0], "low": yuan[1], "high": yuan[2]}
    if row.ageing is Ageing.OVERDUE:
        text = _(
            "Call %(who)s first: overdue since %(due)s; a call is expected to bring %(yuan)s "
            "(%(low)s to %(high)s)."
        )
    elif row.due:
        text = _(
            "Call %(who)s first: due on %(due)s; a call is expected to bring %(yuan)s "
            "(%(low)s to %(high)s)."
        )
    else:
        text = _("Call %(who)s first: a call is expected to bring %(yuan)s (%(low)s to %(high)s).")
    return text % (told | {"due": moment(row.due or None)})
