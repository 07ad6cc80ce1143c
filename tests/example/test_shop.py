"""The example shop in a real browser: from the first visit to a payment, and in bad weather."""

from __future__ import annotations

from collections import Counter

import pytest
from child_processes import eventually
from playwright.sync_api import Browser
from shop_site import API, ShopSite, Trouble
from shop_visit import NUMBER, ShopVisit, visiting

from lab.shop.outcomes import OUTCOMES, Outcome
from nudge.domain.journal.records import Event

ACTIONS = ("retry_same_method", "choose_method", "remind", "none", "something_new")
OFFERS = ("retry_same_method", "choose_method", "remind", "none")
SPACED = "138 1234 5678"
BUDGET = 350
"""Milliseconds of the contract: 300 of the SDK, and what a browser needs to show it."""


def buy(visit: ShopVisit) -> None:
    """Go from the home page to the payment page with a number and an amount."""
    visit.open()
    visit.await_answer()
    visit.page.fill("#number", SPACED)
    visit.page.check("[name=amount][value='30']")
    assert eventually(lambda: told(visit, "step", "number") == 1)
    visit.go("recharge")
    visit.await_answer()
    assert (visit.number, visit.amount) == (NUMBER, 30)
    visit.go("pay")
    assert visit.page.text_content("[data-number]") == "138****5678"
    assert NUMBER not in visit.page.evaluate("JSON.stringify([localStorage, sessionStorage])")


def told(visit: ShopVisit, event_type: str, step: str = "") -> int:
    """How many events of a type the journal has of the visitor."""
    found = [one for one in visit.site.events(visit.visitor) if one.type == event_type]
    return sum(not step or one.fields.get("step") == step for one in found)


def claims(events: list[Event]) -> Counter[str]:
    """The page's own events, by type and step."""
    mine = [one for one in events if one.source == "page"]
    return Counter(str(one.fields.get("step", one.type)) for one in mine)


def test_a_visitor_pays_after_a_failure_and_types_nothing_the_next_time(
    browser: Browser, site: ShopSite
) -> None:
    """Amount and number are carried; the failed payment gets an offer; facts come by the server."""
    with visiting(browser, site) as visit:
        buy(visit)
        visit.pay_by("#methods [value=alipay]", "insufficient_balance")
        offer = visit.await_state(*OFFERS)
        assert told(visit, "payment_failed") == 2, "the page's claim, and the server's fact"
        again = offer == "retry_same_method"
        if not again:
            visit.page.click(f"[data-state={offer}] [data-does=choose]")
        same = "[data-state=retry_same_method] [data-does=again]"
        visit.pay_by(same if again else "#methods [value=wechat]", "paid")
        visit.await_state("paid")
        assert visit.shifts() == []
        site.fold()
        facts = [one for one in site.events(visit.visitor) if one.source == "server"]
        assert [one.type for one in facts] == ["payment_failed", "paid"]
        visit.page.click("[data-state=paid] button")
        visit.await_answer()
        assert visit.number == NUMBER
        assert visit.shifts() == []


@pytest.mark.parametrize(("lang", "wide"), [("zh", False), ("en", True)])
def test_the_panel_tells_each_decision_as_it_happens(
    browser: Browser, site: ShopSite, lang: str, *, wide: bool
) -> None:
    """Reason and whole distribution of each slot, on a phone and beside the page; nothing jumps."""
    size = {"width": 1280 if wide else 375, "height": 812}
    with visiting(browser, site, viewport=size) as visit:
        visit.open(lang=lang)
        visit.wait("document.querySelectorAll('#panel-list > li').length === 3")
        assert visit.shifts() == []
        rows = visit.page.eval_on_selector_all(
            "#panel-list > li", "(rows) => rows.map((row) => row.textContent)"
        )
        banner = next(one for one in rows if ("横幅" if lang == "zh" else "Banner") in one)
        names = ("充值抽流量", "充值送咖啡") if lang == "zh" else ("draw data", "have a coffee")
        assert all(name in banner for name in names)
        assert "%" in banner
        assert visit.page.evaluate("document.getElementById('panel').open") == wide
        overflow = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not visit.page.evaluate(overflow)


@pytest.mark.parametrize("trouble", ["down", "slow", "error"])
def test_the_shop_is_usable_when_the_service_is_not(
    browser: Browser, site: ShopSite, trouble: Trouble
) -> None:
    """Defaults within the budget, and what is shown stays; what was told arrives later, once."""
    with visiting(browser, site, script="") as visit:
        site.door.trouble = trouble
        times = []
        # A busy machine is late for reasons of its own: the best of five is the shop's own time.
        while len(times) < 5 and min(times, default=BUDGET + 1) > BUDGET:
            visit.open()
            visit.await_answer()
            times.append(visit.answer_time())
        before = visit.shown()
        assert min(times) <= BUDGET
        assert before[0] == 3, "the page's own default, 100 yuan"
        visit.page.wait_for_timeout(2300 if trouble == "slow" else 300)
        assert visit.shown() == before
        assert visit.shifts() == []
        visit.page.fill("#number", NUMBER)
        visit.go("recharge")
        visit.await_answer()
        assert visit.amount == 100
        site.door.trouble = "none"
        visit.open()
        assert eventually(lambda: visit.waiting == 0)
        said = claims(site.events(visit.visitor))
        assert (said["home"], said["amount"], said["recharge"]) == (len(times) + 1, 1, 1)


def test_an_exposure_told_in_vain_is_counted_once_after_recovery(
    browser: Browser, site: ShopSite
) -> None:
    """The banner was seen while events failed: the next page tells it, and it counts once."""
    with visiting(browser, site) as visit:
        site.door.paths, site.door.trouble = ("/v1/events",), "error"
        visit.open()
        visit.wait("Object.entries(localStorage).some(([key, text]) => text.includes('\"shown\"'))")
        assert told(visit, "shown") == 0
        site.door.paths, site.door.trouble = API, "none"
        visit.open()
        assert eventually(lambda: visit.waiting == 0)
        site.fold()
        seen = [one for one in site.exposures(visit.visitor) if one.slot == "banner"]
        assert len(seen) == 1


def test_a_payment_that_never_answers_is_told_by_the_visitor(
    browser: Browser, site: ShopSite
) -> None:
    """The window stays open; the visitor says that it failed, and gets an offer."""
    with visiting(browser, site) as visit:
        buy(visit)
        visit.pay_by("#methods [value=unionpay]", "silent")
        before = visit.page.locator("[data-does=failed]").bounding_box()
        visit.page.click("[data-does=done]")
        assert visit.page.is_visible("[data-late]")
        assert visit.page.locator("[data-does=failed]").bounding_box() == before
        visit.page.click("[data-does=failed]")
        visit.await_state(*OFFERS)
        assert told(visit, "payment_failed") == 1
        assert [one for one in site.events(visit.visitor) if one.source == "server"] == []


def test_a_slow_payment_is_told_by_itself(
    browser: Browser, site: ShopSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payment page and the window wait for the result, and show it when it comes."""
    monkeypatch.setitem(OUTCOMES, "slow", Outcome("paid", delay=1.0))
    with visiting(browser, site) as visit:
        buy(visit)
        with visit.context.expect_page() as opened:
            visit.page.click("#methods [value=wechat]")
        bank = opened.value
        bank.click("[value=slow]")
        bank.wait_for_selector("[data-status=open]:not([hidden])")
        bank.wait_for_selector("[data-status=paid]:not([hidden])")
        visit.await_state("paid")
        assert told(visit, "paid") == 1


def test_nobody_pays_nothing(browser: Browser, site: ShopSite) -> None:
    """The payment page without an amount leads back to the shop."""
    with visiting(browser, site) as visit:
        visit.open("/pay")
        visit.page.wait_for_url("**/example?lang=zh")


def test_each_offer_can_be_taken(browser: Browser, site: ShopSite) -> None:
    """The window shows what was decided; what it does not know is a choice of the method.

    It has one size, so that nothing moves when the result comes.
    """
    with visiting(browser, site) as visit:
        buy(visit)
        visit.page.evaluate("show('waiting')")
        size = visit.page.locator("#window").bounding_box()
        for action in ACTIONS:
            visit.page.evaluate("(action) => shop.offer({ action })", action)
            visible = visit.page.locator("#window section:visible")
            known = action if action in OFFERS else "choose_method"
            assert visible.get_attribute("data-state") == known
            assert visit.page.locator("#window").bounding_box() == size
        visit.page.evaluate("shop.offer({ action: 'remind' })")
        visit.page.click("[data-does=remind]:visible")
        assert visit.page.locator("[data-state=reminded]").is_visible()
        visit.page.evaluate("shop.offer({ action: 'none' })")
        visit.page.click("[data-does=choose]:visible")
        assert not visit.page.locator("#window").is_visible()


def test_a_typed_amount_is_carried_and_a_wrong_number_stops(
    browser: Browser, site: ShopSite
) -> None:
    """Another amount goes along; without a number nobody pays, and the hint has its place."""
    with visiting(browser, site) as visit:
        visit.open()
        visit.await_answer()
        visit.page.fill("#other", "80")
        visit.go("recharge")
        visit.await_answer()
        assert (visit.amount, visit.page.input_value("#other")) == (80, "80")
        visit.page.check("[name=amount][value='300']")
        assert "¥300" in str(visit.page.text_content("#go"))
        visit.page.fill("#number", "123")
        visit.page.click("#go")
        assert visit.page.is_visible("text=请输入 11 位手机号")
        assert visit.page.url.partition("?")[0].endswith("/recharge")
        assert visit.shifts() == []


def test_a_number_that_is_told_in_part_can_be_kept_or_changed(
    browser: Browser, site: ShopSite
) -> None:
    """The visitor's own number is masked where it was not typed: it is kept, or changed."""
    with visiting(browser, site) as visit:
        for typed, event in (("", "prefill_kept"), (NUMBER, "prefill_edited")):
            visit.open("/recharge")
            visit.await_answer()
            visit.page.evaluate(
                "number.value = ''; shop.fill({ source: 'own', masked: '138****5678' })"
            )
            assert visit.number == "138****5678"
            if typed:
                visit.page.fill("#number", typed)
            visit.go("pay")
            assert visit.page.text_content("[data-number]") == "138****5678"
            assert eventually(lambda event=event: told(visit, event) == 1)


def test_what_the_visitor_chose_first_stays(browser: Browser, site: ShopSite) -> None:
    """A visitor who is faster than the answer keeps their amount."""
    with visiting(browser, site) as visit:
        site.door.trouble = "slow"
        visit.page.goto(f"{site.url}/example?lang=zh", wait_until="commit")
        visit.page.check("[name=amount][value='10']")
        visit.await_answer()
        assert visit.amount == 10
