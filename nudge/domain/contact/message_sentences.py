"""Sentences of what the check of an SMS finds, in Chinese and English, each with its cure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Sentences = Mapping[str, str]
"""Language (`zh`, `en`) -> sentence."""

FINDING_SENTENCES: Final[Mapping[str, Sentences]] = {
    "empty": {
        "zh": "短信没有内容，请填写正文。",
        "en": "The text is empty; write it.",
    },
    "no_signature": {
        "zh": "缺少签名，请在开头加上【签名】，例如【中国移动】。",
        "en": "There is no signature; begin with one, such as 【Operator】.",
    },
    "signature_form": {
        "zh": "签名格式不对，请放在开头或结尾，并用一对全角方括号【】。",
        "en": "The signature has the wrong form; put it first or last, in one pair of 【】.",
    },
    "signature_length": {
        "zh": "签名「{found}」长度不合要求，请用 2 至 20 个字。",
        "en": "The signature {found} has the wrong length; use 2 to 20 characters.",
    },
    "several_signatures": {
        "zh": "正文里还有一对方括号 {found}，会被当成第二个签名，请换成「」或去掉。",
        "en": "{found} would be read as a second signature; write it in other brackets.",
    },
    "signature_at_end": {
        "zh": "签名 {found} 在结尾；多数网关要求放在开头，建议前移。",
        "en": "The signature {found} stands last; most gateways want it first: move it there.",
    },
    "no_refusal": {
        "zh": "没有说明如何退订，请在结尾加上“拒收请回复R”或“回T退订”。",
        "en": "It does not say how to refuse; add “拒收请回复R” or “Reply STOP to unsubscribe”.",
    },
    "refusal_unheard": {
        "zh": "回复「{found}」不会被识别为退订；请改用词表里的词，"
        "或把它加入 contact.toml 的 [replies]。",
        "en": "A reply of {found} is not heard as a refusal; use a word of [replies] in "
        "contact.toml, or add this one.",
    },
    "open_variable": {
        "zh": "变量 {found} 没有填上内容，请替换后再发送。",
        "en": "The variable {found} is not filled in; replace it before sending.",
    },
    "link": {
        "zh": "含有链接 {found}；链接须已向网关报备，否则可能被拦截。",
        "en": "It has the link {found}; gateways block links that were not registered with them.",
    },
    "shortened_link": {
        "zh": "短链接 {found} 常被拦截，也看不出去向；请换成自有域名的链接。",
        "en": "The short link {found} is often blocked, and hides where it leads; use a domain of "
        "your own.",
    },
    "too_long": {
        "zh": "短信超过 10 条，网关不收；请缩短。",
        "en": "It takes more than 10 parts, which gateways refuse; shorten it.",
    },
    "several_parts": {
        "zh": "这条短信按 {found} 条计费；精简字数可以省钱。",
        "en": "It is billed as {found} SMS; fewer characters cost less.",
    },
    "emoji": {
        "zh": "{found} 占两个字，部分手机无法显示；建议去掉。",
        "en": "{found} counts as two characters, and some phones cannot show it; leave it out.",
    },
    "costly_character": {
        "zh": "因为有字符「{found}」，每条从 160 字降为 70 字；换成普通字符可以省条数。",
        "en": "Because of {found} a part holds 70 characters and not 160; write a plain one.",
    },
}
"""Code of a finding -> its sentence; `{found}` is what it is about."""
