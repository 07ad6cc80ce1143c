"""A site with cases of all kinds, agents and contact rules, for the tests of the work's screens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from api_web import Web
from page_site import PageSite

from nudge.clock import now
from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.journal.records import Mark
from nudge.domain.measures.measure import measure_rules
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.winback.winback_desk import open_desk, setup_of
from nudge.flows.winback.winback_ranking import WinbackRanking
from nudge.workers.runner import Runner

WARNINGS: Final = """
agents = ["lead"]
[[outcomes]]
name = "stays"
title = { zh = "已挽留", en = "stays" }
kept = true
[[outcomes]]
name = "unreachable"
title = { zh = "联系不上", en = "not reached" }
reached = false
[[rules]]
name = "low"
title = { zh = "评价低", en = "A low score" }
when = { event = "feedback", score_at_most = 5 }
[[rules]]
name = "complains"
title = { zh = "客户投诉", en = "The visitor complains" }
when = { event = "complaint" }
level = "critical"
"""
WORK: Final = """
[[teams]]
name = "care"
title = { zh = "关怀组", en = "Care" }
[[agents]]
name = "agent"
title = { zh = "一号坐席", en = "Agent one" }
team = "care"
capacity = 20
[[agents]]
name = "bo"
title = { zh = "二号坐席", en = "Agent two" }
team = "care"
capacity = 10
[[ageing]]
level = "critical"
due = "1h"
[[ageing]]
due = "2d"
[contacts]
channels = ["call"]
"""
CONTACT: Final = """
spacing = "1h"
complaint_pause = "never"
[caps]
day = 5
[[channels]]
name = "call"
consent = "unless_refused"
[[purposes]]
name = "winback"
[[purposes]]
name = "promotion"
"""
MEASURES: Final = """
[[measures]]
name = "reward"
title = { zh = "唤醒奖励", en = "Reward" }
when = { all = [{ attribute = "stage", is = "warning" }, { attribute = "tier", is = "mid" }] }
within = "3d"
group = "retention"
held_share = 0
"""
DOCUMENTS: Final = {
    "warnings.toml": WARNINGS,
    "worklist.toml": WORK,
    "contact.toml": CONTACT,
    "measures.toml": MEASURES,
    "winback.toml": """
held_share = 0.0
[[rules]]
name = "failed_left"
title = { zh = "支付失败后离开", en = "Left after a failed payment" }
failed = true
after = "1h"
[[rules]]
name = "tapped_left"
title = { zh = "点了支付却没付", en = "Tapped to pay, and did not" }
stages = ["pay_tapped", "method"]
""",
}


def set_up(site: PageSite, **documents: str) -> None:
    """Put agents, rules and contact rules into service."""
    store = site.web.service.store
    current = store.documents.current()
    for name, text in (DOCUMENTS | documents).items():
        before = current[name].revision if name in current else 0
        entry = {"at": now(), "who": "test", "why": "", "revision": before + 1}
        assert store.documents.put(ConfigDocument(name, before + 1, text), before, entry)
    site.web.service.refresh()


def fold(site: PageSite) -> None:
    """Have the folds of facts and of cases read all that was told, with no grace for late acts."""
    service = site.web.service
    found = service.configuration
    trails = found.winback.trails
    assert trails is not None
    rules = (*found.winback.rules, *measure_rules(list(found.measures.values())))
    hasty = RuleBook(found.warnings, found.segments, None, rules, replace(trails, grace=0.0))
    runners = [
        Runner(service.patient, made, f"test-{type(made).__name__}")
        for made in (CareFold(service.patient, lambda: hasty), AttributeFold(service.patient))
    ]
    while sum([one.turn() for one in runners]):
        pass
    for one in runners:
        one._release()


def open_warnings(site: PageSite, count: int = 3) -> list[Any]:
    """Open warnings of so many visitors, the last one critical; return the cases of the list."""
    web: Web = site.web
    events = [
        {"event_id": f"f{n}", "type": "feedback", "visitor_id": f"v-{n}", "scene": "shop"}
        | {"score": 2}
        for n in range(count - 1)
    ]
    web.send(
        *events,
        {"event_id": "c", "type": "complaint", "visitor_id": "v-c"},
        key=web.secrets["ingest"],
    )
    fold(site)
    return cases(site)


def leave(site: PageSite, visitor: str, reason: str = "timeout", amount: float = 100.0) -> None:
    """Have a visitor leave two hours ago, behind a failed payment."""
    web, at = site.web, now() - 2 * 3600.0
    one = {"visitor_id": visitor, "at": at}
    step = {"event_id": f"{visitor}-m", "type": "step", "step": "method", "amount": amount}
    web.send(one | step)
    failed = {"event_id": f"{visitor}-f", "type": "payment_failed", "reason": reason}
    web.send(one | failed | {"method": "wallet"}, key=web.secrets["ingest"])


def settle(site: PageSite) -> None:
    """Let the journal's time go on, so that what is due fires, and rank the win-back list."""
    store = site.web.service.patient
    fold(site)
    for _ in range(2):
        for p in store.keys.every_partition():
            store.journal.append_mark(p, Mark("beat"))
        fold(site)
    setup = setup_of(site.web.service.configuration)
    WinbackRanking(store, lambda: open_desk(store, setup, now())).rank_changed()


def spend_less(site: PageSite, visitor: str) -> None:
    """Have somebody of the mid tier spend less: three payments of 200, then three of 80."""
    at = now()
    events = [
        {"event_id": f"{visitor}-{n}", "type": "paid", "visitor_id": visitor}
        | {"amount": 200 if n < 3 else 80, "at": at - (6 - n) * 86_400 + 9}
        for n in range(6)
    ]
    site.web.send(*events, key=site.web.secrets["ingest"])
    fold(site)


def cases(site: PageSite, query: str = "") -> list[Any]:
    """Return the cases of the work list, as the API tells them."""
    found: list[Any] = site.web.get(f"/v1/worklist{query}").json["cases"]
    return found
