"""Weak signs of complaint: hints, named troubles, and what speaks against both."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.care.words.finder import WordFinder
from nudge.domain.care.words.lexicon import Lexicon, WordGroup

OWN = WordFinder(
    Lexicon(
        (
            WordGroup(
                "own",
                complaints=("慢", "离谱", "slow"),
                praise=("满意", "快", "good"),
                missing=("没收到",),
                hints=("凭什么", "居然", "白跑", "supposed to"),
                topics=("停机", "推销电话", "queue"),
            ),
        ),
        calm=("谢谢", "满意", "thanks", "good"),
        asking=("怎么办理", "how do i"),
    )
)


def own(text: str) -> list[str]:
    return [one.phrase for one in OWN.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("凭什么收我钱", ["凭什么"]),
        ("居然要我去柜台", ["居然"]),
        ("居然去了柜台，谢谢", []),
        ("白跑一趟", ["白跑"]),
        ("没有白跑", []),
        ("It was supposed to arrive", ["supposed to"]),
        ("It arrived as it was supposed to, thanks", []),
    ],
)
def test_a_hint_counts_where_nothing_speaks_against_it(text: str, found: list[str]) -> None:
    """A hint complains alone; thanks, praise or a negator before it take it back."""
    assert own(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我要办停机", []),
        ("老停机", ["停机"]),
        ("为什么停机", ["停机"]),
        ("停机", ["停机"]),
        ("没有一次不停机", ["停机"]),
        ("停机怎么办理", []),
        ("I am in the queue", []),
        ("always a queue", ["queue"]),
    ],
)
def test_a_named_trouble_complains_beside_a_sign_of_displeasure(
    text: str, found: list[str]
) -> None:
    """A trouble complains with a word of degree, negated twice, or as the whole text."""
    assert own(text) == found


def test_a_strong_complaint_counts_whatever_else_is_said() -> None:
    """Thanks take no strong phrase back, and a text with one tells no hint besides."""
    assert own("居然这么慢，谢谢") == ["慢"]


def test_a_weak_sign_hides_no_negator() -> None:
    """A negator inside of a weak sign still negates the strong phrase behind it."""
    finder = WordFinder(Lexicon((WordGroup("own", complaints=("掉线",), hints=("不会",)),)))
    assert [one.phrase for one in finder.find("不会掉线")] == []
    assert [one.phrase for one in finder.find("客服什么都不会")] == ["不会"]


def test_who_denies_a_trouble_hints_at_no_other() -> None:
    """A text that says that one thing is no trouble is not read for weak signs."""
    assert own("一点都不慢，居然") == []


def test_a_trouble_that_did_not_come_is_no_complaint() -> None:
    """A thing that did not come complains, unless it is a trouble that is only named."""
    assert own("没收到推销电话") == []
    assert own("没收到发票") == ["没收到"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("停机停得并不离谱", []), ("慢的时候并不离谱", []), ("慢得离谱", ["慢", "离谱"])],
)
def test_a_trouble_that_is_judged_well_is_no_complaint(text: str, found: list[str]) -> None:
    """A trouble of which the same clause says that it is none does not complain."""
    assert own(text) == found


@given(st.sampled_from(["凭什么", "居然", "白跑"]), st.sampled_from(["谢谢", "怎么办理"]))
def test_thanks_and_plain_questions_take_back_each_hint(hint: str, calm: str) -> None:
    """No hint complains in a text that thanks or asks, in either order."""
    assert own(f"{hint}，{calm}") == own(f"{calm}，{hint}") == []


def test_a_named_trouble_hides_what_it_contains() -> None:
    """A word inside of a trouble that is only named is no complaint of its own."""
    finder = WordFinder(
        Lexicon((WordGroup("own", complaints=("骗",), topics=("诈骗电话", "诈骗短信")),))
    )
    assert [one.phrase for one in finder.find("请帮我拦诈骗电话")] == []
    assert [one.phrase for one in finder.find("你们骗我")] == ["骗"]
