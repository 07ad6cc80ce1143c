"""Promotions: cards, the form with its count, concurrency, and texts that are data."""

from __future__ import annotations

from page_site import PageSite


def test_each_promotion_has_a_card(site: PageSite) -> None:
    """A card shows the texts as visitors see them in both languages, and leads to the form."""
    text = site.text("/promotions")
    for name in ("data_draw", "triple_gift", "coffee", "video"):
        assert f'id="p-{name}"' in text
        assert f"/promotions/banner/{name}" in text
    assert "充值送咖啡" in text
    assert "Recharge and have a coffee" in text
