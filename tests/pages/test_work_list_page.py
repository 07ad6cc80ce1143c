"""The work list: who is first, whose cases, filters in the URL, files, and who has how much."""

from __future__ import annotations

import csv
import io
import re

import pytest
from page_site import PageSite
from work_site import cases, fold, leave, open_warnings, set_up, settle, spend_less


@pytest.fixture
def work(site: PageSite) -> PageSite:
    """A site with agents and rules."""
    set_up(site)
    return site


def verdict(page: str) -> str:
    found = re.search(r'<p class="verdict" id="verdict"><bdi class="data">(.*?)</bdi>', page)
    assert found
    return found[1]


def listed(page: str) -> list[str]:
    """The ids of the cases of a page, in order."""
    return re.findall(r'id="case-([^"]+)"', page)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_the_first_sentence_says_who_is_to_be_called_first(work: PageSite) -> None:
    """The case that is due first is not the answer where nobody may contact its person."""
    first, second, _third = open_warnings(work)
    assert (first["level"], first["reach"][0]["allowed"]) == ("critical", False)
    page = work.text("/work", language="en")
    assert listed(page)[:2] == [first["id"], second["id"]]
    who = f"visitor {second['subject'][:8]}"
    assert verdict(page).startswith(f"Call {who} first: due on ")
    assert verdict(work.text("/work")).startswith(f"先打给 访客 {second['subject'][:8]}：")


def test_the_first_day_says_what_to_do(work: PageSite) -> None:
    """Without a case each list says so in its first sentence, and is a whole page."""
    for path in ("/work", "/warnings", "/winback"):
        page = work.text(path, language="en")
        assert verdict(page) == "Nobody is waiting: no open case fits this list."
        assert listed(page) == []


def test_an_agent_sees_their_own_cases_first(work: PageSite) -> None:
    """The list of an agent's account is their own until they ask for others; others see all."""
    one, *_others = open_warnings(work)
    assert listed(work.text("/work", role="agent")) == []
    path = f"/v1/worklist/{one['id']}/actions"
    work.web.post(path, {"action": "assign", "to": "agent"}, work.web.secrets["admin"])
    fold(work)
    assert listed(work.text("/work", role="agent")) == [one["id"]]
    assert len(listed(work.text("/work?whose=all", role="agent"))) == 3
    assert one["id"] not in listed(work.text("/work?whose=nobody", role="agent"))
    assert len(listed(work.text("/work", role="admin"))) == 3


def test_filters_and_the_case_stand_in_the_url(work: PageSite) -> None:
    """A link that is sent on shows the same rows and the same case; unknown words are left out."""
    open_warnings(work)
    found = listed(work.text("/work?level=critical"))
    assert len(found) == 1
    page = work.text(f"/work?kind=warning&case={found[0]}&shape=round", language="en")
    assert f'class="case here" id="case-{found[0]}"' in page
    assert 'hx-get="/work?kind=warning&amp;case=' in page
    assert "shape" not in page.split('id="live"')[1]
    assert "No case has this id" in work.text("/work?case=1-nothing", language="en")


def test_a_role_sees_the_buttons_of_its_own_steps(work: PageSite) -> None:
    """A viewer looks and changes nothing; an agent acts on one case, who leads a team on many."""
    open_warnings(work)
    pages = {role: work.text("/work?whose=all", role) for role in ("viewer", "agent", "admin")}
    steps = {role: "/steps" in page for role, page in pages.items()}
    assert steps == {"viewer": False, "agent": True, "admin": True}
    many = {role: 'id="many-to"' in page for role, page in pages.items()}
    assert many == {"viewer": False, "agent": False, "admin": True}
    closing = {role: "/work/many/close" in page for role, page in pages.items()}
    assert closing == {"viewer": False, "agent": True, "admin": True}
    (one, *_) = cases(work)
    client = work.client("viewer", "en")
    form = {"action": "contact", "channel": "call", "reached": "true", "pick": one["id"]}
    for path in (f"/work/cases/{one['id']}/steps", "/work/handover", "/winback/causes"):
        data = form | {"from": "agent", "to": "bo", "method": "wallet", "since": "2026-11-28"}
        assert client.post(path, data=data).status_code == 403, path
    assert client.post("/work/many/close", data=form | {"outcome": "stays"}).status_code == 403
    assert client.post("/work/many/assign", data=form | {"to": "bo"}).status_code == 403
    assert client.post(f"/work/cases/{one['id']}/grant", data={"why": "x"}).status_code == 403
    fold(work)
    assert cases(work)[0]["revision"] == 0


def test_each_kind_of_case_has_its_row_and_its_panel(work: PageSite) -> None:
    """A win-back case says stage and reason in words, a measure what may be offered and why not."""
    leave(work, "w-1", "insufficient_balance")
    settle(work)
    spend_less(work, "ada")
    left, due = cases(work, "?kind=winback")[0], cases(work, "?kind=measure")[0]
    page = work.text(f"/work?case={left['id']}")
    for words in ("选择支付方式", "余额不足", "电子钱包", "¥100", "联系过的人还太少"):
        assert words in page
    page = work.text(f"/work?case={due['id']}")
    for words in ("唤醒奖励：充值返20元", "可以办理", "这位客户不符合该方案的条件", "生命周期阶段"):
        assert words in page


def test_the_win_back_list_is_in_the_order_in_which_to_call(work: PageSite) -> None:
    """Its filters are the API's; the funnel's link to who left at a stage leads to these people."""
    leave(work, "w-1", "timeout", 80)
    leave(work, "w-2", "insufficient_balance", 50)
    settle(work)
    order = [one["id"] for one in work.web.get("/v1/winback").json["winback"]]
    assert listed(work.text("/winback")) == order
    assert len(listed(work.text("/winback?stage=method"))) == 2
    assert listed(work.text("/winback?stage=home")) == []
    assert len(listed(work.text("/winback?reason=timeout"))) == 1
    assert verdict(work.text("/winback", language="en")).startswith("Call visitor ")


def test_warnings_of_every_state_are_listed(work: PageSite) -> None:
    """Closed ones are there by the filter, the others without one."""
    one, *_others = open_warnings(work)
    path = f"/v1/worklist/{one['id']}/actions"
    done = {"action": "close", "outcome": "stays"}
    assert work.web.post(path, done, work.web.secrets["admin"]).status_code == 200
    fold(work)
    assert one["id"] not in listed(work.text("/warnings"))
    assert listed(work.text("/warnings?state=closed")) == [one["id"]]
    assert len(listed(work.text("/warnings?rule=low"))) == 2


def test_the_files_have_every_row_and_no_formula(work: PageSite) -> None:
    """The CSV goes past the page; the call list has only who may be called now."""
    open_warnings(work, 50)
    client = work.client(language="en")
    every = rows_of(client.get("/work?format=csv").text)
    assert len(every) == 50
    assert {one["Kind"] for one in every} == {"Churn warning"}
    calls = rows_of(client.get("/work?format=csv&calls=now").text)
    assert len(calls) == 49
    assert {one["Contact by"] for one in calls} == {"call"}
    assert len(rows_of(client.get("/warnings?format=csv&level=critical").text)) == 1
    assert rows_of(client.get("/winback?format=csv").text) == []
    loads = rows_of(client.get("/work?format=csv&table=loads").text)
    assert [one["Agent or team"] for one in loads[:2]] == ["Agent one", "Agent two"]


def test_pages_of_a_long_list_go_on(work: PageSite) -> None:
    """The link behind the last row leads to the next cases, and nobody is shown twice."""
    open_warnings(work, 50)
    first = work.text("/work")
    link = re.search(r'<a href="([^"]+)" rel="next">', first)
    assert link
    second = work.text(link[1].replace("&amp;", "&"))
    assert len(listed(first)) == 40
    assert len({*listed(first), *listed(second)}) == 50
