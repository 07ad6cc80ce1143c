"""Ten questions of those who look: each is answered within three clicks from the overview."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from demo_site import ADMIN, KNOWN, SAID, Demo
from screen_checks import Screen

pytestmark = pytest.mark.soak
"""Its demonstration takes three minutes of a core."""
MOST: Final = 3
"""Clicks."""
PATIENCE: Final = 120_000
"""Milliseconds: a worker computes some of the answers, and a test machine is busy."""


@dataclass
class Asker:
    """Somebody with a question, who begins at the overview.

    Attributes:
        screen: the tab.
        clicks: so far.
    """

    screen: Screen
    clicks: int = 0

    def click(self, what: str) -> None:
        """Click once, of the few times that there are."""
        self.clicks += 1
        assert self.clicks <= MOST, what
        self.screen.page.click(what)

    def menu(self, path: str) -> None:
        """Open a screen by the menu."""
        self.click(f"nav.menu a[href='{path}']")
        self.screen.page.wait_for_url(f"**{path}")

    def slot(self, name: str) -> None:
        """Open a slot by its row on the overview."""
        self.click(f"main tbody a[href='/slots/{name}']")
        self.screen.page.wait_for_url(f"**/slots/{name}")

    def finds(self, pattern: str, where: str = ".verdict") -> str:
        """Wait until a place of the page says what is asked for; return what it says there."""
        found = self.screen.page.locator(where).filter(has_text=re.compile(pattern)).first
        found.wait_for(timeout=PATIENCE)
        return found.inner_text()


@pytest.fixture
def asker(demo: Demo) -> Iterator[Asker]:
    """An admin on the overview."""
    with demo.tab() as screen:
        yield Asker(screen)


def test_who_wins_in_banner(asker: Asker) -> None:
    """The slot's first sentence says who leads, by how much, and how sure that is."""
    asker.slot("banner")
    asker.finds("领先|暂无定论|结论成立|样本量不足")
    asker.finds("95% 区间", "main thead tr")
    assert re.search(r"\d{4}年\d+月\d+日", asker.finds("数据截至", "#live"))


def test_why_payments_dropped(asker: Asker) -> None:
    """The alarm says what fell and what did not, and marks the cause."""
    asker.menu("/alarms")
    assert SAID in asker.finds("支付宝")
    asker.click("text=查看这条告警")
    assert "支付宝" in asker.finds("原因所在", "main tbody tr")


def test_who_is_to_be_called_first(asker: Asker) -> None:
    """The list's first sentence names the person, or says that nobody may be called."""
    asker.click("main a[href='/winback']")
    asker.finds(r"\d{3}\*{4}\d{4}|触达")


def test_what_may_not_be_sent_tonight(asker: Asker) -> None:
    """The policy stands there in words, and for one person the answer has its reason."""
    asker.menu("/sms")
    asker.finds("21:00", "#policy")
    asker.screen.page.fill("#f-who", KNOWN)
    asker.click("#check button")
    asker.finds("同意", "#check .verdict")


def test_what_wap_visitors_see(asker: Asker) -> None:
    """The slot's table of channels has a row of them."""
    asker.slot("banner")
    asker.finds("WAP", "#segments table")


def test_what_always_one_variant_had_brought(asker: Asker) -> None:
    """The log answers by a sentence and what it is worth, or says why it cannot."""
    asker.slot("banner")
    asker.click("main a[href$='/what-if']")
    page = asker.screen.page
    page.select_option("[name=if0]", "channel:wap")
    page.select_option("[name=show0]", "data_draw")
    page.select_option("[name=rest]", "data_draw")
    asker.click("main form.sentence button")
    asker.finds("有效样本", "#answer")
    assert "。" in page.inner_text("#answer .verdict")


def test_where_most_leave_and_why(asker: Asker) -> None:
    """The first sentence names the stage and its share; the table has reasons beside stages."""
    asker.menu("/funnel")
    asker.finds(r"流失最多的环节是.*%")
    asker.finds("失败|没有上报原因", "#funnel table")


def test_which_alarms_are_open_and_what_teaches_nothing(asker: Asker) -> None:
    """The list has the open alarm with its quarantine."""
    asker.menu("/alarms")
    assert "支付宝" in asker.finds("不参与学习", "main tbody tr")


def test_what_changed_since_yesterday_and_who_did_it(asker: Asker) -> None:
    """The overview tells of the newest changes; the audit, a click away, has each with its name."""
    asker.finds("昨天以来", "#live")
    asker.menu("/audit")
    asker.screen.page.fill("#f-object", "user:")
    asker.click("main form button.primary")
    asker.finds(f"user:{ADMIN}", "main tbody tr")


def test_whether_the_system_is_healthy(asker: Asker) -> None:
    """The first sentence is the state; each part has its own, and how far it lags."""
    asker.menu("/system")
    assert asker.screen.page.inner_text(".verdict")
    asker.finds("条记录", "main tbody")
