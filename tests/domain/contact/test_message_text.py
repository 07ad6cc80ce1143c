"""The check of an SMS: signature, how to refuse, parts, variables and links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.contact.message_sentences import FINDING_SENTENCES
from nudge.domain.contact.message_text import MessageText, TextCheck, check_text
from nudge.domain.contact.reply import ReplyReader

READER = ReplyReader()
GOOD = "【中国移动】月底充值送流量，拒收请回复R"


def checked(text: str, *, refusable: bool = True) -> TextCheck:
    return check_text(text, READER, refusable=refusable)


def codes(text: str, *, refusable: bool = True) -> list[str]:
    return [one.code for one in checked(text, refusable=refusable).findings]


@pytest.mark.parametrize(
    "text",
    [
        *(
            GOOD,
            "【移动】充值送5元，回T退订",
            "【移动】充值，退订回TD",
            "【移动】充值，回复TD退订。",
        ),
        *("【Op】Top up today. Reply STOP to unsubscribe", "【移动】充值 拒收请回复“R”"),
        *("【移动】回复1参加，回复N退订", "【移动】充值，TD退订"),
    ],
)
def test_a_text_that_is_right_has_no_finding(text: str) -> None:
    """A text with a signature first, how to refuse last, and one part passes without a word."""
    found = checked(text)
    assert (found.findings, found.parts, found.is_right) == ((), 1, True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("充值送流量，回T退订", "no_signature"),
        ("[中国移动]充值，回T退订", "signature_form"),
        ("您好【移动】充值，回T退订", "signature_form"),
        ("【移】充值，回T退订", "signature_length"),
        ("【移动】参加【活动】，回T退订", "several_signatures"),
        ("充值，回T退订【移动】", "signature_at_end"),
        ("【移动】月底充值送流量", "no_refusal"),
        ("【移动】充值，回QX退订", "refusal_unheard"),
        ("【移动】{name}您好，回T退订", "open_variable"),
        ("【移动】${name}您好，回T退订", "open_variable"),
        ("【移动】#name#您好，回T退订", "open_variable"),
        ("【移动】点 https://wap.example.cn/a?b=1 ，回T退订", "link"),
        ("【移动】详见10086.cn，回T退订", "link"),
        ("【移动】点 t.cn/Ab12 ，回T退订", "shortened_link"),
        ("【移动】🎁领取，回T退订", "emoji"),
        ("【移动】" + "字" * 70 + "，回T退订", "several_parts"),
        ("【移动】" + "字" * 700 + "，回T退订", "too_long"),
    ],
)
def test_each_fault_is_found_alone(text: str, code: str) -> None:
    """A text with one fault has one finding, with a sentence in both languages."""
    (found,) = checked(text).findings
    assert found.code == code
    assert all(found.found in one for one in found.sentences.values())


def test_an_empty_text_is_told() -> None:
    """A text without a word is an error of its own."""
    assert "empty" in codes(" ")


def test_an_exempt_purpose_need_not_say_how_to_refuse() -> None:
    """A code or a receipt may go out without a way to refuse, and still wants its signature."""
    assert codes("【移动】验证码 1234", refusable=False) == []
    assert codes("验证码 1234", refusable=False) == ["no_signature"]


@pytest.mark.parametrize(
    ("text", "encoding", "characters", "parts", "left"),
    [
        ("字" * 70, "ucs2", 70, 1, 0),
        ("字" * 71, "ucs2", 71, 2, 63),
        ("字" * 134, "ucs2", 134, 2, 0),
        ("字" * 135, "ucs2", 135, 3, 66),
        ("a" * 160, "gsm7", 160, 1, 0),
        ("a" * 161, "gsm7", 161, 2, 145),
        ("a" * 306, "gsm7", 306, 2, 0),
        ("a" * 307, "gsm7", 307, 3, 152),
        ("€" * 80, "gsm7", 160, 1, 0),
        ("€" * 81, "gsm7", 162, 2, 143),
        ("a" * 69 + "’", "ucs2", 70, 1, 0),
        ("😀" * 35, "ucs2", 70, 1, 0),
        ("😀" * 36, "ucs2", 72, 2, 61),
        ("😀" * 67, "ucs2", 134, 3, 65),
    ],
)
def test_parts_are_those_of_the_standard(
    text: str, encoding: str, characters: int, parts: int, left: int
) -> None:
    """A part holds 70 characters, or 67 of several; 160 and 153 in GSM-7; no pair is cut in two."""
    found = checked(text)
    assert (found.encoding, found.characters) == (encoding, characters)
    assert (found.parts, found.left) == (parts, left)


@given(st.text(max_size=700))
def test_any_text_is_checked(text: str) -> None:
    """Any text has parts enough for its characters, and every finding has its sentence."""
    found = checked(text)
    single, several = (160, 153) if found.encoding == "gsm7" else (70, 67)
    most = single if found.parts <= 1 else found.parts * several
    assert found.characters <= most
    assert 0 <= found.left <= single
    assert (found.parts == 0) == (not text)
    assert all(one.code in FINDING_SENTENCES for one in found.findings)


def test_variables_are_filled_before_the_check() -> None:
    """A text of the configuration is checked with the longest values of its variables."""
    text = "【移动】{name}您好，充值送{gift}，回T退订"
    one = MessageText("spring", text, variables={"name": "先生", "gift": "流量" * 40})
    assert codes(one.filled) == ["several_parts"]
    assert codes(MessageText("spring", text, variables={"name": "先生"}).filled) == [
        "open_variable"
    ]
