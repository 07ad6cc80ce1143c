"""Details of a reason against a contact, with the figures of the visitor, as a clause. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from nudge.domain.basics.local_time import Days, day_range, local, month_range, week_range
from nudge.domain.contact import contact
from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.contact.contact_personal import list_counted
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_words import REASON_SENTENCES, describe_length, quiet_hours
from nudge.domain.contact.pressure_rules import ContactKind, RollingLimit
from nudge.domain.reports.sentences import Said
from nudge.domain.sms.spoken_times import spoken_day, spoken_moment

_PERIODS: Final[Mapping[str, tuple[str, str, Callable[[int], Days]]]] = {
    contact.CAP_DAY: ("当天", "on that day", day_range),
    contact.CAP_WEEK: ("当周", "in that week", week_range),
    contact.CAP_MONTH: ("当月", "in that month", month_range),
}
"""Code of a cap -> its period in Chinese and English, and the period's local days."""


@dataclass(frozen=True)
class ReasonDetails:
    """The facts from which the clauses of all reasons against one contact are made.

    Attributes:
        policy: of contacts.
        known: facts about the visitor.
        kind: purpose and channel.
        at: seconds, the moment that was asked about.
    """

    policy: ContactPolicy
    known: ContactFacts
    kind: ContactKind
    at: float

    def describe(self, reason: str) -> Said:
        """Return a reason as a clause without its full stop, to stand behind a colon."""
        told = self._own.get(reason)
        return (told() if told else None) or _plain(reason)

    @cached_property
    def _own(self) -> Mapping[str, Callable[[], Said | None]]:
        return {
            contact.NO_CONSENT: self._consent,
            contact.COMPLAINT: self._complaint,
            contact.QUIET_HOURS: self._quiet,
            contact.SPACING: self._spacing,
            contact.CAP_DAY: lambda: self._cap(contact.CAP_DAY, self.policy.caps.day),
            contact.CAP_WEEK: lambda: self._cap(contact.CAP_WEEK, self.policy.caps.week),
            contact.CAP_MONTH: lambda: self._cap(contact.CAP_MONTH, self.policy.caps.month),
            contact.CAP_ROLLING: self._rolling,
        }

    @cached_property
    def _zone(self) -> ZoneInfo:
        return self.policy.zone_of(self.known)

    @cached_property
    def _counted(self) -> list[Contact]:
        return list_counted(self.policy, self.known, self.kind.purpose)

    def _consent(self) -> Said:
        said = [one for one in self.known.consents if one.channel == self.kind.channel]
        last = max(said, key=lambda one: (one.at, not one.given), default=None)
        if last is None or last.given:
            return {"zh": "客户没有同意该渠道", "en": "the visitor has not agreed to the channel"}
        if not last.at:
            return {"zh": "客户拒绝了该渠道", "en": "the visitor refused the channel"}
        day = spoken_day(self._zone, last.at, self.at)
        return {
            "zh": f"客户 {day['zh']}拒绝了该渠道",
            "en": f"the visitor refused the channel on {day['en']}",
        }

    def _complaint(self) -> Said | None:
        since, pause = self.known.complained_at, self.policy.complaint_pause
        if since is None:
            return None
        day = spoken_day(self._zone, since, self.at)
        if math.isinf(pause):
            return {
                "zh": f"客户 {day['zh']}投诉过，此后不再触达",
                "en": f"the visitor complained on {day['en']}, which ends all contacts",
            }
        end = spoken_day(self._zone, since + pause, self.at)
        return {
            "zh": f"客户 {day['zh']}投诉过，{end['zh']}前不触达",
            "en": f"the visitor complained on {day['en']}; there are no contacts until {end['en']}",
        }

    def _quiet(self) -> Said:
        hours = quiet_hours(self.policy.channels[self.kind.channel])
        return {
            "zh": f"免打扰时段为 {'、'.join(hours)}",
            "en": f"quiet hours are {' and '.join(hours)}",
        }

    def _spacing(self) -> Said:
        zh, en = describe_length(self.policy.spacing)
        nearest = min(self._counted, key=lambda one: abs(one.at - self.at))
        moment = spoken_moment(self._zone, nearest.at, self.at)
        if nearest.at <= self.at:
            return {
                "zh": f"距 {moment['zh']} 的触达不足 {zh}",
                "en": f"the contact of {moment['en']} is less than {en} ago",
            }
        return {
            "zh": f"离 {moment['zh']} 的排期不足 {zh}",
            "en": f"a contact is planned for {moment['en']}, less than {en} later",
        }

    def _cap(self, reason: str, most: int | None) -> Said | None:
        zh, en, range_of = _PERIODS[reason]
        first, behind = range_of(local(self._zone, self.at)[0])
        inside = [x for x in self._counted if first <= local(self._zone, x.at)[0] < behind]
        return None if most is None else self._count(inside, most, zh, en)

    def _rolling(self) -> Said | None:
        """Return the limit of which most contacts stand around the moment."""
        for limit in self.policy.find_terms(self.kind).limits:
            inside = self._stretch(limit)
            if len(inside) >= limit.most:
                zh, en = describe_length(limit.within)
                return self._count(inside, limit.most, f"{zh}内", f"in {en}")
        return None

    def _stretch(self, limit: RollingLimit) -> list[Contact]:
        """Return the fullest run of contacts that a stretch around the moment holds."""
        near = sorted(one for one in self._counted if limit.covers(one))
        runs = [
            [x for x in near if first.at <= x.at < first.at + limit.within]
            for first in near
            if first.at > self.at - limit.within
        ]
        around = [one for one in runs if one[-1].at < self.at + limit.within]
        return max(around, key=len, default=[])

    def _count(self, inside: Sequence[Contact], most: int, zh: str, en: str) -> Said:
        number = len(inside)
        times = "once" if number == 1 else f"{number} times"
        planned = any(one.at > self.at for one in inside)
        made_zh, made_en = (
            ("已触达和已排期", "contacted or planned") if planned else ("已触达", "contacted")
        )
        return {
            "zh": f"{zh}{made_zh} {number} 次（上限 {most} 次）",
            "en": f"{made_en} {times} {en} (limit {most})",
        }


def _plain(reason: str) -> Said:
    """Return the sentence that every reason has, as a clause."""
    told = REASON_SENTENCES[reason]
    en = told["en"].rstrip(".")
    return {"zh": told["zh"].rstrip("。"), "en": en[:1].lower() + en[1:]}
