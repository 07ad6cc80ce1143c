"""Content of plans: told, foreseen, remembered, and counted beside what was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flow_people import settled
from flow_web import SERVER, Web

from nudge.clock import now
from nudge.domain.choosing.requests import EventRequest
from nudge.domain.contact.contact import Contact, ContactFacts
from nudge.domain.contact.contact_capacity import Capacity
from nudge.domain.contact.contact_policy import Channel, ContactPolicy, Purpose
from nudge.domain.contact.contact_reach import list_reach
from nudge.domain.contact.pressure_rules import ContentLimit, SequenceRule
from nudge.domain.journal.records import Decision
from nudge.domain.timing.plan_request import CONTENT, PlanAnswer, PlanRequest
from nudge.domain.timing.windows import Calendar
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.plan_review import PlanReview
from nudge.flows.plan import Planner
from nudge.store.plans.withdrawals import Bookmark
from nudge.workers.runner import Runner

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 12, 10, 0, tzinfo=SHANGHAI).timestamp()
DAY = 86_400.0
POLICY = ContactPolicy(
    zone=SHANGHAI,
    channels={"sms": Channel("sms", "unless_refused", ((21 * 3600, 8 * 3600),), capacity=2)},
    purposes={name: Purpose(name) for name in ("reminder", "offer")},
    content=ContentLimit(1, 31 * DAY),
)


def planner(web: Web, policy: ContactPolicy = POLICY) -> Planner:
    return Planner(web.store, web.sealer, 0.0, Calendar(policy))


def ask(
    web: Web, who: str, purpose: str, content: str = "", *slots: str, at: float = NOW
) -> PlanAnswer:
    limitless = replace(POLICY, channels={"sms": Channel("sms", "unless_refused")})
    wish = PlanRequest(who, slots, purpose=purpose, content=content)
    return planner(web, limitless).plan(web.catalogue, wish, "test", at)


def test_the_same_content_is_planned_once(web: Web) -> None:
    """A second plan with the tag has no window left; one with another tag has, as has another."""
    first = ask(web, "ada", "reminder", "spring")
    assert first.content == "spring"
    again = ask(web, "ada", "offer", "spring")
    assert (again.send_at, again.reason) == (None, "same_content")
    assert ask(web, "ada", "reminder", "spring").decision_id == first.decision_id
    assert ask(web, "ada", "offer", "summer").send_at is not None
    assert ask(web, "ben", "offer", "spring").send_at is not None
    made = [e.record for e in web.entries() if isinstance(e.record, Decision)]
    assert sorted(str(one.context[CONTENT]) for one in made) == ["spring", "spring", "summer"]


def test_a_plan_counts_at_the_very_moment_at_which_it_is_due(web: Web) -> None:
    """A plan is not forgotten at its time: one for the minute that begins now counts for the next.

    Two planners that ask at the full minute may draw its first second.
    """
    first = ask(web, "ada", "reminder", "spring")
    assert first.send_at is not None
    again = ask(web, "ada", "offer", "spring", at=first.send_at)
    assert (again.send_at, again.reason) == (None, "same_content")


def test_the_variant_of_the_first_slot_is_the_content(web: Web) -> None:
    """A variant is known as the content before the time is drawn, and it is decided then."""
    for n in range(12):
        plan = ask(web, f"c-{n}", "reminder", "", "banner")
        assert plan.content == f"banner:{plan.decisions['banner'].variant}"
        again = ask(web, f"c-{n}", "offer", plan.content)
        assert again.reason == "same_content"


def test_a_receipt_carries_no_variant_and_no_offer(web: Web) -> None:
    """An offer for an exempt purpose is refused, whatever the caller calls what the SMS says."""
    purposes = {"reminder": Purpose("reminder"), "code": Purpose("code", exempt=True)}
    policy = replace(POLICY, purposes=purposes, content=None, offers=frozenset({"spring"}))
    desk = planner(web, policy)

    def plan(content: str, *slots: str) -> PlanAnswer:
        who = f"c-{content}-{len(slots)}"
        wish = PlanRequest(who, slots, purpose="code", content=content)
        return desk.plan(web.catalogue, wish, "test", NOW)

    for refused in (plan("spring"), plan("banner:x"), plan("", "banner"), plan("bill", "banner")):
        assert (refused.send_at, refused.reason) == (None, "no_offers")
        assert set(refused.blocked.values()) <= {"no_offers", "past", "no_day"}
    assert plan("bill").send_at is not None
    assert plan("").send_at is not None
    wish = PlanRequest("c-both", purpose="code")
    several = [wish, wish._replace(visitor_id="c-other", content="spring")]
    first, second = desk.plan_each(web.catalogue, several, "test", NOW)
    assert first.send_at is not None
    assert second.reason == "no_offers"


def follow(web: Web, policy: ContactPolicy, *events: EventRequest) -> None:
    """Events of the scheduler, and what the worker makes of them."""
    assert web.recorder.record(events, SERVER, now()).accepted == len(events)
    settled(
        Runner(web.store, AttributeFold(web.store, plan_review=PlanReview(web.store, policy)), "me")
    )


def test_what_was_sent_has_the_content_of_its_plan(web: Web) -> None:
    """Also where the scheduler does not repeat it; a failure for good frees it again."""
    desk, at = planner(web), now()
    asked = PlanRequest("ada", purpose="reminder", content="spring")
    plan = desk.plan(web.catalogue, asked, "test", at)
    sent = EventRequest("e-1", "sms_sent", "ada", at, plan.decision_id, {"purpose": "reminder"})
    follow(web, POLICY, sent)
    other = PlanRequest("ada", purpose="offer", content="spring")
    assert desk.plan(web.catalogue, other, "test", at).reason == "same_content"
    follow(web, POLICY, EventRequest("e-2", "sms_failed", "ada", at, plan.decision_id, {}))
    assert desk.plan(web.catalogue, other, "test", at).send_at is not None


def test_a_plan_that_needed_a_failed_sms_is_withdrawn(web: Web) -> None:
    """A plan that stands only behind another contact goes when that one turns out to be none."""
    rule = SequenceRule("only_after", "offer", "reminder")
    policy = replace(POLICY, content=None, sequences=(rule,))
    desk, at = planner(web, policy), now()
    offer = PlanRequest("ada", purpose="offer")
    assert desk.plan(web.catalogue, offer, "test", at).reason == "only_after"
    fields = {"purpose": "reminder", "message_id": "m-1"}
    follow(web, policy, EventRequest("e-1", "sms_sent", "ada", at, None, fields))
    plan = desk.plan(web.catalogue, offer, "test", at)
    assert plan.send_at is not None
    failed = EventRequest("e-2", "sms_failed", "ada", at, None, {"message_id": "m-1"})
    follow(web, policy, failed)
    (gone,) = web.store.withdrawals.page(Bookmark(0, -1), web.store.withdrawals.time(), 10)
    assert (web.sealer.seal(gone.plan.ref), gone.plan.reason) == (plan.decision_id, "only_after")


def test_reach_says_from_when_or_why_not() -> None:
    """Until the visitor's midnight: the first moment, or the first reason that holds it back."""
    evening = datetime(2026, 11, 12, 21, 30, tzinfo=SHANGHAI).timestamp()
    noon, nobody = evening - 34_200.0, ContactFacts()

    def reach(known: ContactFacts, at: float, capacity: Capacity) -> dict[str, tuple[object, ...]]:
        found = list_reach(POLICY, known, capacity, at)
        return {one.purpose: (one.start, one.reason) for one in found if one.channel == "sms"}

    free = Capacity()
    assert reach(nobody, noon, free) == dict.fromkeys(POLICY.purposes, (noon, None))
    assert reach(nobody, evening, free)["offer"] == (None, "quiet_hours")
    early = noon - 6 * 3600.0
    assert reach(nobody, early, free)["offer"] == (noon - 4 * 3600.0, None)
    full = Capacity({"sms": dict.fromkeys(range(int(noon // 3600), int(noon // 3600) + 10), 2)})
    assert reach(nobody, noon, full)["offer"] == (None, "no_capacity")
    apart = SequenceRule("never_with", "offer", "reminder", DAY)
    strict = replace(POLICY, sequences=(apart,))
    known = ContactFacts(contacts=(Contact(noon - 60, "sms", "reminder"),))
    told = {one.purpose: one.reason for one in list_reach(strict, known, free, noon)}
    assert told == {"reminder": None, "offer": "never_with"}
