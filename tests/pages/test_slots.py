"""The pages of slots: what they say, and the two steps of each action."""

from __future__ import annotations

import re
from typing import Any

import pytest
from page_site import PageSite
from slot_site import SLOT, patch, settled, visit, working
from test_api_model import publish

PAGE = "/slots/banner"


def tag(text: str) -> str:
    """The version of the slot that a page's form carries."""
    found = re.search(r'name="etag" value="([^"]*)"', text)
    assert found, text
    return found[1].replace("&#34;", '"')


def row(text: str, variant: str) -> str:
    """The row of a variant in the table of estimates."""
    return text.partition(f'id="variant-{variant}"')[2].partition("</tr>")[0]


def do(site: PageSite, action: str, **fields: str) -> Any:
    """The answer to the second step of an action, behind its first."""
    client = site.client()
    query = {k: v for k, v in fields.items() if k in {"variant", "number"}}
    looked = client.get(f"{PAGE}/actions/{action}", query_string=query).text
    form = {"etag": tag(looked), "why": "too dear"} | fields
    return client.post(f"{PAGE}/actions/{action}", data=form)


def test_the_list_has_every_slot(site: PageSite) -> None:
    """Each slot leads to its page, with its mode in words."""
    patch(site.web, {"mode": "shadow"})
    text = site.text("/slots")
    for name in site.web.service.latest().slots:
        assert f'href="/slots/{name}"' in text
    assert "只记录不展示" in text


def test_a_slot_without_visitors_says_what_to_do(site: PageSite) -> None:
    """Before the first decision the page has a command, and no figure that nobody knows."""
    with working(site.web):
        text = settled(site, PAGE)
    assert "还没有" in text
    assert "–" in row(text, "coffee")


def test_a_page_begins_with_the_verdict(site: PageSite) -> None:
    """The API's sentence comes first; then each variant with estimate, interval and share."""
    visit(site.web)
    with working(site.web):
        text = settled(site, PAGE, "en")
        report = site.web.get(f"{SLOT}/performance").json["report"]
        assert report["whole"]["verdict"]["en"] in text.partition("</p>")[0] + text.partition(
            'id="verdict"'
        )[2].partition("</p>")[0].replace("&#34;", '"')
        assert 'class="whisker c0' in row(text, "data_draw")
        assert "Version 1 of" in text
        days = settled(site, f"{PAGE}/days", "en")
        assert re.search(r"<th scope=\"row\">\d+ \w+</th><td class=\"number\">1\d\d", days)
        parts = settled(site, f"{PAGE}/segments?by=channel")
        assert "不足 20 人" in parts
        assert parts.count('<th scope="row">') == 2
    assert site.client().get(f"{PAGE}/segments?by=none").status_code == 404


@pytest.mark.parametrize("table", ["variants", "allocation", "changes"])
def test_every_table_is_a_file(site: PageSite, table: str) -> None:
    """A table of the page comes as CSV from the page's own address; another one does not exist."""
    found = site.client().get(f"{PAGE}?format=csv&table={table}")
    assert (found.status_code, found.mimetype) == (200, "text/csv")
    assert site.client().get(f"{PAGE}?format=csv&table=none").status_code == 404


def test_parts_are_files_too(site: PageSite) -> None:
    """Days and segments come as CSV, with a line for each variant of a segment."""
    visit(site.web)
    with working(site.web):
        settled(site, f"{PAGE}/segments?by=channel")
        text = site.client().get(f"{PAGE}/segments?by=channel&format=csv").text
        assert len(text.splitlines()) == 1 + 2 * 4
        settled(site, f"{PAGE}/days")
        assert len(site.client().get(f"{PAGE}/days?format=csv").text.splitlines()) >= 2


def test_a_stopped_variant_has_no_share(site: PageSite) -> None:
    """The preview says who is moved; behind the change the page shows a share of zero, and why."""
    publish(site.web)
    looked = site.text(f"{PAGE}/actions/stop?variant=coffee")
    assert "的访客会看到不同的内容" in looked
    done = do(site, "stop", variant="coffee")
    assert (done.status_code, done.location) == (303, PAGE)
    text = site.text(PAGE)
    assert "0.0%" in row(text, "coffee")
    assert "已停用" in row(text, "coffee")
    assert "too dear" in text
    assert ">admin</bdi>" in text
    assert do(site, "start", variant="coffee").status_code == 303
    assert "0.0%" not in row(site.text(PAGE), "coffee")


def test_an_action_needs_a_reason(site: PageSite) -> None:
    """Without one nothing is changed, and the form asks for it."""
    refused = do(site, "pause", why=" ")
    assert refused.status_code == 422
    assert "请填写原因" in refused.text
    assert site.web.get(SLOT).json["mode"] == "live"


def test_who_was_too_late_sees_what_has_changed(site: PageSite) -> None:
    """A stale tag changes nothing: the page says who was faster, and asks again with a new tag."""
    client = site.client()
    looked = client.get(f"{PAGE}/actions/stop?variant=coffee").text
    patch(site.web, {"title": "Another"})
    form = {"etag": tag(looked), "why": "too dear", "variant": "coffee"}
    late = client.post(f"{PAGE}/actions/stop", data=form)
    assert late.status_code == 412
    assert "title: Promotion banner -&gt; Another" in late.text
    assert 'value="too dear"' in late.text
    assert tag(late.text) != tag(looked)
    again = client.post(f"{PAGE}/actions/stop", data=form | {"etag": tag(late.text)})
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("action", "mode"), [("pause", "off"), ("freeze", "frozen"), ("shadow", "shadow")]
)
def test_a_mode_is_changed_and_undone(site: PageSite, action: str, mode: str) -> None:
    """Each mode leads back to a slot that runs; what visitors see is told before."""
    publish(site.web)
    assert do(site, action).status_code == 303
    assert site.web.get(SLOT).json["mode"] == mode
    assert do(site, "resume").status_code == 303
    assert site.web.get(SLOT).json["mode"] == "live"
    looked = site.text(f"{PAGE}/actions/resume")
    assert "不需要改动" in looked


def test_a_fallback_is_not_stopped(site: PageSite) -> None:
    """The page says in words why, and what to do first; it has no form."""
    text = site.text(f"{PAGE}/actions/stop?variant=data_draw")
    assert "默认方案" in text
    assert 'name="why"' not in text
    assert "actions/stop?variant=data_draw" not in site.text(PAGE)


def test_an_earlier_revision_comes_back(site: PageSite) -> None:
    """Its content is served at the next revision, with the reason in the audit."""
    patch(site.web, {"holdout": 0.2})
    assert "actions/revert?number=1" in site.text(PAGE)
    assert do(site, "revert", number="1").status_code == 303
    now = site.web.get(SLOT).json
    assert (now["holdout"], now["revision"]) == (0.05, 3)
    assert site.client().get(f"{PAGE}/actions/revert?number=9").status_code == 404


def test_a_version_of_the_policy_is_held_and_let_go(site: PageSite) -> None:
    """The page offers the kept versions, says that one is held, and how to go on."""
    publish(site.web)
    publish(site.web)
    assert '<option value="1">' in site.text(PAGE)
    assert do(site, "hold", number="1").status_code == 303
    assert site.web.get(f"{SLOT}/policy").json["held"]["version"] == 1
    assert "固定在版本 1" in site.text(PAGE)
    assert do(site, "release").status_code == 303
    assert site.web.get(f"{SLOT}/policy").json["held"] is None
    assert "已不再保留" in site.text(f"{PAGE}/actions/hold?number=77")


def test_an_unknown_action_is_not_there(site: PageSite) -> None:
    """Neither a name, nor a variant, nor a number that means nothing is an error of the service."""
    client = site.client()
    for path in ("explode", "stop", "stop?variant=none", "hold?number=x", "revert"):
        assert client.get(f"{PAGE}/actions/{path}").status_code == 404, path
    assert client.get("/slots/none").status_code == 404
    assert client.get("/slots/none/actions/pause").status_code == 404


def test_who_may_only_look_gets_no_form(site: PageSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role without the change sees figures and previews: no action, and no form that does it."""
    publish(site.web)
    publish(site.web)

    def may(operation: str) -> bool:
        return not operation.startswith(("patch", "put", "evaluate"))

    for module in ("app", "screens.slots.action_views", "screens.slots.slot_data"):
        monkeypatch.setattr(f"nudge.pages.{module}.may", may)
    text = site.text(PAGE)
    assert "actions/" not in text
    assert "what-if" not in text
    for action in ("stop?variant=coffee", "pause", "hold?number=1", "revert?number=1"):
        looked = site.text(f"{PAGE}/actions/{action}")
        assert 'name="why"' not in looked, action


def test_a_title_is_text_wherever_it_stands(site: PageSite) -> None:
    """A variant's title and a reason are data: in tables, options, charts, headings and notes."""
    bad = "</script><script>alert(1)</script>"
    title = {"title": {"zh": bad, "en": bad}}
    patch(site.web, {"variants": {"coffee": title}}, why="%3Cscript%3Ealert(2)%3C/script%3E")
    publish(site.web)
    paths = (PAGE, f"{PAGE}/actions/stop?variant=coffee", f"{PAGE}/what-if", "/slots")
    for path in (*paths, f"{PAGE}/segments", f"{PAGE}/days"):
        text = site.text(path)
        assert "<script>alert" not in text, path
    assert "&lt;script&gt;alert(2)" in site.text(PAGE)
    assert do(site, "stop", variant="coffee").status_code == 303
    assert "<script>alert" not in site.text(PAGE)
