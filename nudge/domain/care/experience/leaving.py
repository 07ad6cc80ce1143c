"""Kinds of leaving: why people go, told by themselves or by the operator, or seen in payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bandits.units import DAY
from nudge.domain.values.closed_list import ClosedList

NEED_GONE: Final = "need_gone"
OTHER_OPERATOR: Final = "other_operator"
NUMBER_CHANGED: Final = "number_changed"
SPENDING_FALLS: Final = "spending_falls"
KINDS: Final = ClosedList((NEED_GONE, OTHER_OPERATOR, NUMBER_CHANGED, SPENDING_FALLS))
"""Kinds of leaving; `number_changed` is another number of the same operator."""
NO_RECHARGE: Final = "no_recharge"
"""The kind of a person who paid before and pays no more; it is seen, nobody tells it."""
LEAVING: Final = "leaving"
"""Field of `feedback`, `complaint` and `winback_outcome`, and context attribute, with the kind."""
TELLERS: Final = ("feedback", "complaint", "winback_outcome")
"""Types of events that may tell it."""
TOLD: Final = "told"
SEEN: Final = "seen"
LOOK_BACK: Final = 90.0 * DAY
"""Seconds before a period in which a kind that was told still counts."""
WINDOW: Final = 60.0 * DAY
"""Seconds of each of the two times whose payments are compared: two months, as many pay monthly."""
SHORTEST: Final = 28.0 * DAY
"""Seconds below which payments that stay out mean nothing: many pay monthly."""
FEWEST_PAYMENTS: Final = 2
"""Payments that the earlier time needs at least: of one alone nobody knows a rhythm."""
FALL: Final = 0.5
"""Share of the earlier time's payments that is left at most where spending falls."""
TITLES: Final[Mapping[str, dict[str, str]]] = {
    NEED_GONE: {"zh": "不再需要", "en": "the need is gone"},
    OTHER_OPERATOR: {"zh": "转往其他运营商", "en": "moved to another operator"},
    NUMBER_CHANGED: {"zh": "网内换号", "en": "changed the number inside"},
    SPENDING_FALLS: {"zh": "消费下降", "en": "spending falls"},
    NO_RECHARGE: {"zh": "不再充值", "en": "no recharge any more"},
}
"""Names of the kinds in sentences."""
