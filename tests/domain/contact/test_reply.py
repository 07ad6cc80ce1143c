"""Replies to SMS: which refuse all further ones, and which do not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nudge.domain.contact.reply import LONGEST, ReplyReader
from nudge.domain.contact.reply_words import REFUSALS

READER = ReplyReader()
REFUSING = (
    *(
        "R",
        "T",
        "TD",
        "TD1",
        "N",
        "r",
        "td",
        "ＴＤ",
        "Ｔ",
        "Ｒ",
        "t.d.",
        "T D",
        "td。",
        "TDD",
        "TD01",
    ),
    *(
        "退订",
        "退訂",
        "退 订",
        "退。订",
        '"退订"!',
        "【退订】",
        "退订谢谢",
        "我要退订",
        "请退订",
        "TD退订",
    ),
    *(
        "取消订阅",
        "取消訂閱",
        "不要再发",
        "別發了",
        "拒收",
        "不再接收",
        "停发",
        "回T",
        "回复TD",
        "回TD退订",
    ),
    *("unsubscribe", "stop", "STOP ALL", "Opt-out", "please stop", "don't text me", "stop it!"),
    *("退定", "退丁", "推订", "tuiding", "tui ding", "退ding", "tuì dìng", "退頂", "对订"),
    *("退订😡", "  退订  ", "退\u200b订", "T\u200bD", "退\n订", "*TD*", "🅃🄳", "тd", "TDTD"),
    *("请不要再给我发短信了", "我不想再收到你们的短信", "請勿再傳簡訊"),
    *("拒收请回复R", "请勿打扰"),
    *(
        "别发了，烦死了",
        "退订，再发投诉",
        "不需要，退订",
        "退订13800138000",
        "不好意思，退订",
        "拒绝接收",
    ),
    *("取消", "停止发送", "帮我退订一下，谢谢", "好的退订", "td?", "退订?", "屏蔽", "免打扰"),
)
OTHER = (
    *(
        "T恤",
        "R u there",
        "退款",
        "退货",
        "退费",
        "怎么退订流量包?",
        "订",
        "thanks",
        "TD-LTE是什么",
    ),
    *(
        "不退订",
        "不要退订",
        "别给我退订",
        "已退订成功?",
        "stop by the shop",
        "我没有退订",
        "充值30",
    ),
    *(
        "1",
        "Y",
        "好的",
        "收到",
        "13800138000",
        "退订了吗",
        "退订了?",
        "取消退订",
        "别停发",
        "取消订单",
    ),
    *("N多", "Me n you", "don't stop", "bus stop", "不停发", "不拒收", "同意接收", "退订流量包"),
    *("我要退订彩铃", "怎么退订", "如何退订?", "为什么退订", "T-shirt"),
    *("RT", "TNT", "NBA", "不要"),
    *("no", "yes", "谢谢", "TD订单", "end of month", "回复", "短信", "话费多少", "10086", "订购"),
    *(
        "我要订阅",
        "退一赔三",
        "不取消",
        "误点退订",
        "没退订，谢谢",
        "不要退订，谢谢",
        "停机保号",
        "R&D",
    ),
    *(
        "2 T",
        "撤销退订",
        "START",
        "别忘了退订",
        "不打扰了",
        "您好，请问怎么退订?",
        "",
        "😀",
        "。。。",
    ),
)
NOISE = st.sampled_from(["", " ", "\u3000", "\u200b", "\ufeff", "-", "*", "_", "·", "😀", "\u0301"])


@pytest.mark.parametrize("text", REFUSING)
def test_a_refusal_is_heard_however_it_is_spelt(text: str) -> None:
    """A refusal is heard in any width, case and script, misspelt, and with words of politeness."""
    assert READER.find_refusal(text)


@pytest.mark.parametrize("text", OTHER)
def test_a_reply_that_says_something_else_is_no_refusal(text: str) -> None:
    """A reply with anything beside the refusal is none: a shirt, a refund, a question, a denial."""
    assert READER.find_refusal(text) is None


def test_sixty_of_each_kind_are_shown() -> None:
    """The two lists hold 60 different spellings each, at the least."""
    assert len(set(REFUSING)) >= 60
    assert len(set(OTHER)) >= 60


@given(st.sampled_from(REFUSALS), st.lists(NOISE, min_size=12, max_size=12))
@example("opt out", ["-"] * 12)
def test_width_case_and_decoration_do_not_change_the_answer(word: str, noise: list[str]) -> None:
    """Each word of the list refuses in full width, in capitals, and with signs between."""
    spelt = "".join(map(_widened, word.upper()))
    dressed = "".join(a + b for a, b in zip(noise, [*spelt, ""], strict=False))
    assert READER.find_refusal(dressed), dressed


@given(st.sampled_from(OTHER), NOISE, NOISE)
def test_decoration_makes_no_refusal(text: str, before: str, behind: str) -> None:
    """A reply that does not refuse does not do so in full width or with signs around it either."""
    wide = "".join(map(_widened, text))
    assert READER.find_refusal(f"{before}{text}{behind}") is None
    assert READER.find_refusal(f"{before}{wide}{behind}") is None


@given(st.text(max_size=1000))
def test_any_text_is_read(text: str) -> None:
    """Any text has an answer, and no number of a reply is in it."""
    found = READER.find_refusal(text)
    assert found is None or not any(unicodedata.category(one) == "Nd" for one in found)


@pytest.mark.parametrize("part", ["谢谢", "退订", "不要再发了,", "t", "please ", "的"])
def test_a_long_reply_is_read_in_bounded_steps(part: str) -> None:
    """A reply of 1,000 characters refuses only where a clause of it is short enough to."""
    found = READER.find_refusal((part * 1000)[:1000])
    assert found is None or len(part) < LONGEST


def test_the_word_is_told_and_nothing_else() -> None:
    """The word that is told is one of the lists: a number that was written beside it is not."""
    assert READER.find_refusal("退订 13800138000 谢谢") == "退订"
    assert READER.find_refusal("TD0001") == "td"
    assert READER.find_refusal("請不要再給我發短信了") == "不要发"


def test_the_list_is_the_operator_s() -> None:
    """An operator's own words refuse in place of the shipped ones; phrases of a ban always do."""
    own = ReplyReader(("QX", "0000"))
    assert own.find_refusal("ｑｘ") == "qx"
    assert own.find_refusal("0000") == "0000"
    assert own.find_refusal("td") is None
    assert own.find_refusal("退定") is None
    assert own.find_refusal("别再发短信") == "别发"


def _widened(character: str) -> str:
    code = ord(character)
    return chr(code + 0xFEE0) if 0x21 <= code <= 0x7E else character
