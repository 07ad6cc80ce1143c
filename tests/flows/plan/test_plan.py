"""Planning: what a scheduler is answered, what the journal says, and what the plan leads to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flow_web import SERVER, Web

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.choosing.requests import EventRequest
from nudge.domain.contact.contact import Consent, Contact, ContactFacts
from nudge.domain.contact.contact_policy import Caps, Channel, ContactPolicy, Purpose
from nudge.domain.contact.contact_rules import forbidden
from nudge.domain.journal.records import Decision, Exposure
from nudge.domain.people.person import KnownFact
from nudge.domain.people.recharges import Payment
from nudge.domain.people.rhythm import PurchaseHistory, Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.domain.slots.slot import ComparisonTerms, Variant
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest
from nudge.domain.timing.windows import Calendar
from nudge.errors import UnknownSlotError
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.plan import Planner
from nudge.flows.plan.minute_table import LatestTable
from nudge.flows.serving.explain import explain, repeats
from nudge.store.plans import bulk
from nudge.store.plans.plans import BlockResult, PlanStore

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 12, 10, 0, tzinfo=SHANGHAI).timestamp()
DAY = 86_400.0
POLICY = ContactPolicy(
    zone=SHANGHAI,
    channels={"sms": Channel("sms", "required", ((21 * 3600, 8 * 3600),))},
    purposes={
        one.name: one
        for one in (Purpose("reminder", 1), Purpose("promotion", 0), Purpose("failed", 2))
    },
    caps=Caps(week=1),
    spacing=DAY,
)
AGREED = VisitorState(consents=(Consent("sms", 0.0, given=True),))


@dataclass
class Desk:
    """A scheduler at the web's store."""

    web: Web
    planner: Planner
    known: set[str] = field(default_factory=set)

    def know(self, visitor: str, state: VisitorState = AGREED) -> None:
        """Make the state of a visitor what it would be after some time."""
        web = self.web
        home = self.planner_home(visitor)
        key = web.store.keys.visitor(home.partition, home.subject)
        web.store.client.call("SET", key, encode_state(replace(state, watermark=NOW)))

    def know_as(self, visitor: str, state: VisitorState) -> None:
        """Make this the state of a visitor from now on."""
        self.known.add(visitor)
        self.know(visitor, state)

    def planner_home(self, visitor: str) -> _Home:
        """The home of a visitor, who is made if need be."""
        self.plan(visitor, know=False)
        hashed = self.web.sealer.visitor_hash(visitor)
        partition = self.web.sealer.partition(hashed, self.web.store.keys.partitions)
        found = self.web.store.visitors.known_visitor(partition, hashed)
        assert found is not None
        return _Home(found.subject, found.partition)

    def plan(
        self, visitor: str, at: float = NOW, *, know: bool = True, **more: object
    ) -> PlanAnswer:
        """The answer for a customer, who agreed to SMS."""
        if know and visitor not in self.known:
            self.known.add(visitor)
            self.know(visitor)
        wish = PlanRequest(visitor, **more)  # type: ignore[arg-type]
        return self.planner.plan(self.web.catalogue, wish, "test", at)

    def record(self, timing: PlanAnswer) -> Decision:
        """The record of a plan."""
        made = [d for d in self.decisions() if d.due == timing.send_at]
        return made[0]

    def decisions(self) -> list[Decision]:
        """All in the journal."""
        return [e.record for e in self.web.entries() if isinstance(e.record, Decision)]


@dataclass(frozen=True)
class _Home:
    subject: str
    partition: int


@pytest.fixture
def desk(web: Web) -> Desk:
    planner = Planner(web.store, web.sealer, 0.0, Calendar(POLICY))
    return Desk(web, planner)


def test_a_plan_has_its_time_and_its_propensity(desk: Desk) -> None:
    """The time lies in the window and is allowed; windows that are past are masked and told."""
    timing = desk.plan("ada")
    made = desk.record(timing)
    assert timing.send_at is not None
    assert timing.send_at >= NOW
    assert (timing.window, timing.propensity) == (made.variant, made.propensity)
    assert made.propensity in made.pmf
    assert timing.blocked == {f"early_{band}": "past" for band in ("morning", "midday", "evening")}
    assert made.eligible == desk.web.catalogue.slots["sms_timing"].slot.names[3:9]
    # Nothing is known: the operator's own window, and at most .05 of trials among the others.
    assert dict(zip(made.eligible, made.pmf, strict=True))["end_morning"] == max(made.pmf)
    assert 0.95 - 1e-9 <= max(made.pmf) < 1.0
    # Of the batch, not of the snapshot; it is in the record.
    assert min(made.pmf) >= desk.web.slot("sms_timing").floor / 10 == made.floor
    assert repeats(made)
    assert made.reason == "policy"


def test_planning_again_is_the_same_plan_and_no_record(desk: Desk) -> None:
    """In the same month: the same id and the same second, whatever part of the window is past.

    Behind the last second in which the month may send, the next month's plan is asked for.
    """
    first = desk.plan("ada")
    assert first.send_at is not None
    last = datetime(2026, 11, 30, 20, 59, tzinfo=SHANGHAI).timestamp()
    later = min(first.send_at + 3600, max(first.send_at + 1, last))
    for at in (NOW + 60, first.send_at - 1, first.send_at + 1, later):
        again = desk.plan("ada", at)
        assert (again.decision_id, again.send_at) == (first.decision_id, first.send_at)
        assert again.sticky
    assert len(desk.decisions()) == 1


def test_a_plan_that_is_forbidden_meanwhile_gives_way(desk: Desk) -> None:
    """After a contact near its time the customer gets another plan, which names what it replaces.

    With no room left there is none, and the answer says why.
    """
    first = desk.plan("ada")
    assert first.send_at is not None
    near = Contact(first.send_at - 3600, "call", "reminder")
    desk.know("ada", replace(AGREED, contacts=(near,)))
    second = desk.plan("ada")
    assert second.decision_id != first.decision_id
    assert second.send_at is not None
    assert abs(second.send_at - near.at) >= DAY
    assert [d.supersedes is not None for d in desk.decisions()] == [False, True]
    assert desk.plan("ada").decision_id == second.decision_id
    desk.know("ada", VisitorState(consents=(Consent("sms", 0.0, given=False),)))
    third = desk.plan("ada")
    assert (third.send_at, third.reason, third.decision_id) == (None, "no_consent", None)
    assert len(desk.decisions()) == 2


def test_nobody_is_planned_without_consent(desk: Desk) -> None:
    """An id that nobody knows has not agreed: no record, and every window has the reason."""
    timing = desk.plan("eve", know=False)
    assert timing.send_at is None
    assert timing.reason == "no_consent"
    assert Counter(timing.blocked.values())["no_consent"] >= 6
    assert desk.decisions() == []


def test_plans_of_other_purposes_count_and_give_way(desk: Desk) -> None:
    """One contact a week over all purposes; what is more urgent displaces, and says what."""
    urgent = desk.plan("ada", purpose="failed")
    assert urgent.send_at is not None
    offer = desk.plan("ada", purpose="promotion")
    assert offer.send_at is not None
    assert abs(offer.send_at - urgent.send_at) >= DAY
    plain = desk.plan("bob", purpose="promotion")
    strong = [desk.plan("bob", purpose=name) for name in ("reminder", "failed")]
    displaced = [one for timing in strong for one in timing.displaces]
    for timing, purpose in ((plain, "promotion"), (strong[0], "reminder")):
        again = desk.plan("bob", purpose=purpose)
        assert (again.decision_id != timing.decision_id) == (timing.decision_id in displaced)


def test_a_plan_displaces_up_to_the_very_moment_at_which_it_is_due(desk: Desk) -> None:
    """A plan for the minute that begins with the question displaces what does not fit beside it."""
    for n in range(200):
        weak = desk.plan(f"d-{n}", purpose="promotion")
        strong = desk.plan(f"d-{n}", purpose="failed")
        assert weak.send_at is not None
        assert strong.send_at is not None
        if strong.displaces and weak.send_at > strong.send_at:
            break
    else:
        pytest.fail("no plan was displaced")
    again = desk.plan(f"d-{n}", strong.send_at, purpose="failed")
    assert again.decision_id == strong.decision_id
    assert again.displaces == (weak.decision_id,)


def test_two_who_plan_for_one_customer_at_once_see_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second writer looks again: the contacts keep their distance, whatever they are for.

    Another planner comes in between the reading and the writing of the first.
    """
    for name in ("ada", "bob", "cyn"):
        desk.plan(name, know=False)
        desk.know(name)
    other = replace(desk.planner, _tables=LatestTable())
    original, between = PlanStore.append_each, iter([True])

    def interrupted(*args: Any) -> Iterator[BlockResult]:
        if next(between, False):
            for name in ("ada", "cyn"):
                other.plan(desk.web.catalogue, PlanRequest(name, purpose="reminder"), "other", NOW)
        return original(*args)

    with monkeypatch.context() as patched:
        patched.setattr(PlanStore, "append_each", interrupted)
        wishes = [PlanRequest(name, purpose="promotion") for name in ("ada", "bob", "cyn")]
        made = desk.planner.plan_each(desk.web.catalogue, wishes, "test", NOW)
    assert [one.visitor_id for one in made] == ["ada", "bob", "cyn"]
    assert all(one.send_at for one in made)
    first = {name: desk.plan(name, purpose="reminder").send_at or 0.0 for name in ("ada", "cyn")}
    assert all(abs((one.send_at or 0.0) - first.get(one.visitor_id, 0.0)) >= DAY for one in made)
    assert len(desk.decisions()) == len(made) + len(first)


def test_a_customer_under_two_ids_is_planned_once(desk: Desk) -> None:
    """Both answers of one list are the same plan."""
    first = desk.plan("ada", know=False)
    assert first.send_at is None
    home = desk.planner_home("ada")
    sealer, keys = desk.web.sealer, desk.web.store.keys
    names = (f"twin-{n}" for n in range(1000))
    twin = next(
        one
        for one in names
        if sealer.partition(sealer.visitor_hash(one), keys.partitions) == home.partition
    )
    key = keys.vault(home.partition, sealer.visitor_hash(twin))
    desk.web.store.client.call("HSET", key, "s", home.subject, "p", home.partition, "c", "1")
    desk.know("ada")
    both = desk.planner.plan_each(
        desk.web.catalogue, [PlanRequest("ada"), PlanRequest(twin)], "test", NOW
    )
    assert both[0].decision_id == both[1].decision_id
    assert [one.sticky for one in both] == [False, True]


def test_a_month_that_is_over_is_planned_as_the_next(desk: Desk) -> None:
    """On the last evening nothing is left of the month: windows are those of the next one."""
    late = datetime(2026, 11, 30, 21, 30, tzinfo=SHANGHAI).timestamp()
    timing = desk.plan("ada", late)
    assert timing.send_at is not None
    assert datetime.fromtimestamp(timing.send_at, SHANGHAI).month == 12
    assert timing.blocked == {}


def test_the_zone_is_the_customers(desk: Desk) -> None:
    """Told by the call, or loaded: hours are by the clock there."""
    timing = desk.plan("ada", zone="America/New_York")
    assert timing.send_at is not None
    assert timing.zone == "America/New_York"
    assert 8 <= datetime.fromtimestamp(timing.send_at, ZoneInfo(timing.zone)).hour < 21
    desk.known.add("bob")
    desk.know("bob", replace(AGREED, known=(KnownFact("zone", 0.0, "Europe/Berlin"),)))
    assert desk.plan("bob").zone == "Europe/Berlin"


def test_a_blacklisted_customer_gets_nothing(desk: Desk) -> None:
    """`blacklisted` as the operator loaded it stands above consent."""
    desk.known.add("ada")
    desk.know("ada", replace(AGREED, known=(KnownFact("blacklisted", 0.0, value=True),)))
    assert desk.plan("ada").reason == "blacklisted"


def test_windows_before_the_expected_recharge(desk: Desk) -> None:
    """Anchor `cycle`: days before the date that the payments say; without one, no plan."""
    value = {"anchor": "cycle", "first_day": -3, "last_day": -1, "hours": "09:00-12:00"}
    variants = (Variant("before", value), Variant("on", value | {"first_day": 0, "last_day": 0}))
    changes = {"variants": variants, "fallback": {"default": "on"}, "policy": {"kind": "auto"}}
    slot = desk.web.slot("sms_timing", floor=0.02, **changes)
    desk.web.put(slot)
    assert desk.plan("bob").reason == "no_expected_date"
    paid = tuple(Payment(NOW - n * 30 * DAY + 10 * DAY, 5000) for n in (3, 2, 1))
    desk.known.add("ada")
    desk.know("ada", replace(AGREED, payments=paid))
    timing = desk.plan("ada")
    assert timing.send_at is not None
    assert NOW + 6 * DAY < timing.send_at < NOW + 11 * DAY
    assert desk.plan("ada", NOW + 60).sticky


def test_windows_before_the_recharge_that_the_rhythm_expects(desk: Desk) -> None:
    """One payment suffices where the rhythm of all people is known, and silence moves no plan."""
    value = {"anchor": "cycle", "first_day": -3, "last_day": -1, "hours": "09:00-12:00"}
    variants = (Variant("before", value), Variant("on", value | {"first_day": 0, "last_day": 0}))
    changes = {"variants": variants, "fallback": {"default": "on"}, "policy": {"kind": "auto"}}
    desk.web.put(desk.web.slot("sms_timing", floor=0.02, **changes))
    rhythm = Rhythm(12, 3.0, 7.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.0)
    desk.planner = replace(desk.planner, rhythm=rhythm)
    desk.known.add("ada")
    desk.know("ada", replace(AGREED, payments=(Payment(NOW - 20 * DAY, 5000),)))
    timing = desk.plan("ada")
    expected = NOW - 20 * DAY + rhythm.next_gap(PurchaseHistory(0, 0.0, 0.0)).middle * DAY
    assert timing.send_at is not None
    assert expected - 4 * DAY < timing.send_at < expected + DAY
    assert desk.plan("ada", NOW + 2 * DAY).sticky


def test_other_slots_of_the_same_sms(desk: Desk) -> None:
    """One contact, one decision each; where nothing is sent nothing else is chosen."""
    timing = desk.plan("ada", slots=("banner",))
    assert timing.decisions["banner"].reason == "policy"
    assert {d.slot: d.due is not None for d in desk.decisions()} == {
        "sms_timing": True,
        "banner": False,
    }
    assert desk.plan("eve", know=False, slots=("banner",)).decisions == {}
    with pytest.raises(UnknownSlotError, match="nothing"):
        desk.plan("ada", slots=("nothing",))


def test_the_group_usual_is_planned_by_the_operator_s_own_rule(desk: Desk) -> None:
    """One by one or many at once: the rule's window for sure, by purpose; the others are drawn.

    While nothing is known the rule's window is the others' own as well, besides their trials.
    """
    rule = OperatorRule.parse("page:promotion=mid_evening,*=end_evening")
    desk.web.put(desk.web.slot("sms_timing", comparison=ComparisonTerms(rule, 0.5)))
    wishes = []
    for number in range(60):
        desk.planner_home(f"v-{number}")
        desk.know(f"v-{number}")
        purpose = "reminder" if number % 2 else "promotion"
        wishes.append(PlanRequest(f"v-{number}", purpose=purpose))
    desk.planner.plan_each(desk.web.catalogue, wishes, "test", NOW)
    made = [one for one in desk.decisions() if one.slot == "sms_timing" and one.due is not None]
    found = Counter((one.page, one.variant) for one in made if one.reason == "usual")
    assert set(found) == {("promotion", "mid_evening"), ("reminder", "end_evening")}
    assert {one.propensity for one in made if one.reason == "usual"} == {1.0}
    drawn = [one for one in made if one.reason == "policy"]
    own = {"promotion": "mid_evening", "reminder": "end_evening"}
    assert all(dict(zip(x.eligible, x.pmf, strict=True))[own[x.page]] >= 0.94 for x in drawn)
    assert all(min(x.pmf) > 0.0 for x in drawn)
    assert 15 < found.total() < 45


def test_sms_sent_is_the_exposure_even_weeks_later(desk: Desk) -> None:
    """`sms_sent` opens it at its own time and counts as a contact for its purpose."""
    timing = desk.plan("ada", slots=("banner",))
    web = desk.web
    sent = EventRequest("s-1", "sms_sent", "ada", None, timing.decision_id, {"purpose": "reminder"})
    assert web.recorder.record([sent], SERVER, NOW).accepted == 1
    home = desk.planner_home("ada")
    fold = AttributeFold(web.store)
    entries = web.store.journal.read(home.partition, 0, 100)
    _, commit = fold.handle(home.partition, fold.prepare(home.partition), entries)
    shown = [r for r in commit.records if isinstance(r, Exposure)]
    assert [(x.slot, x.variant) for x in shown] == [("sms_timing", timing.window)]


def test_a_link_token_names_customer_and_decision(desk: Desk) -> None:
    """`sms_clicked` needs nothing else; a WAP page that knows nobody is the customer's visit."""
    timing = desk.plan("ada")
    web = desk.web
    click = EventRequest("c-1", "sms_clicked", "", None, None, {"token": timing.link_token})
    assert web.recorder.record([click], SERVER, NOW).accepted == 1
    forged = EventRequest("c-2", "sms_clicked", "", None, None, {"token": "A" * 59})
    (refused,) = web.recorder.record([forged], SERVER, NOW).rejected
    assert refused.code == "unknown_decision"
    web.ask("stranger", channel="wap", link_token=timing.link_token)
    assert len({e.record.subject for e in web.entries() if e.record.subject}) == 1


def test_explain_shows_the_plan(desk: Desk) -> None:
    """Windows with reasons, distribution, draw and time, from the record alone."""
    timing = desk.plan("ada")
    web = desk.web
    assert timing.decision_id is not None
    found = explain(web.store, web.sealer, timing.decision_id, OperatorCalendar())
    assert found["reproduced"]
    assert found["removed"] == timing.blocked
    assert timing.send_at is not None
    assert datetime.fromisoformat(str(found["due"])).timestamp() == timing.send_at


def test_every_plan_of_many_is_allowed_and_all_windows_are_used(desk: Desk) -> None:
    """300 customers: each time is allowed by the policy; each eligible window is drawn.

    By a uniform policy, which is served to plans as it is.
    """
    desk.web.put(desk.web.slot("sms_timing", policy={"kind": "uniform"}))
    timings = [desk.plan(f"v-{n}") for n in range(300)]
    known, agreed = desk.planner.calendar, ContactFacts(consents=AGREED.consents)
    assert len({t.window for t in timings}) == 6
    for timing in timings:
        assert timing.send_at is not None
        assert forbidden(known.policy, agreed, "reminder", "sms", timing.send_at) is None


def test_folds_are_told_of_many_and_not_of_one(desk: Desk) -> None:
    """A planner for a file or a stream says so; a scheduler's one question slows nothing."""
    web = desk.web
    desk.plan("ada")
    assert not web.store.bulk.is_on()
    wishes = [PlanRequest(f"v-{n}") for n in range(bulk.MANY)]
    desk.planner.plan_each(web.catalogue, wishes, "test", NOW)
    assert web.store.bulk.is_on()


@pytest.mark.parametrize("word", ["SMS", "sms ", "ＳＭＳ"])
def test_f03_a_refusal_of_before_counts_however_it_was_spelt(desk: Desk, word: str) -> None:
    """Earlier versions kept the channel as it came; the later word counts in any spelling."""
    said = (Consent("sms", 0.0, given=True), Consent(word, 1.0, given=False))
    desk.know_as("ada", replace(AGREED, consents=said))
    assert desk.plan("ada").reason == "no_consent"
    desk.know_as("ben", replace(AGREED, consents=(Consent("fax", 1.0, given=False), *said[:1])))
    assert desk.plan("ben").send_at
