"""The screen of a visitor: what is known, and its erasure."""

from __future__ import annotations

from funnel_visits import archive, visit
from page_site import PageSite
from test_api_worklist import RULES, WORK, listed, open_cases

from nudge.config.documents.document import ConfigDocument

WHO = {"visitor_id": "v-0"}
HOSTILE = "<script>alert('x')</script>"


def known(site: PageSite) -> None:
    """Make a visitor who paid, wrote a text and told a number."""
    visit(site.web, 1)
    note = {"event_id": "f-1", "type": "feedback", "visitor_id": "v-0", "scene": "paid", "score": 2}
    named = {"event_id": "i-1", "type": "identified", "visitor_id": "v-0", "msisdn": "13812345678"}
    events = {"events": [note | {"text": HOSTILE}, named]}
    site.web.post("/v1/events", events, site.web.secrets["ingest"])
    archive(site.web)


def test_a_visitor_is_shown_with_masked_numbers_and_their_own_words_as_text(
    site: PageSite,
) -> None:
    """Payments, numbers and texts: no number in the clear, and no text that a browser runs."""
    known(site)
    for language, sentence in (("zh", "这位访客有 1 笔缴费记录。"), ("en", "1 payment is known")):
        text = site.client(language=language).post("/visitor", data=WHO).text
        assert sentence in text
        assert "138****5678" in text
        assert "13812345678" not in text
        assert HOSTILE not in text
        assert "&lt;script&gt;alert" in text


def test_what_stands_leads_to_its_explanation(site: PageSite) -> None:
    """Each standing decision is a link to its story; without one the page says so."""
    name, *_rest = visit(site.web, 1)
    client = site.client()
    assert f'href="/explain?decision={name}"' in client.post("/visitor", data=WHO).text


def test_the_id_stands_in_no_address(site: PageSite) -> None:
    """The page is asked for by a form; a GET shows the form, and no link has the id."""
    known(site)
    client = site.client()
    text = client.post("/visitor", data={"visitor_id": "v-0"}).text
    assert "v-0" not in "".join(part.split('"')[0] for part in text.split('href="')[1:])
    assert "缴费记录" not in client.get("/visitor?visitor_id=v-0").text
    assert client.get("/visitor/erase?visitor_id=v-0").headers["Location"] == "/visitor"
    for name, error in (("nobody", "没有找到这位访客"), (" ", "请输入编号或手机号")):
        assert error in client.post("/visitor", data={"visitor_id": name}).text


def test_tables_are_files(site: PageSite) -> None:
    """Each list of the page as CSV, by a form; an unknown one is not there."""
    known(site)
    client = site.client()
    for table, header in (("payments", "at,amount"), ("attributes", "attribute,value")):
        found = client.post("/visitor", data=WHO | {"table": table})
        assert (found.mimetype, header in found.text) == ("text/csv", True)
    assert client.post("/visitor", data=WHO | {"table": "texts"}).status_code == 404


def test_an_erasure_is_previewed_and_confirmed_by_the_id(site: PageSite) -> None:
    """Nothing is erased before the id was typed again; then the visitor is known to nobody."""
    known(site)
    client = site.client()
    assert "无法恢复" in client.post("/visitor/erase", data=WHO).text
    wrong = client.post("/visitor/erased", data=WHO | {"typed": "v-1"})
    assert "请照上面原样输入" in wrong.text
    assert client.post("/visitor", data=WHO).text.count("138****5678") == 1
    done = client.post("/visitor/erased", data=WHO | {"typed": "v-0"})
    assert (done.status_code, done.headers["Location"]) == (303, "/visitor")
    assert "访客数据已清除" in client.get("/visitor").text
    assert "没有找到这位访客" in client.post("/visitor", data=WHO).text
    again = client.post("/visitor/erased", data=WHO | {"typed": "v-0"})
    assert again.status_code == 303


def test_an_agent_sees_the_visitor_of_a_case_by_the_case(site: PageSite) -> None:
    """The case's id leads there, the visitor's is on no page; tables are files there, too."""
    for name, text in (("warnings.toml", RULES), ("worklist.toml", WORK)):
        assert site.web.service.store.documents.put(ConfigDocument(name, 1, text), 0, {})
    site.web.service.refresh()
    open_cases(site.web, 1)
    path = f"/visitor/case/{listed(site.web)[0]['id']}"
    text = site.text(path, role="agent")
    assert "这是工单中的访客" in text
    assert site.client("agent").post("/visitor", data=WHO).status_code == 403
    assert site.client("viewer").get(path).status_code == 403
    assert "v-0" not in text
    assert f'href="{path}?format=csv&amp;table=reach"' in text
    found = site.client().get(f"{path}?format=csv&table=reach")
    assert "purpose,channel" in found.text
    assert site.client().get("/visitor/case/nobody").status_code == 404
