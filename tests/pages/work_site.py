"""A site with cases of all kinds, agents and contact rules, for the tests of the screens of work."""

from __future__ import annotations

from typing import Any, Final

from api_web import Web
from page_site import PageSite

from nudge.clock import now
from nudge.config.documents.document import ConfigDocument
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold

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
"""
MEASURES: Final = ""
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
""",
}


def set_up(site: PageSite, **documents: str) -> None:
    """Put agents, rules and contact rules into service."""
    store = site.web.service.store
    current = store.documents.current()
    for name, text in (DOCUMENTS | documents).items():
        before = current[name].revision if name in current else 0
        assert store.documents.put(ConfigDocument(name, before + 1, text), before, {})
    site.web.service.refresh()


def fold(site: PageSite) -> None:
    """Have the folds of facts and of cases read all that was told."""
    service = site.web.service
    book = service.configuration.rule_book
    site.fold(AttributeFold(service.store), CareFold(service.patient, lambda: book))


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
    """Have a visitor's payment fail so long ago that the visitor has left."""
    told = {"event_id": f"p-{visitor}", "type": "payment_failed", "visitor_id": visitor}
    more = {"at": now() - 3 * 3600.0, "reason": reason, "method": "wallet", "amount": amount}
    site.web.send(told | more, key=site.web.secrets["ingest"])
    fold(site)


def cases(site: PageSite, query: str = "") -> list[Any]:
    """Return the cases of the work list, as the API tells them."""
    found: list[Any] = site.web.get(f"/v1/worklist{query}").json["cases"]
    return found
