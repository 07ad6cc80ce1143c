"""Promotions: cards, the form with its count, concurrency, and texts that are data."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from child_processes import eventually
from page_site import PageSite
from promotion_site import add_promotions, add_visitors, counting, offer, patch
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from nudge.pages.screens.promotions import list_view

NEW = "/promotions/new?slot=banner"
HOSTILE = '"><script>alert(1)</script>'


def filled(site: PageSite, path: str = NEW, **changes: object) -> dict[str, Any]:
    """The fields of a form as a browser would send it, with changes."""
    page = site.text(path)
    etag = unescape(re.findall(r'name="etag" value="([^"]*)"', page)[0])
    own = {
        "title_zh": "杭州专享",
        "text_zh": "仅限杭州用户",
        "title_en": "Hangzhou only",
        "text_en": "For visitors from Hangzhou",
        "name": "hangzhou",
        "link": "/promotions/hangzhou",
        "why": "spring",
        "action": "save",
        "row_attribute": ["city"],
        "row_comparison": ["is"],
        "row_value": ["杭州"],
    }
    return own | {"etag": etag} | changes


def send(
    site: PageSite, fields: dict[str, Any], path: str = NEW, role: str = "admin"
) -> TestResponse:
    return site.client(role).post(path, data=MultiDict(fields))


def looked(site: PageSite, fields: dict[str, Any]) -> str:
    """The form with its preview, once the visitors are counted."""
    assert eventually(lambda: "正在统计访客人数" not in send(site, fields).text, 30.0)
    return send(site, fields).text


def variant(site: PageSite, name: str) -> Any:
    """A variant of the banner as the API has it; None where there is none."""
    table: Any = site.web.get("/v1/slots/banner").json
    return next((one for one in table["variants"] if one["name"] == name), None)


def shown_to(site: PageSite, city: str, number: int) -> set[str]:
    """The variants that visitors of a city get, of whom all variants have equal shares."""
    policy = {"kind": "uniform", "half_life": None}
    patch(site, {}, policy=policy, holdout=0)
    told = [
        site.web.decide(visitor_id=f"{city}-{i}", slots=["banner"], context={"city": city})
        for i in range(number)
    ]
    return {one["decisions"]["banner"]["variant"] for one in told}


def test_each_promotion_has_a_card(site: PageSite) -> None:
    """A card shows the texts as visitors see them in both languages, and leads to the form."""
    text = site.text("/promotions")
    for name in ("data_draw", "triple_gift", "coffee", "video"):
        assert f'id="p-{name}"' in text
        assert f"/promotions/banner/{name}" in text
    assert "充值送咖啡" in text
    assert "Recharge and have a coffee" in text


def test_states_are_told(site: PageSite) -> None:
    """Running ones come first; what is scheduled, stopped or over says so, and what ends soon."""
    add_promotions(site)
    text = site.text("/promotions")
    places = [text.index(f'id="p-{name}"') for name in ("city", "later", "video", "over")]
    assert places == sorted(places)
    assert "共 8 个活动，5 个进行中，1 个尚未开始。" in text
    assert "“杭州专享”将于" in text
    for state in ("进行中", "未开始", "已停用", "已结束"):
        assert f">{state}</span>" in text


def test_a_city_promotion_is_served_to_its_city(site: PageSite) -> None:
    """Visitors of the city get what the form saves, and no others do; the audit says why."""
    answer = send(site, filled(site))
    assert (answer.status_code, answer.location) == (303, "/promotions?slot=banner#p-hangzhou")
    found = variant(site, "hangzhou")
    assert found["available"] == {"when": {"attribute": "city", "is": "杭州"}}
    assert found["value"]["text"] == {"zh": "仅限杭州用户", "en": "For visitors from Hangzhou"}
    assert found["value"]["link"] == "/promotions/hangzhou"
    revisions: Any = site.web.get("/v1/slots/banner/revisions").json
    last = revisions["revisions"][0]
    assert (last["who"], last["why"]) == ("user:admin", "spring")
    assert "hangzhou" in shown_to(site, "杭州", 60)
    assert "hangzhou" not in shown_to(site, "南京", 60)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title_zh", ""),
        ("title_en", " "),
        ("text_en", ""),
        ("title_zh", "长" * 61),
        ("text_zh", "a\nb"),
        ("name", "Has Space"),
        ("name", "coffee"),
        ("link", "javascript:alert(1)"),
        ("link", "//evil.example"),
        ("link", "http://evil.example"),
        ("starts", "tomorrow"),
        ("stock", "-1"),
        ("stock", "1.5"),
        ("stock", "9" * 30),
        ("why", ""),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_lost(
    site: PageSite, field: str, value: str
) -> None:
    """A form that does not fit comes back with what was typed and a cure; nothing is saved."""
    fields = filled(site, **{field: value})
    answer = send(site, fields)
    assert answer.status_code == 422
    assert variant(site, "hangzhou") is None
    assert f'id="h-{field}" class="error"' in answer.text
    assert "仅限杭州用户" in answer.text or field == "text_zh"
    assert 'value="杭州"' in answer.text


@pytest.mark.parametrize(
    ("comparison", "value", "cure"),
    [("at_least", "x", "请填写数字"), ("between", "9, 1", "小的在前"), ("in", " ", "用逗号隔开")],
)
def test_a_row_that_does_not_fit_says_what_would(
    site: PageSite, comparison: str, value: str, cure: str
) -> None:
    """The mistake of a row stands at the row, in the reader's language."""
    answer = send(site, filled(site, row_comparison=[comparison], row_value=[value]))
    assert answer.status_code == 422
    assert cure in answer.text
    assert 'aria-describedby="row-error-1"' in answer.text


def test_an_end_before_the_beginning_is_refused(site: PageSite) -> None:
    """Dates in the wrong order are told at the end's field."""
    dates = {"starts": "2026-12-02T00:00", "ends": "2026-12-01T00:00"}
    answer = send(site, filled(site, **dates))
    assert answer.status_code == 422
    assert "结束时间不晚于开始时间" in answer.text


def test_dates_are_of_the_operator_s_zone(site: PageSite) -> None:
    """A time is typed and shown as the operator's clock has it."""
    dates = {"starts": "2030-12-02T08:30", "ends": "2030-12-09T00:00", "stock": "500"}
    assert send(site, filled(site, **dates)).status_code == 303
    available = variant(site, "hangzhou")["available"]
    assert available["starts"] == "2030-12-02T00:30:00+00:00"
    assert available["stock"] == 500
    assert 'value="2030-12-02T08:30"' in site.text("/promotions/banner/hangzhou")
    assert "2030年12月2日 08:30" in site.text("/promotions")


def test_chinese_texts_may_stand_for_english_ones(site: PageSite) -> None:
    """One tick takes the Chinese texts in both languages; then English ones need not be typed."""
    fields = filled(site, same_text="1", title_en="", text_en="")
    assert send(site, fields).status_code == 303
    assert variant(site, "hangzhou")["title"] == {"zh": "杭州专享", "en": "杭州专享"}


def test_a_name_is_made_of_the_english_title(site: PageSite) -> None:
    """A promotion without a typed name gets one for records; a second one gets another."""
    assert send(site, filled(site, name="")).status_code == 303
    assert variant(site, "hangzhou_only")
    answer = send(site, filled(site, name=""))
    assert answer.status_code == 303
    assert re.search(r"#p-hangzhou_only_[0-9a-f]{6}$", answer.location)


def test_somebody_who_was_faster_is_told_and_nothing_typed_is_lost(site: PageSite) -> None:
    """The second of two marketers sees who changed what, and saves again with one click."""
    fields = filled(site)
    patch(site, {"coffee": {"enabled": False}})
    answer = send(site, fields)
    assert answer.status_code == 412
    assert "刚才有人修改了这个决策位" in answer.text
    assert "spring" in answer.text
    assert "variants.coffee.enabled: True -&gt; False" in answer.text
    assert 'value="杭州专享"' in answer.text
    etag = unescape(re.findall(r'name="etag" value="([^"]*)"', answer.text)[0])
    assert send(site, fields | {"etag": etag}).status_code == 303
    assert variant(site, "hangzhou")
    assert variant(site, "coffee")["enabled"] is False


def test_the_same_form_sent_twice_adds_one_promotion(site: PageSite) -> None:
    """A repeated call changes nothing: the revision that it has seen is over."""
    fields = filled(site, name="")
    assert [send(site, fields).status_code for _ in range(2)] == [303, 412]
    table: Any = site.web.get("/v1/slots/banner").json
    assert len(table["variants"]) == 5


def test_an_edit_replaces_the_rule_and_keeps_what_it_does_not_show(site: PageSite) -> None:
    """Nothing of the old rule stays in the new one; limits without a field stay as they are."""
    rule = {"all": [{"attribute": "city", "is": "杭州"}, {"attribute": "payments", "above": 2}]}
    patch(site, {"hangzhou": offer("旧", "Old", when=rule, pages=["home"], exclusive="data")})
    path = "/promotions/banner/hangzhou"
    page = site.text(path)
    assert page.count('name="row_attribute"') == 2
    assert 'value="2"' in page
    assert send(site, filled(site, path), path).status_code == 303
    found = variant(site, "hangzhou")
    rest = {"pages": ["home"], "exclusive": "data"}
    assert found["available"] == rest | {"when": {"attribute": "city", "is": "杭州"}}
    nothing = filled(site, path, row_attribute=[], row_comparison=[], row_value=[])
    assert send(site, nothing, path).status_code == 303
    assert variant(site, "hangzhou")["available"] == rest


def test_a_rule_of_several_levels_stays_until_a_row_replaces_it(site: PageSite) -> None:
    """The form says that it cannot show the rule, and does not lose it."""
    rule = {"all": [{"any": [{"attribute": "city", "is": "杭州"}]}]}
    patch(site, {"hangzhou": offer("旧", "Old", when=rule)})
    path = "/promotions/banner/hangzhou"
    assert 'name="keep_rule"' in site.text(path)
    fields = filled(site, path, keep_rule="1", row_attribute=[])
    assert send(site, fields, path).status_code == 303
    assert variant(site, "hangzhou")["available"] == {"when": rule}
    answer = send(site, fields | {"action": "add_row"}, path)
    assert 'name="keep_rule"' not in answer.text


def test_an_old_promotion_is_a_template(site: PageSite) -> None:
    """A copy has the texts and the rule, and neither name nor dates."""
    add_promotions(site)
    page = site.text(f"{NEW}&like=city")
    assert 'value="杭州专享"' in page
    assert 'value="杭州, 宁波"' in page
    assert re.search(r'name="ends" type="datetime-local" value=""', page)
    assert re.search(r'name="name" type="text" value=""', page)


def test_rows_come_and_go_without_a_script(site: PageSite) -> None:
    """The form's buttons add and remove rows, and what was typed stays; there are at most 20."""
    fields = filled(site, row_attribute=["city", "tier"], row_comparison=["is"] * 2)
    fields["row_value"] = ["杭州", "high"]
    more = send(site, fields | {"action": "add_row"}).text
    assert more.count('name="row_attribute"') == 3
    less = send(site, fields | {"action": "remove_row:0"}).text
    assert less.count('name="row_attribute"') == 1
    assert 'value="high"' in less
    assert 'value="杭州"' not in less
    for action in ("remove_row:9", "remove_row:-1", "remove_row:x", "remove_row:²", "nonsense"):
        assert send(site, fields | {"action": action}).text.count('name="row_attribute"') == 2
    many = {name: ["city"] * 500 for name in ("row_attribute", "row_comparison", "row_value")}
    assert send(site, fields | many | {"action": "add_row"}).text.count("row_attribute") == 20


def test_the_preview_counts_visitors_and_tells_what_learning_gives(site: PageSite) -> None:
    """The form says how many visitors a rule reaches, and the least that the new variant gets."""
    add_visitors(site)
    fields = filled(site, row_attribute=["city_tier"], row_value=["2"], action="look")
    with counting(site):
        page = looked(site, fields)
    assert "最近 7 天的 60 位访客中，有 30 位（50.0%）符合条件。" in page
    assert re.search(
        r"它至少获得可见访客中 [\d.]+% 的流量：按现在的流量，大约每天 \d+ 次曝光", page
    )
    assert '<datalist id="values-city_tier">' in page
    assert "杭州专享" in page


def test_what_nobody_can_see_is_warned_of(site: PageSite) -> None:
    """An end that has passed, an empty stock and a slot that is off are told before it is saved."""
    add_visitors(site)
    patch(site, {}, mode="off")
    rule = {"row_attribute": ["channel"], "row_value": ["fax"]}
    dates = {"ends": "2020-01-01T00:00", "stock": "0"}
    with counting(site):
        page = looked(site, filled(site, **rule, **dates, action="look"))
    for text in ("结束时间已过", "库存为 0", "决策位已关闭", "最近一周的访客几乎都看不到它"):
        assert text in page


def test_a_count_that_is_still_made_asks_again(site: PageSite) -> None:
    """Without an answer the form says so and asks again; rows half filled in are not counted."""
    page = send(site, filled(site, action="look")).text
    assert "正在统计访客人数" in page
    assert 'hx-trigger="load delay:1200ms"' in page
    half = send(site, filled(site, row_value=[""], action="look")).text
    assert "条件填写完整后" in half


def test_stopping_says_what_it_changes_and_asks_for_a_reason(site: PageSite) -> None:
    """A promotion is stopped with a reason, and can be let run again."""
    path = "/promotions/banner/coffee/stop"
    page = site.text(path)
    assert re.search(r"现在有 [\d.]+% 的访客看到它", page)
    etag = unescape(re.findall(r'name="etag" value="([^"]*)"', page)[0])
    client = site.client()
    assert client.post(path, data={"etag": etag, "why": " "}).status_code == 422
    assert variant(site, "coffee")["enabled"]
    assert client.post(path, data={"etag": etag, "why": "sold out"}).status_code == 303
    assert variant(site, "coffee")["enabled"] is False
    late = client.post("/promotions/banner/coffee/start", data={"etag": etag, "why": "x"})
    assert late.status_code == 412
    assert "刚才有人修改了这个决策位" in late.text
    etag = unescape(re.findall(r'name="etag" value="([^"]*)"', late.text)[0])
    again = client.post("/promotions/banner/coffee/start", data={"etag": etag, "why": "x"})
    assert again.status_code == 303
    assert variant(site, "coffee")["enabled"]


def test_the_fallback_is_not_stopped(site: PageSite) -> None:
    """The fallback has no such button, and its page says why."""
    assert "/promotions/banner/data_draw/stop" not in site.text("/promotions")
    page = site.text("/promotions/banner/data_draw/stop")
    assert "所以不能停用" in page
    assert 'name="why"' not in page


def test_a_refusal_of_the_api_is_shown_where_it_belongs(site: PageSite) -> None:
    """A fallback with a rule is refused by the API: the form comes back, and nothing is saved."""
    path = "/promotions/banner/data_draw"
    answer = send(site, filled(site, path), path)
    assert answer.status_code == 422
    assert "data_draw" in answer.text
    assert "available" not in variant(site, "data_draw")


def test_who_may_only_look_changes_nothing(site: PageSite) -> None:
    """The API refuses a viewer's change, whatever the page sends."""
    fields = filled(site)
    text = site.text("/promotions", "viewer")
    assert "新建活动" not in text
    assert "/promotions/banner/coffee" not in text
    before = site.web.get("/v1/slots/banner").json
    assert send(site, fields, role="viewer").status_code == 403
    assert site.client("viewer").get(NEW).status_code == 403
    path = "/promotions/banner/coffee/stop"
    answer = site.client("viewer").post(path, data={"etag": fields["etag"], "why": "x"})
    assert answer.status_code == 403
    assert site.web.get("/v1/slots/banner").json == before


def test_texts_are_data(site: PageSite) -> None:
    """No text of a promotion is markup on any page, and no cell of the file a formula."""
    evil = {"title": {"zh": HOSTILE, "en": "=1+1"}, "value": {"title": {"zh": HOSTILE, "en": "x"}}}
    rule = {"attribute": "city", "is": HOSTILE}
    patch(site, {"evil": evil | {"available": {"when": rule}}})
    paths = ["/promotions", "/promotions/banner/evil", "/promotions/banner/evil/stop"]
    for path in [*paths, f"{NEW}&like=evil"]:
        assert "<script>alert" not in site.text(path)
    answer = send(site, filled(site, title_zh=HOSTILE, row_value=[HOSTILE], name=HOSTILE))
    assert "<script>alert" not in answer.text
    file = site.text("/promotions?format=csv")
    assert "'=1+1" in file
    assert file.count("\n") == 6


@pytest.mark.parametrize(
    "path",
    [
        "/promotions?slot=denomination",
        "/promotions?slot=none",
        "/promotions/new?slot=prefill",
        "/promotions/new",
        f"{NEW}&like=none",
        "/promotions/banner/none",
        "/promotions/banner/none/stop",
        "/promotions/none/none",
        "/promotions/banner/coffee/delete",
        "/promotions/%2e%2e/%2e%2e",
    ],
)
def test_what_is_not_there_is_not_found(site: PageSite, path: str) -> None:
    """A slot that makes no offers, or a promotion that is not there, is a page that says so."""
    assert site.client().get(path).status_code == 404


def test_no_slot_with_offers_says_what_to_do(
    site: PageSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page gives the command that brings a slot of promotions where there is none."""
    monkeypatch.setattr(list_view, "promotion_slots", list)
    assert "nudge apply config/slots/banner.toml" in site.text("/promotions")
