"""Notices and their deliveries: what a person is told, and what became of the tries to tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from bandits.units import DAY, MINUTE
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.notice_address import address_label
from nudge.domain.alarms.notice_policy import Addressee
from nudge.domain.basics.calendar import OperatorCalendar

PATIENCE: Final = DAY
"""Seconds after the first try at which a notice that nobody takes is given up."""
FIRST_WAIT: Final = 15
"""Seconds after the first try that failed; each wait is twice the one before."""
LONGEST_WAIT: Final = 5 * MINUTE
UNKNOWN_WAIT: Final = 2 * MINUTE
"""Seconds after which a try without an outcome is taken for one whose process died."""


class NoticeKind(StrEnum):
    """Kind of a notice."""

    OPENED = "opened"
    WORSENED = "worsened"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    DIGEST = "digest"
    TEST = "test"


class DeliveryOutcome(StrEnum):
    """Outcome of a delivery's last try.

    `trying` stands from before the try until its answer: a process that dies in between leaves it.
    `superseded`: the alarm was over before anybody took the notice.
    """

    TRYING = "trying"
    FAILED = "failed"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    SUPERSEDED = "superseded"


PENDING: Final = frozenset({DeliveryOutcome.TRYING, DeliveryOutcome.FAILED})


class Occasion(NamedTuple):
    """An occasion of a notice: an alarm, how often it has opened, and its level then."""

    alarm: str
    opening: int
    level: AlarmLevel


@dataclass(frozen=True)
class Notice:
    """A notice to one address.

    Attributes:
        occasions: alarms that it tells of; none for a digest or a test.
        subject: what makes notices without occasions differ: the digest's week, a test's moment.
    """

    kind: NoticeKind
    addressee: Addressee
    occasions: tuple[Occasion, ...] = ()
    subject: str = ""

    @property
    def id(self) -> str:
        """The id that the receiver sees: a function of the content, so that a repeat keeps it."""
        parts = [self.kind, *self.addressee, self.subject]
        parts += [f"{one.alarm} {one.opening} {one.level}" for one in self.occasions]
        text = "\n".join(f"{len(part)} {part}" for part in parts)
        return blake2b(text.encode(), digest_size=12).hexdigest()

    @property
    def level(self) -> AlarmLevel | None:
        """The highest level that it tells of; None without occasions."""
        levels = {one.level for one in self.occasions}
        return max(levels, key=level_rank, default=None)


@dataclass(frozen=True)
class Delivery:
    """A delivery: a notice, and its tries so far.

    Attributes:
        attempts: tries begun; 0 before the first.
        first: seconds of the first try.
        last: seconds of the last one.
        detail: why the last try failed, without secrets.
    """

    notice: Notice
    attempts: int = 0
    first: float = 0.0
    last: float = 0.0
    outcome: DeliveryOutcome = DeliveryOutcome.FAILED
    detail: str = ""

    @property
    def pending(self) -> bool:
        """True where another try may follow."""
        return self.outcome in PENDING

    @property
    def next_try(self) -> float:
        """The moment from which the next try may begin; 0 before the first one."""
        if not self.attempts:
            return 0.0
        if self.outcome is DeliveryOutcome.TRYING:
            return self.last + UNKNOWN_WAIT
        return self.last + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self.attempts - 1, 16))

    def begin(self, at: float) -> Delivery:
        """Return the delivery with one more try begun."""
        first = self.first if self.attempts else at
        return Delivery(self.notice, self.attempts + 1, first, at, DeliveryOutcome.TRYING)

    def end(self, at: float, problem: str | None) -> Delivery:
        """Return the delivery after a try.

        Args:
            at: seconds.
            problem: None where the receiver took it.
        """
        if problem is None:
            return replace(self, outcome=DeliveryOutcome.DELIVERED, detail="")
        over = at - self.first >= PATIENCE
        outcome = DeliveryOutcome.GIVEN_UP if over else DeliveryOutcome.FAILED
        return replace(self, last=at, outcome=outcome, detail=problem)

    @property
    def plain(self) -> dict[str, Any]:
        """The delivery as JSON. An address in it names its secrets, and holds none."""
        return {
            "kind": self.notice.kind.value,
            "person": self.notice.addressee.person,
            "url": self.notice.addressee.url,
            "occasions": [list(one) for one in self.notice.occasions],
            "subject": self.notice.subject,
            "attempts": self.attempts,
            "first": self.first,
            "last": self.last,
            "outcome": self.outcome.value,
            "detail": self.detail,
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Delivery:
        """Read a delivery from its `plain` form."""
        occasions = tuple(
            Occasion(alarm, opening, AlarmLevel(level))
            for alarm, opening, level in plain["occasions"]
        )
        addressee = Addressee(plain["person"], plain["url"])
        return cls(
            Notice(NoticeKind(plain["kind"]), addressee, occasions, plain["subject"]),
            plain["attempts"],
            plain["first"],
            plain["last"],
            DeliveryOutcome(plain["outcome"]),
            plain["detail"],
        )


def delivery_view(delivery: Delivery, calendar: OperatorCalendar) -> dict[str, Any]:
    """Return a delivery as people may see it: of its address only the kind and the host."""
    notice = delivery.notice
    return {
        "notice_id": notice.id,
        "kind": notice.kind.value,
        "person": notice.addressee.person,
        "address": address_label(notice.addressee.url),
        "alarms": [one.alarm for one in notice.occasions],
        "attempts": delivery.attempts,
        "first_try": calendar.label(delivery.first // 1),
        "last_try": calendar.label(delivery.last // 1),
        "outcome": delivery.outcome.value,
        "detail": delivery.detail,
    }


_RANKS: Final[Sequence[AlarmLevel]] = tuple(AlarmLevel)


def level_rank(level: AlarmLevel) -> int:
    """Return the rank of a level: a higher one is worse."""
    return _RANKS.index(level)
