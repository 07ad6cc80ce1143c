"""The notices that are due: who is told of an alarm, when, and that it is once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from alarm_samples import alarm, with_step
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel
from nudge.domain.alarms.delivery import Delivery, DeliveryOutcome, NoticeKind
from nudge.domain.alarms.notice_policy import (
    DigestRule,
    LevelRule,
    NightRule,
    NoticePolicy,
    Person,
    QuietHours,
    morning,
)
from nudge.domain.alarms.notices import NoticeDesk, alarms_to_read
from nudge.domain.basics.calendar import OperatorCalendar, parse_date

CALENDAR: Final = OperatorCalendar()
NOON: Final = CALENDAR.start_of_day(parse_date("2026-11-25") or 0) + 12 * 3600.0
MINUTE: Final = 60.0
POLICY: Final = NoticePolicy(
    people={
        "ann": Person("ann", ("json://a/", "mailto://m?to=a@b.cc")),
        "bob": Person("bob", ("json://b/",)),
    },
    levels={
        AlarmLevel.CRITICAL: LevelRule(("ann",), 15 * MINUTE, ("bob",)),
        AlarmLevel.WARNING: LevelRule(("ann",), nights=NightRule.WAIT),
    },
    quiet=QuietHours(22 * 3600, 8 * 3600),
)


@dataclass
class Post:
    """A post office whose receivers take everything, unless `down`."""

    policy: NoticePolicy = POLICY
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    down: bool = False

    def turn(self, now: float, *alarms: Alarm) -> list[tuple[str, str]]:
        """Try what is due; return the kinds and people that were tried."""
        desk = NoticeDesk(alarms, self.deliveries, self.policy, now, CALENDAR)
        self.deliveries |= {one.notice.id: one for one in desk.superseded()}
        desk = replace(desk, deliveries=self.deliveries)
        due = desk.due()
        for one in due:
            self.deliveries[one.notice.id] = one.begin(now).end(now, "down" if self.down else None)
        return sorted((one.notice.kind.value, one.notice.addressee.person) for one in due)


def test_an_alarm_is_told_once_to_each_address() -> None:
    """Everybody of the level is told at every address; a later look tells nobody again."""
    post, open_ = Post(), alarm("wechat", NOON)
    assert post.turn(NOON, open_) == [("opened", "ann"), ("opened", "ann")]
    assert post.turn(NOON + 1, open_) == []
    over = with_step(open_, AlarmAction.RESOLVE, NOON + 300)
    assert post.turn(NOON + 300, over) == [("resolved", "ann"), ("resolved", "ann")]
    assert post.turn(NOON + 301, over) == []


def test_an_alarm_that_opens_again_is_told_again() -> None:
    """Each opening is an occasion of its own."""
    post, open_ = Post(), alarm("wechat", NOON)
    post.turn(NOON, open_)
    over = with_step(open_, AlarmAction.RESOLVE, NOON + 300)
    post.turn(NOON + 300, over)
    again = with_step(over, AlarmAction.REOPEN, NOON + 600)
    assert {kind for kind, _ in post.turn(NOON + 600, again)} == {"opened"}


def test_nobody_acknowledges_and_the_next_ones_are_told_once() -> None:
    """Escalation comes at its time, not before, and not twice."""
    post, open_ = Post(), alarm("wechat", NOON)
    post.turn(NOON, open_)
    assert post.turn(NOON + 15 * MINUTE - 1, open_) == []
    assert post.turn(NOON + 15 * MINUTE, open_) == [("escalated", "bob")]
    assert post.turn(NOON + 90 * MINUTE, open_) == []


def test_an_acknowledged_alarm_is_not_escalated() -> None:
    """Somebody has it: the next ones sleep, and hear of it no more."""
    post, open_ = Post(), alarm("wechat", NOON)
    post.turn(NOON, open_)
    seen = with_step(open_, AlarmAction.ACKNOWLEDGE, NOON + 14 * MINUTE)
    assert post.turn(NOON + 60 * MINUTE, seen) == []
    over = with_step(seen, AlarmAction.RESOLVE, NOON + 61 * MINUTE)
    assert post.turn(NOON + 61 * MINUTE, over) == [("resolved", "ann")] * 2


def test_a_silenced_alarm_is_quiet_and_waits_anew_afterwards() -> None:
    """No word while it lasts; then escalation takes its whole time from the end of the silence."""
    post, open_ = Post(), alarm("wechat", NOON)
    post.turn(NOON, open_)
    until = NOON + 60 * MINUTE
    silent = with_step(open_, AlarmAction.SILENCE, NOON + MINUTE, until)
    assert post.turn(until - 1, silent) == []
    assert post.turn(until + 14 * MINUTE, silent) == []
    assert post.turn(until + 15 * MINUTE, silent) == [("escalated", "bob")]


def test_a_worse_alarm_is_told_once_more() -> None:
    """A higher level is a notice of its own, even of an acknowledged alarm."""
    post, mild = Post(), alarm("wechat", NOON, AlarmLevel.WARNING)
    assert post.turn(NOON, mild) == [("opened", "ann")] * 2
    seen = with_step(mild, AlarmAction.ACKNOWLEDGE, NOON + 30)
    bad = replace(seen, level=AlarmLevel.CRITICAL)
    assert post.turn(NOON + 60, bad) == [("worsened", "ann")] * 2
    assert post.turn(NOON + 61, bad) == []


def test_a_quiet_night_holds_back_what_may_wait() -> None:
    """A warning of the night comes in the morning, or never if it was over by then."""
    night, day = NOON + 12 * 3600, NOON + 20 * 3600
    post, mild = Post(), alarm("wechat", night, AlarmLevel.WARNING)
    assert post.turn(night, mild) == []
    assert post.turn(day - 1, mild) == []
    assert post.turn(day, mild) == [("opened", "ann")] * 2
    short = with_step(mild, AlarmAction.RESOLVE, night + 60)
    assert Post().turn(day, short) == []
    assert Post().turn(night, alarm("wechat", night)) == [("opened", "ann")] * 2


def test_alarms_of_one_moment_are_one_notice() -> None:
    """A person gets one notice of several alarms, and one that they are over."""
    post = Post()
    both = [alarm("wechat", NOON), alarm("alipay", NOON)]
    assert post.turn(NOON, *both) == [("opened", "ann")] * 2
    assert {len(one.notice.occasions) for one in post.deliveries.values()} == {2}
    over = [with_step(one, AlarmAction.RESOLVE, NOON + 60) for one in both]
    assert post.turn(NOON + 60, *over) == [("resolved", "ann")] * 2


def test_a_notice_that_fails_is_tried_with_growing_waits_and_given_up_after_a_day() -> None:
    """Waits grow to five minutes; the id stays; a day later nobody tries any more."""
    post, open_ = Post(down=True), alarm("wechat", NOON)
    looks = [*range(0, 600, 5), *range(600, 2 * 86_400, 60)]
    tries = [at for at in looks if post.turn(NOON + at, open_)]
    assert tries[:5] == [0, 15, 45, 105, 225]
    waits = {b - a for a, b in pairwise(tries)}
    assert max(waits) <= 300 + 60  # the longest wait, and the time to the next look
    assert 86_400 <= tries[-1] < 86_400 + 900 + 360  # the escalation began 15 minutes later
    opened = [one for one in post.deliveries.values() if one.notice.kind is NoticeKind.OPENED]
    assert {one.outcome for one in opened} == {DeliveryOutcome.GIVEN_UP}
    assert len(opened) == 2


def test_a_notice_nobody_took_is_superseded_by_the_end_of_its_alarm() -> None:
    """A person who could not be told that it opened is told that it is over, and nothing else."""
    post, open_ = Post(down=True), alarm("wechat", NOON)
    post.turn(NOON, open_)
    post.down = False
    over = with_step(open_, AlarmAction.RESOLVE, NOON + 300)
    assert post.turn(NOON + 300, over) == [("resolved", "ann")] * 2
    outcomes = {one.notice.kind: one.outcome for one in post.deliveries.values()}
    assert outcomes[NoticeKind.OPENED] is DeliveryOutcome.SUPERSEDED


def test_a_try_without_an_outcome_is_repeated_under_its_id() -> None:
    """A process died in a try: after two minutes the same notice is sent once more."""
    open_ = alarm("wechat", NOON)
    [first, *_] = NoticeDesk([open_], {}, POLICY, NOON, CALENDAR).due()
    left = {first.notice.id: first.begin(NOON)}
    early = NoticeDesk([open_], left, POLICY, NOON + 119, CALENDAR).due()
    assert first.notice.id not in {one.notice.id for one in early}
    late = NoticeDesk([open_], left, POLICY, NOON + 120, CALENDAR).due()
    assert [one.attempts for one in late if one.notice.id == first.notice.id] == [1]


def test_the_digest_comes_once_a_week_at_its_time() -> None:
    """The digest is due at its moment and for a day, to mail and webhooks, once in each week."""
    robot = replace(POLICY.people["ann"], urls=(*POLICY.people["ann"].urls, "wecombot://x"))
    digest = DigestRule(0, 9 * 3600, ("ann",))
    post = Post(replace(POLICY, people={"ann": robot}, digest=digest))
    monday = CALENDAR.start_of_day(parse_date("2026-11-30") or 0)
    assert post.turn(monday + 9 * 3600 - 1) == []
    assert post.turn(monday + 9 * 3600) == [("digest", "ann")] * 2
    assert {one.notice.subject for one in post.deliveries.values()} == {"2026-11-23"}
    assert post.turn(monday + 12 * 3600) == []
    assert Post(post.policy).turn(monday + 34 * 3600) == []
    assert post.turn(monday + 7 * 86_400 + 9 * 3600) == [("digest", "ann")] * 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*AlarmAction]), st.integers(1, 7_200), st.booleans(), st.booleans()
        ),
        max_size=12,
    )
)
def test_whatever_happens_no_notice_is_told_twice(
    story: list[tuple[AlarmAction, int, bool, bool]],
) -> None:
    """Each occasion reaches an address at most once, whatever people do and receivers take."""
    post, now, found = Post(), NOON, alarm("wechat", NOON, AlarmLevel.WARNING)
    told: list[tuple[object, ...]] = []
    for action, wait, down, worse in story:
        post.down = down
        before = {name for name, one in post.deliveries.items() if not one.pending}
        post.turn(now, found)
        for name, one in post.deliveries.items():
            if name not in before and one.outcome is DeliveryOutcome.DELIVERED:
                notice = one.notice
                told += [
                    (notice.kind, notice.addressee, one.alarm, one.opening)
                    + ((one.level,) if notice.kind is NoticeKind.WORSENED else ())
                    for one in notice.occasions
                ]
        now += wait
        found = with_step(found, action, now, now + 1_800)
        if worse:
            found = replace(found, level=AlarmLevel.CRITICAL)
    assert len(told) == len(set(told))


def test_an_alarm_is_read_until_its_end_is_told() -> None:
    """The desk asks for alarms of which somebody was told, until all have heard the end."""
    post, open_ = Post(), alarm("wechat", NOON)
    post.turn(NOON, open_)
    assert alarms_to_read(post.deliveries.values(), []) == {"wechat"}
    assert alarms_to_read(post.deliveries.values(), ["wechat"]) == set()
    post.turn(NOON + 60, with_step(open_, AlarmAction.RESOLVE, NOON + 60))
    assert alarms_to_read(post.deliveries.values(), []) == set()


def test_quiet_hours_end_in_the_next_morning() -> None:
    """Before midnight it is the next day's, after midnight the same day's."""
    quiet, midnight = QuietHours(22 * 3600, 8 * 3600), NOON + 12 * 3600
    for at in (midnight - 7200, midnight - 1, midnight, midnight + 8 * 3600 - 1):
        assert morning(quiet, at, CALENDAR) == midnight + 8 * 3600
    for at in (midnight + 8 * 3600, midnight - 7201):
        assert morning(quiet, at, CALENDAR) == at
