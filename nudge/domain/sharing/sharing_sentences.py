"""The sentence that says that slots which share payments are not added up."""

from __future__ import annotations

from nudge.domain.basics.money import FEN
from nudge.domain.sharing.shared_credit import NONE, PaymentCount, SharedCredit

Said = dict[str, str]
"""A sentence by language, `zh` and `en`."""


def headline(found: SharedCredit, *, hidden: bool) -> Said:
    """Put into words what a sum over the slots would make of the payments, and how many there are.

    Args:
        found: credit of all slots.
        hidden: fewer than 20 people are behind it.
    """
    true = found.credited
    if not true.payments:
        return {
            "zh": "该时段内没有支付计入任何决策位。",
            "en": "No slot was credited with a payment in this period.",
        }
    if hidden:
        return {
            "zh": "人数不足 20 人，为保护隐私不展示数据。",
            "en": "There are fewer than 20 people, so no figures are shown.",
        }
    shared = sum(n.payments for names, n in found.sets.items() if len(names) > 1)
    if not shared:
        return {
            "zh": f"共 {true.payments:,} 笔支付（{_yuan(true)} 元）计入决策位，没有重复计入；"
            "即便如此，各决策位的提升幅度也不可相加。",
            "en": f"Slots were credited with {true.payments:,} payments ({_yuan(true)} yuan), none "
            "of them twice; even so, lifts of slots are never added up.",
        }
    return _shared(found, true, shared)


def _shared(found: SharedCredit, true: PaymentCount, shared: int) -> Said:
    added = NONE
    for slot in found.slots:
        added = added + found.of(slot)
    return {
        "zh": f"各决策位的数据不可相加：逐个相加为 {added.payments:,} 笔（{_yuan(added)} 元），"
        f"实际只有 {true.payments:,} 笔（{_yuan(true)} 元），"
        f"其中 {shared:,} 笔同时计入了两个或更多决策位。",
        "en": f"The slots must not be added up: that would make {added.payments:,} payments "
        f"({_yuan(added)} yuan), and there are {true.payments:,} ({_yuan(true)} yuan), of which "
        f"{shared:,} are credited to two slots or more.",
    }


def _yuan(count: PaymentCount) -> str:
    return f"{count.fen / FEN:,.2f}".removesuffix(".00")
