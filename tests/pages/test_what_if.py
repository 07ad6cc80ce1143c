"""Questions of another way: a sentence with gaps, answered from the log or refused in words."""

from __future__ import annotations

import pytest
from page_site import PageSite
from slot_site import settled, visit, working

from nudge.pages.screens.slots.variant_names import VariantName
from nudge.pages.screens.slots.what_if_form import ConditionGroup, WhatIfForm

PAGE = "/slots/banner/what-if"
RULE = "way=rule&if0=channel:wap&show0=triple_gift&rest=data_draw"
NAMES = {name: VariantName(name, name, i) for i, name in enumerate(("coffee", "data_draw"))}
GROUPS = [
    ConditionGroup("channel", "Channel", [("channel:wap", "WAP"), ("channel:web", "Web")]),
    ConditionGroup("page", "Page", [("page:home", "home")]),
]


def test_a_rule_is_answered_as_a_sentence(site: PageSite) -> None:
    """The answer has its interval and its effective sample; the same as a file."""
    visit(site.web)
    with working(site.web):
        text = settled(site, f"{PAGE}?{RULE}")
        assert "这种做法的转化率约为" in text
        assert "次曝光中相当于" in text
        english = settled(site, f"{PAGE}?{RULE}", "en")
        assert "This way would have converted" in english
        table = site.client().get(f"{PAGE}?{RULE}&format=csv").text
    assert [line.split(",")[0] for line in table.splitlines()[1:]] == ["DR", "SNIPS", "IPS", "DM"]


def test_what_the_log_cannot_tell_is_refused_in_words(site: PageSite) -> None:
    """A way that hardly anybody was shown has no figure, and says what is missing."""
    visit(site.web)
    with working(site.web):
        text = settled(site, f"{PAGE}?way=always&rest=video")
    assert "太少，还不能回答" in text
    assert 'class="whisker' not in text


def test_an_unanswered_question_is_pending(site: PageSite) -> None:
    """Without a worker the page says that it is being computed, and asks again by itself."""
    visit(site.web, people=2)
    text = site.text(f"{PAGE}?way=uniform")
    assert 'hx-select="#answer"' in text
    assert "正在根据历史记录计算" in text


def test_a_question_with_gaps_is_told_what_is_missing(site: PageSite) -> None:
    """The form stays as it was filled in."""
    response = site.client().get(f"{PAGE}?way=rule&if0=channel:wap&show0=coffee")
    assert response.status_code == 422
    assert "请选择要展示的方案" in response.text
    assert '<option class="data" value="channel:wap" selected>' in response.text


def form(**query: str) -> WhatIfForm:
    """A form that somebody sent."""
    return WhatIfForm.read({"way": "rule"} | query, NAMES)


def test_a_rule_becomes_a_target() -> None:
    """Conditions of one attribute become the API's rule, all others its star."""
    asked = form(
        if0="channel:wap", show0="coffee", if2="channel:web", show2="data_draw", rest="data_draw"
    )
    assert asked.problem(GROUPS) == ""
    assert asked.target == "rule:channel:wap=coffee,web=data_draw,*=data_draw"
    assert form(way="always", rest="coffee").target == "always:coffee"
    assert form(way="version", version="12").target == "policy:12"
    assert form(way="uniform").target == "uniform"
    assert form(way="nonsense").way == "rule"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"rest": "coffee"},
        {"rest": "none", "if0": "channel:wap", "show0": "coffee"},
        {"rest": "coffee", "if0": "channel:x=y,z", "show0": "coffee"},
        {
            "rest": "coffee",
            "if0": "channel:wap",
            "show0": "coffee",
            "if1": "page:home",
            "show1": "coffee",
        },
        {
            "rest": "coffee",
            "if0": "channel:wap",
            "show0": "coffee",
            "if1": "channel:wap",
            "show1": "data_draw",
        },
        {"way": "version", "version": "１２"},
        {"way": "always"},
    ],
)
def test_what_cannot_be_asked_is_said(site: PageSite, query: dict[str, str]) -> None:
    """A gap, two attributes, a value twice, or one that is not in the list: a sentence for each."""
    with site.app.test_request_context():
        assert form(**query).problem(GROUPS)
