"""Questions about factors of leaving in the lake: a period, and what is known before it. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bandits.units import DAY
from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.basics.slot_values import ATTRIBUTE_FORM
from nudge.domain.care.experience.leaving import KINDS, NO_RECHARGE
from nudge.domain.reports.questions import CONTEXT, period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError

PARAMETERS: Final = ("from", "to", "segment", "scene", "kind", "format")
ASKED_KINDS: Final = (*KINDS.words, NO_RECHARGE)
"""Kinds of leaving that may be asked for."""
WEEKS: Final = 8
"""Weeks of the period where no `from` is given."""
HISTORY: Final = 56.0 * DAY
"""Seconds before the period of which something is known, at least; a longer period has as much."""
STEP: Final = 300
"""Seconds: without `to` a period ends on a multiple, so that equal questions share one answer."""
LONGEST: Final = 60
"""Most characters of a scene."""


@dataclass(frozen=True)
class FactorQuestion:
    """A question about factors of leaving.

    Attributes:
        moment: seconds; what is known of people is from before, who left did so from here on.
        end: seconds; who left later stayed.
        segment: attribute that divides the people; empty for none.
        scene: whose factors are told; empty for all.
        kind: of leaving that is looked at; empty for all.
        zone: IANA name of the zone of labels.
    """

    moment: float
    end: float
    segment: str = ""
    scene: str = ""
    kind: str = ""
    zone: str = ZONE

    @property
    def first(self) -> float:
        """The moment from which something is known of people."""
        return self.moment - max(HISTORY, self.end - self.moment)

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        words = {"segment": self.segment, "scene": self.scene, "kind": self.kind}
        return {"from": self.moment, "to": self.end, **words, "zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> FactorQuestion:
        """Read a question from its `plain` form."""
        words = (str(plain[name]) for name in ("segment", "scene", "kind", "zone"))
        return cls(float(plain["from"]), float(plain["to"]), *words)


def factor_question(
    texts: Mapping[str, str], now: float, calendar: OperatorCalendar, step: int = STEP
) -> FactorQuestion:
    """Read a question about factors from the parameters of a query.

    Args:
        texts: parameter -> text.
        now: seconds; a later end is moved here, as who will leave is not known yet.
        calendar: of dates and labels.
        step: seconds; see `STEP`.

    Raises:
        InvalidRequestError: a parameter is unknown or makes no sense; each by name, with the cure.
    """
    for name in texts:
        if name not in PARAMETERS:
            raise _wrong(name, f"unknown parameter; use {', '.join(PARAMETERS)}")
    until = float(math.ceil(now / step) * step)
    asked = period_of(texts.get("from"), texts.get("to"), calendar)
    end = until if asked.end is None else min(asked.end, until)
    moment = calendar.earlier(end, weeks=WEEKS) if asked.start is None else asked.start
    if not moment < end:
        raise _wrong("from", "is not before the period's end, or in the future; give earlier times")
    words = (_segment(texts), _scene(texts), _kind(texts))
    return FactorQuestion(moment, end, *words, calendar.zone.key)


def _segment(texts: Mapping[str, str]) -> str:
    name = texts.get("segment", "")
    if name and not re.fullmatch(ATTRIBUTE_FORM, name.removeprefix(CONTEXT)):
        cure = "name a context attribute, such as stage"
        raise _wrong("segment", f"{mask_numbers(name)!r} is not an attribute; {cure}")
    return name.removeprefix(CONTEXT)


def _scene(texts: Mapping[str, str]) -> str:
    scene = mask_numbers(texts.get("scene", "").strip())
    if len(scene) > LONGEST:
        raise _wrong("scene", f"has more than {LONGEST} characters; name a scene of the report")
    return scene


def _kind(texts: Mapping[str, str]) -> str:
    kind = texts.get("kind", "")
    if kind and kind not in ASKED_KINDS:
        raise _wrong("kind", f"unknown kind of leaving; use {', '.join(ASKED_KINDS)}")
    return kind


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
