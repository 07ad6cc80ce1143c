"""Withdrawals: plans of two ids that are one visitor, of who refuses, of who is erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flow_people import opened, settled, tell
from flow_web import Web

from nudge.clock import now
from nudge.domain.contact.contact_policy import Caps, Channel, ContactPolicy, Purpose
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest
from nudge.domain.timing.windows import Calendar
from nudge.errors import StoreAwayError
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.plan_review import PlanReview
from nudge.flows.plan import Planner
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.split import PeopleSplit
from nudge.flows.upkeep.split_history import SplitHistory
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.store.plans.withdrawals import Bookmark, Withdrawal, Withdrawals
from nudge.workers.runner import Runner

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = 86_400.0
FREE = ContactPolicy(
    zone=SHANGHAI,
    channels={"sms": Channel("sms", "required")},
    purposes={one.name: one for one in (Purpose("reminder", 1), Purpose("failed", 2))},
)
TIGHT = replace(FREE, caps=Caps(month=1), spacing=DAY)


class Site:
    """A scheduler, a server that sends events, and the worker that follows them."""

    def __init__(self, web: Web, policy: ContactPolicy) -> None:
        self.web, self.policy = web, policy
        self.planner = Planner(web.store, web.sealer, 0.0, Calendar(policy))
        fold = AttributeFold(web.store, plan_review=PlanReview(web.store, policy))
        self.runner = Runner(web.store, fold, "me")
        self.sent = 0

    def tell(self, visitor: str, kind: str, **fields: object) -> None:
        """An event of a server, and what follows of it."""
        self.sent += 1
        tell(self.web, visitor, kind, f"e-{self.sent}", at=None, **fields)  # type: ignore[arg-type]
        settled(self.runner)

    def agree(self, *visitors: str) -> None:
        """These visitors agree to SMS."""
        for one in visitors:
            self.tell(one, "consent", channel="sms", given=True)

    def plan(self, visitor: str, purpose: str = "reminder", at: float | None = None) -> PlanAnswer:
        """A scheduler's question."""
        wish = PlanRequest(visitor, purpose=purpose)
        return self.planner.plan(self.web.catalogue, wish, "test", at or now())

    def listed(self, after: int = 0, most: int = 100) -> list[Withdrawal]:
        """The list of withdrawals."""
        store = self.web.store.withdrawals
        return store.page(Bookmark(after, -1), store.time(), most)

    def told(self) -> dict[str, str]:
        """Decision id -> reason, of the whole list."""
        return {self.web.sealer.seal(one.plan.ref): one.plan.reason for one in self.listed()}


@pytest.fixture
def site(web: Web) -> Site:
    return Site(web, FREE)


def planned(site: Site, *visitors: str) -> dict[str, PlanAnswer]:
    """Visitors who agreed, with a plan for each."""
    site.agree(*visitors)
    made = {one: site.plan(one) for one in visitors}
    assert all(one.send_at for one in made.values()), "nothing can be planned today"
    return made


def ids_of(answers: dict[str, PlanAnswer]) -> set[str]:
    return {str(one.decision_id) for one in answers.values()}


def test_f12_of_two_plans_for_one_visitor_the_later_is_withdrawn(site: Site) -> None:
    """Asked by either id, the earlier plan stands and the other is named, again and again."""
    made = planned(site, "ada", "ben")
    site.tell("ada", "identified", other_id="ben")
    first = min(made.values(), key=lambda one: one.send_at or 0.0)
    other = ids_of(made) - {first.decision_id}
    for visitor in ("ada", "ben", "ada"):
        answer = site.plan(visitor)
        assert (answer.decision_id, answer.sticky) == (first.decision_id, True)
        assert (answer.send_at, answer.link_token) == (first.send_at, first.link_token)
        assert set(answer.displaces) == other
    assert site.told() == dict.fromkeys(other, "merged")
    (one,) = site.listed()
    assert one.plan.due == max(x.send_at or 0.0 for x in made.values())
    assert (one.plan.channel, one.plan.purpose) == ("sms", "reminder")


@pytest.mark.parametrize("visitor", ["ada", "ben"])
def test_f12_the_only_plan_of_two_ids_stays(site: Site, visitor: str) -> None:
    """Nobody is planned twice because of a merging: the plan holds under both ids."""
    site.agree("ada", "ben")
    made = site.plan(visitor)
    site.tell("ada", "identified", other_id="ben")
    for each in ("ada", "ben"):
        again = site.plan(each)
        assert (again.decision_id, again.send_at) == (made.decision_id, made.send_at)
        assert again.displaces == ()
    assert site.listed() == []


def test_f12_three_ids_keep_one_plan(site: Site) -> None:
    """Whatever the order of the mergings: one plan stands, each of the others is listed once."""
    made = planned(site, "ada", "ben", "cyn", "dan")
    site.tell("ada", "identified", other_id="ben")
    site.tell("cyn", "identified", other_id="dan")
    site.tell("dan", "identified", other_id="ada")
    answers = {one: site.plan(one) for one in made}
    (stays,) = ids_of(answers)
    assert set(site.told()) == ids_of(made) - {stays}
    assert set(answers["ada"].displaces) == ids_of(made) - {stays}


def test_f12_plans_for_other_purposes_go_where_the_policy_says(web: Web) -> None:
    """One contact a month: the more urgent stays, the other is withdrawn with the policy's code."""
    site = Site(web, TIGHT)
    site.agree("ada", "ben")
    reminder, urgent = site.plan("ada"), site.plan("ben", "failed")
    site.tell("ada", "identified", other_id="ben")
    assert site.plan("ben", "failed").decision_id == urgent.decision_id
    assert site.plan("ada", "failed").displaces == (reminder.decision_id,)
    (reason,) = site.told().values()
    assert reason in {"cap_month", "spacing"}


def test_f12_plans_for_other_purposes_stay_where_both_fit(site: Site) -> None:
    """Without caps both may be sent."""
    site.agree("ada", "ben")
    reminder, urgent = site.plan("ada"), site.plan("ben", "failed")
    site.tell("ada", "identified", other_id="ben")
    assert site.plan("ben").decision_id == reminder.decision_id
    assert site.plan("ada", "failed").decision_id == urgent.decision_id
    assert site.listed() == []


@pytest.mark.parametrize("step", ["settle", "drop_book", "commit"])
def test_f12_a_crash_at_any_step_withdraws_once(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The next owner of the partition finds the same plan, and lists nothing twice."""
    made = planned(site, "ada", "ben")
    tell(site.web, "ada", "identified", "who", at=None, other_id="ben")
    owner = {"commit": type(site.web.store.folds)}.get(step, Withdrawals)
    original = getattr(owner, step)
    with monkeypatch.context() as broken:

        def dies(*args: object, **named: object) -> object:
            if step == "settle":
                original(*args, **named)
            raise StoreAwayError("killed")

        broken.setattr(owner, step, dies)
        for _ in range(6):
            try:
                Runner(site.web.store, site.runner._fold, "me").turn()
            except StoreAwayError:
                continue
    again = AttributeFold(site.web.store, plan_review=PlanReview(site.web.store, FREE))
    settled(Runner(site.web.store, again, "me"))
    answer = site.plan("ada")
    assert set(site.told()) == ids_of(made) - {answer.decision_id}
    assert set(answer.displaces) == set(site.told())
    assert len(site.listed()) == 1


def test_f12_a_plan_made_meanwhile_is_taken_over_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planner that opened the visitor before the merging writes after it: its plan follows."""
    site.agree("ada", "ben")
    leaves = max(("ada", "ben"), key=lambda one: opened(site.web, one).subject)
    stays = "ada" if leaves == "ben" else "ben"
    mine = site.plan(stays)
    original = type(site.web.store.plans).append_each
    done = iter([True])

    def late(*args: object) -> object:
        if next(done, False):
            site.tell("ada", "identified", other_id="ben")
        return original(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(type(site.web.store.plans), "append_each", late)
        theirs = site.plan(leaves)
    settled(site.runner)
    standing = site.plan("ada")
    assert {standing.decision_id, *site.told()} == {mine.decision_id, theirs.decision_id}
    assert set(standing.displaces) == set(site.told())


@pytest.mark.parametrize("kind", ["consent", "complaint"])
def test_f12_who_refuses_after_the_plan_is_withdrawn(site: Site, kind: str) -> None:
    """A no, or a complaint, takes the plan back at once, and the next answer names it."""
    site.policy = replace(FREE, complaint_pause=180 * DAY)
    site = Site(site.web, site.policy)
    made = planned(site, "ada")["ada"]
    fields = {"channel": "sms", "given": False} if kind == "consent" else {}
    site.tell("ada", kind, **fields)
    reason = "no_consent" if kind == "consent" else "complaint"
    assert site.told() == {made.decision_id: reason}
    answer = site.plan("ada")
    assert (answer.send_at, answer.reason) == (None, reason)
    assert answer.displaces == (made.decision_id,)
    site.tell("ada", "consent", channel="call", given=False)
    assert len(site.listed()) == 1


def test_f12_a_refusal_under_the_other_id_counts(site: Site) -> None:
    """A visitor who refused as ben is not written to as ada, once the two are one."""
    made = planned(site, "ada")["ada"]
    site.tell("ben", "consent", channel="sms", given=False)
    assert site.listed() == []
    site.tell("ada", "identified", other_id="ben")
    assert site.told() == {made.decision_id: "no_consent"}
    assert site.plan("ben").displaces == (made.decision_id,)


def test_f12_who_is_erased_is_not_written_to(site: Site) -> None:
    """An erasure withdraws the plans; a second one lists nothing more."""
    made = planned(site, "ada")["ada"]
    eraser = Eraser(site.web.store, site.web.sealer)
    for _ in range(2):
        eraser.erase("ada", "test", 0.0)
    assert site.told() == {made.decision_id: "erased"}


def test_f12_pages_of_the_list_have_each_entry_once(site: Site) -> None:
    """Over all partitions, in order of time, however small the page."""
    visitors = [f"v-{n}" for n in range(12)]
    made = planned(site, *visitors)
    for one in visitors:
        site.tell(one, "consent", channel="sms", given=False)
    whole = site.listed()
    assert [one.at for one in whole] == sorted(one.at for one in whole)
    assert {site.web.sealer.seal(one.plan.ref) for one in whole} == ids_of(made)
    store, until, after = site.web.store.withdrawals, 1 << 62, Bookmark(0, -1)
    found: list[Withdrawal] = []
    while page := store.page(after, until, 5):
        found += page
        after = Bookmark(page[-1].at, page[-1].partition)
    assert found == whole


def test_f12_a_plan_that_was_superseded_is_named(site: Site) -> None:
    """The scheduler has the old plan in hand: the answer with the new one says so."""
    made = planned(site, "ada")["ada"]
    assert made.send_at is not None
    hour = datetime.fromtimestamp(made.send_at, SHANGHAI).hour
    quiet = ((hour * 3600, (hour + 1) * 3600),)
    channels = {"sms": Channel("sms", "required", quiet)}
    answer = Site(site.web, replace(FREE, channels=channels)).plan("ada")
    assert answer.decision_id != made.decision_id
    assert answer.displaces == (made.decision_id,)


def test_f12_a_split_gives_the_plan_back(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor who was taken for another has their own plan again, and each is planned once."""
    web = site.web
    site.agree("ada", "ben")
    leaves = max(("ada", "ben"), key=lambda one: opened(web, one).subject)
    stays = "ada" if leaves == "ben" else "ben"
    made = site.plan(leaves)
    site.tell("ada", "identified", other_id="ben")
    assert site.plan(stays).decision_id == made.decision_id
    monkeypatch.setattr(SplitHistory, "_wait", lambda *_: settled(site.runner))
    history = History(Lake(tmp_path / "lake"), web.sealer.unseal, web.store.journal.read)
    split = PeopleSplit(web.store, history, web.sealer, 5.0)
    for _ in range(2):
        split.split("ada", "ben")
        settled(site.runner)
    theirs, other = site.plan(leaves), site.plan(stays)
    assert (theirs.decision_id, theirs.link_token) == (made.decision_id, made.link_token)
    assert other.decision_id != made.decision_id
    assert (theirs.displaces, other.displaces, site.listed()) == ((), (), [])
