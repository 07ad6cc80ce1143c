"""A promotion of one city in the example shop: its visitors see it, others do not."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from playwright.sync_api import Browser
from shop_site import ShopSite
from shop_visit import visiting

from nudge.clock import now
from nudge.config.slot_change import Edit
from nudge.flows.upkeep.apply import patch

TITLE: Final = {"zh": "杭州专享", "en": "Hangzhou only"}
TEXT: Final = {"zh": "仅限杭州用户", "en": "For visitors from Hangzhou"}
VISITS: Final = 20
"""Visitors of whom each sees it by one chance in two: that none does is one case in a million."""


def add_promotion(site: ShopSite) -> None:
    """Put a promotion of Hangzhou beside the fallback, and let both have equal shares."""
    others = {name: {"enabled": False} for name in ("triple_gift", "coffee", "video")}
    rule = {"attribute": "city", "is": "杭州"}
    offer = {"title": TITLE, "value": {"title": TITLE, "text": TEXT}, "available": {"when": rule}}
    changes = {
        "holdout": 0,
        "policy": {"kind": "uniform", "half_life": None},
        "variants": {"hangzhou": offer, **others},
    }
    store = site.service.store
    revision = store.slots.current()["banner"].revision
    patch(store, "banner", changes, revision, Edit("test", "spring", now()))


def banner_of(browser: Browser, site: ShopSite, city: str) -> str:
    """The banner that a new visitor of a city sees."""
    with visiting(browser, site) as visit:
        visit.page.goto(f"{site.url}/example?lang=zh&city={quote(city)}")
        visit.await_answer()
        return str(visit.page.text_content("#banner b"))


def test_a_city_promotion_shows_in_its_city(browser: Browser, site: ShopSite) -> None:
    """The address tells the city: there the promotion shows within a second, elsewhere never."""
    add_promotion(site)
    site.service.refresh()
    assert any(banner_of(browser, site, "杭州") == TITLE["zh"] for _ in range(VISITS))
    assert {banner_of(browser, site, "南京") for _ in range(4)} == {"充值抽流量"}
