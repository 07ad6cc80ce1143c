"""The screen that explains: a decision as a story, and what a visitor would get now."""

from __future__ import annotations

from typing import Any

import pytest
from funnel_visits import answering, archive, settled, visit
from page_site import PageSite

from nudge.pages.screens.explain import tell_story

ROW: dict[str, Any] = {
    "variant": "b",
    "distribution": {"a": 0.25, "b": 0.5, "c": 0.25},
    "removed": {"d": "sold_out"},
    "reason": "policy",
    "u": str(2**62 + 2**60),
}


def test_a_decision_is_told_from_who_asked_to_what_came(site: PageSite) -> None:
    """Five parts, in both languages: the question, the facts, the chances, the draw, the end."""
    paid, _failed, *_rest = visit(site.web, 2)
    archive(site.web)
    path = f"/explain?decision={paid}"
    with answering(site.web):
        text = settled(site, path)
        english = settled(site, path, language="en")
    for part in ("一、谁来询问", "三、哪些可以展示", "四、抽取落在哪里", "完成转化，金额 ¥50.00"):
        assert part in text
    assert "按记录重现，结果一致" in text
    assert "worth ¥50.00" in english
    assert "repeated from the record: the same" in english


def test_the_story_goes_on_while_its_end_is_looked_up(site: PageSite) -> None:
    """Without a worker all but the end is told, and the page asks for the end by itself."""
    name, *_rest = visit(site.web, 1)
    text = site.text(f"/explain?decision={name}")
    assert "四、抽取落在哪里" in text
    assert "正在查询后来的结果" in text
    assert f'hx-get="/explain?decision={name}"' in text


def test_an_unknown_decision_says_where_ids_stand(site: PageSite) -> None:
    """A wrong id, and one with markup in it, is told in words and stays in the field."""
    assert "没有这个编号的决策" in site.text("/explain?decision=abc")
    text = site.text("/explain?decision=<script>alert(1)</script>")
    assert "<script>alert" not in text
    assert "nudge explain ID" in site.text("/explain")


def test_the_chances_are_a_file(site: PageSite) -> None:
    """The table of variants as CSV."""
    name, *_rest = visit(site.web, 1)
    found = site.client().get(f"/explain?decision={name}&format=csv")
    assert found.mimetype == "text/csv"
    assert "variant,chance,removed" in found.text


def test_what_a_visitor_would_get_is_asked_by_a_form(site: PageSite) -> None:
    """The answer is a sentence; the id stands in the form alone, and a link asks nothing."""
    visit(site.web, 1)
    archive(site.web)
    client = site.client()
    text = client.post("/explain/next", data={"visitor_id": "v-0", "channel": "wap"}).text
    assert "下一个给这位客户的是" in text or "目前没有可以给这位访客的优惠" in text
    assert "为什么不是其他优惠" in text
    assert "v-0" not in text.replace('value="v-0"', "")
    link = client.get("/explain/next?visitor_id=v-0")
    assert (link.status_code, link.headers["Location"]) == (303, "/explain")
    for name, error in (("nobody", "没有找到这位访客"), ("", "请输入访客编号或手机号")):
        assert error in client.post("/explain/next", data={"visitor_id": name}).text


def test_the_draw_stands_in_the_part_of_the_variant_that_was_shown() -> None:
    """Parts follow each other as the draw walks through them; colours go by order of creation."""
    story = tell_story(ROW, {"d": "D", "a": "A", "b": "B"})
    assert [(one.start, one.colour) for one in story.parts] == [
        (0.0, "c1"),
        (0.25, "c2"),
        (0.75, "c3"),
    ]
    (hit,) = (one for one in story.parts if one.hit)
    assert story.point is not None
    assert hit.start <= story.point < hit.start + hit.share
    assert (story.title, story.removed) == ("B", (("D", "sold_out"),))


@pytest.mark.parametrize("reason", ["holdout", "usual", "forced", "only_eligible", "fallback"])
def test_what_was_not_drawn_has_no_point(reason: str) -> None:
    """A draw that decided nothing is not marked."""
    assert tell_story(ROW | {"reason": reason}, {}).point is None
