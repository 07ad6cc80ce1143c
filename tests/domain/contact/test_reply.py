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
MORE_REFUSING = (
    *("td", "Td", "tD", "T.D", "T，D", "ＴＤ！", "T/D", "Td退订", "TD 退订", "R退订", "回复 R"),
    *("回r", "回T", "发T", "我回T", "请回复TD退订", "退订!", "退订。。。", "退订～", "退订呀"),
    *("退订哈", "给我退订", "快退订", "马上退订", "立即退订", "强烈要求退订", "我要求退订"),
    *("要求退订短信", "把我退订了", "麻烦退订下", "退订下", "退订一下", "退订吧", "申请退订"),
    *("同意退订", "退訂謝謝", "請幫我退訂", "取消訂閱", "取消短信订阅", "取消短信推送"),
    *("取消订阅服务", "不再订阅", "退出订阅", "退订阅", "不要短信", "不要再发短信"),
    *("不要再给我发", "别给我发了", "别再给我发了", "不要发了", "别再发送", "勿再发"),
    *("请勿再发短信", "请勿发送", "停止发送", "停止推送", "停止发短信", "终止发送"),
    *("不想再收到短信", "不想收短信", "不接收短信", "拒收短信", "拒接短信", "拒绝短信"),
    *("拒绝广告", "拒绝接收广告", "不要骚扰", "别骚扰我", "别打扰", "请不要打扰", "不要打扰我"),
    *("屏蔽", "拉黑", "加入黑名单", "STOP", "Stop.", "stop please", "stopall", "STOP SMS"),
    *("Unsubscribe", "UNSUB", "unsubscribe please", "un-subscribe", "opt out", "OPT-OUT"),
    *("OPTOUT", "cancel", "CANCEL", "end", "quit", "remove", "remove me please"),
    *("no more messages", "stop messaging me", "stop sending me texts", "do not text me"),
    *("dont send", "退汀", "退叮", "退盯", "推丁", "tui订", "TUIDING", "tui-ding", "tuì dìng"),
    *("腿订", "退 订 !", "退_订", "「退订」", "『退订』", "《退订》", "（退订）", "(退订)"),
    *("[退订]", "<退订>", "#退订#", "*退订*", "退订/", "退訂呀", "👎退订", "🚫TD", "TD👌"),
    *("\u3000\u9000\u8ba2\u3000", "\ufeffTD", "T\u200cD", "\u9000\u2060\u8ba2", "ＳＴＯＰ"),
    *("ｒ", "Ｎ", "N.", "n!", "“T”", "‘TD’", "TD;", "TD0", "TD00", "TD2", "TDTDTD"),
    *("退订退订退订", "T T", "R R R", "退定短信", "退丁谢谢", "推定", "回TD", "回復TD"),
    *("回覆TD", "发送TD到10086", "编辑TD发送", "T退订", "N退订", "拒收R", "回复R拒收"),
    *("拒收请回R", "不需要了，请退订", "没兴趣，退订", "我不要了，退订", "骚扰，退订"),
    *("退订,谢谢!", "退订 谢谢", "谢谢退订", "你好，退订", "您好，请退订", "亲，退订"),
    *("hello, stop",),
)
MORE_OTHER = (
    *("T-Mobile", "TDD是什么网络", "TD卡", "T1航站楼", "R级", "N95口罩", "Nokia", "TNT快递"),
    *("R15", "退房", "退税", "退休", "退票", "退出登录", "退出账号", "退一下款", "我要退款"),
    *("退押金", "退话费", "订餐", "订票", "预订", "订单", "订阅号", "续订", "我要订购", "开通"),
    *("办理", "好", "好的谢谢", "可以", "行", "嗯", "是", "不是", "不", "没", "ok", "okay"),
    *("yes", "Y", "y", "N/A", "no problem", "not now", "thank you", "thanks a lot", "hi"),
    *("hello", "在吗", "你好", "您是谁", "你是谁", "谁", "什么", "什么意思", "啥", "?", "？"),
    *("！", "123", "0", "00", "2", "3", "30", "50", "100", "充100", "充值", "查询", "流量"),
    *("话费", "余额", "套餐", "人工", "客服", "投诉", "我要投诉", "怎么退订", "如何退订套餐"),
    *("怎样取消订阅", "退订怎么操作", "退订方法", "退订流程", "在哪里退订", "能退订吗"),
    *("可以退订套餐吗", "退订要钱吗", "为什么给我退订了", "谁让你退订的", "我没退订"),
    *("我没有要退订", "不想退订", "不用退订", "无需退订", "暂不退订", "先别退订", "请不要退订"),
    *("千万别退订", "取消退订", "撤回退订", "恢复订阅", "重新订阅", "已经退订了吗"),
    *("退订成功了吗", "是否退订成功", "退订流量包", "退订彩铃", "退订会员", "退订宽带"),
    *("取消流量包", "取消套餐", "取消业务", "取消预约", "取消会议", "停机", "停电", "停车"),
    *("停止营业", "拒绝往来", "don't unsubscribe", "do not stop", "non-stop", "one stop"),
    *("stop loss", "stopwatch", "stop at 5", "where is the bus stop", "T恤多少钱", "R语言"),
    *("trend", "red", "turn", "N次", "TD-SCDMA", "TDK", "td bank", "td ameritrade", "end user"),
    *("weekend", "the end of the story", "quit smoking", "cancel order 5", "cancel my flight"),
    *("start", "help", "info", "继续", "继续发", "多发点", "发", "发我", "再发一次"),
    *("请再发一遍", "没收到", "收不到", "没有收到短信", "收到了", "已收到", "已充值", "充好了"),
    *("不错", "不客气", "不要紧", "不要套餐", "不需要流量", "不用了", "不用了谢谢", "不感兴趣"),
    *("没兴趣", "别急", "别忘了", "勿忘我", "不发工资", "发货", "不发货", "不要发货", "别发货"),
    *("接收不到信号", "接收文件", "短信没收到", "短信太多"),
)
NOISE = st.sampled_from(["", " ", "\u3000", "\u200b", "\ufeff", "-", "*", "_", "·", "😀", "\u0301"])


@pytest.mark.parametrize("text", sorted({*REFUSING, *MORE_REFUSING}))
def test_a_refusal_is_heard_however_it_is_spelt(text: str) -> None:
    """A refusal is heard in any width, case and script, misspelt, and with words of politeness."""
    assert READER.find_refusal(text)


@pytest.mark.parametrize("text", sorted({*OTHER, *MORE_OTHER}))
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


@given(st.sampled_from((*OTHER, *MORE_OTHER)), NOISE, NOISE)
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
