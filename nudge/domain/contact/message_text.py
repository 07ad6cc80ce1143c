"""The check of an outgoing SMS: signature, how to refuse, parts, and what is left open. Pure.

An error is what a gateway or the law refuses; a hint is what a marketer will want to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from nudge.domain.contact.message_sentences import FINDING_SENTENCES, Sentences
from nudge.domain.contact.reply import ReplyReader

UCS2: Final = (70, 67)
"""Characters (UTF-16 units) of a single SMS, and of each of several parts."""
GSM7: Final = (160, 153)
LONGEST_PARTS: Final = 10
"""Parts that Chinese gateways take for one message, at the most."""
MOST_SIGNATURE: Final = 20
_FIRST_PLANE: Final = 0xFFFF
"""Last character that is one UTF-16 unit."""
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Characters of GSM-7 that take two places."""
_SIGNATURE: Final = re.compile(r"【([^【】]*)】")
_BRACKETS: Final = re.compile(r"^\s*\[[^\[\]]{2,20}\]|[【】]")
_VARIABLE: Final = re.compile(
    r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|\{[^{}\s]{0,40}\}|#[A-Za-z_][\w]*#|%[A-Za-z_]\w*%|<[A-Za-z_]\w*>"
)
_OF_LINK: Final = r"[^\s\u4e00-\u9fff，。；！【】（）“”]"
_LINK: Final = re.compile(
    rf"(?:https?://|www\.){_OF_LINK}+|(?<![a-z0-9@.-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}"
    rf"(?:com|cn|net|org|cc|top|info|me|io|xyz|vip|shop|link)(?![a-z0-9]){_OF_LINK}*",
    re.IGNORECASE,
)
_SHORTENED: Final = re.compile(
    r"(?:t\.cn|dwz\.cn|url\.cn|bit\.ly|suo\.im|tinyurl\.com)/", re.IGNORECASE
)
_HOW: Final = re.compile(
    r"(?:(?:请|可)?(?:回复|回|发送|短信回复)|reply|text|send)(?:\s|[“”\"'：:「」])*"
    r"([A-Za-z0-9]{1,12}|退订|拒收)"
    r"|(?:退订|拒收|unsubscribe)\s*(?:请|可|:|：)?\s*(?:回复|回|发送|发|reply)(?:\s|[“”\"'：:「」])*"
    r"([A-Za-z0-9]{1,12}|退订|拒收)",
    re.IGNORECASE,
)
_AT_END: Final = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{1,8})\s*(?:退订|拒收)[。.!！\s]*$", re.IGNORECASE
)
Level = Literal["error", "hint"]


class Finding(NamedTuple):
    """A finding in a text.

    Attributes:
        code: of the finding; codes do not change.
        level: `error` or `hint`.
        sentences: in Chinese and English, with the cure.
        found: part of the text that it is about; empty for the text as a whole.
    """

    code: str
    level: Level
    sentences: Sentences
    found: str = ""


@dataclass(frozen=True)
class MessageText:
    """A text of the configuration, by the tag of its content.

    Attributes:
        content: its tag, as plans and events name it.
        text: as the gateway sends it; a variable is `{name}`.
        purpose: of the contact; empty for any.
        variables: name -> the longest value that it is filled with.
    """

    content: str
    text: str
    purpose: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def filled(self) -> str:
        """The text with its variables filled in."""
        text = self.text
        for name, value in self.variables.items():
            text = text.replace("{" + name + "}", value)
        return text


@dataclass(frozen=True)
class TextCheck:
    """The result of a check.

    Attributes:
        encoding: `gsm7` or `ucs2`.
        characters: that are counted: UTF-16 units, or places of GSM-7.
        parts: SMS that the gateway sends, and bills.
        left: characters that fit into the last part besides.
        signature: without its brackets; empty where there is none.
        findings: errors first.
    """

    encoding: str
    characters: int
    parts: int
    left: int
    signature: str
    findings: tuple[Finding, ...]

    @property
    def is_right(self) -> bool:
        """True where the text has no error."""
        return all(one.level != "error" for one in self.findings)


def check_text(text: str, reader: ReplyReader, *, refusable: bool = True) -> TextCheck:
    """Check the text of an SMS.

    Args:
        text: as the gateway sends it, with its signature.
        reader: of the replies: what the text tells to reply must refuse.
        refusable: it has to say how to refuse; not so where its purpose is exempt.
    """
    encoding = "gsm7" if all(one in _BASIC or one in _EXTENDED for one in text) else "ucs2"
    sizes = [_places(one, encoding) for one in text]
    parts, left = _cut(sizes, *(GSM7 if encoding == "gsm7" else UCS2))
    found = [*_signature(text), *(_refusal(text, reader) if refusable else ())]
    found += [*_open(text), *_links(text), *_size(text, encoding, parts)]
    found.sort(key=lambda one: one.level)
    return TextCheck(encoding, sum(sizes), parts, left, _signed(text), tuple(found))


def _places(character: str, encoding: str) -> int:
    """Return how many places a character takes in a part."""
    if encoding == "gsm7":
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > _FIRST_PLANE else 1


def _cut(sizes: Sequence[int], single: int, several: int) -> tuple[int, int]:
    """Return the parts that characters fill, none of them cut in two, and the room of the last."""
    if sum(sizes) <= single:
        return int(bool(sizes)), single - sum(sizes)
    parts, left = 1, several
    for size in sizes:
        if size > left:
            parts, left = parts + 1, several
        left -= size
    return parts, left


def _signed(text: str) -> str:
    """Return the signature at the beginning of a text, or else at its end."""
    plain = text.strip()
    found = _SIGNATURE.match(plain)
    if found is None:
        last = list(_SIGNATURE.finditer(plain))
        found = last[-1] if last and last[-1].end() == len(plain) else None
    return found[1].strip() if found else ""


def _signature(text: str) -> Iterator[Finding]:
    signed, plain = _signed(text), text.strip()
    pairs = _SIGNATURE.findall(plain)
    if not signed:
        brackets = _BRACKETS.search(plain)
        yield _finding("signature_form" if brackets else "no_signature", "error")
    elif not 2 <= len(signed) <= MOST_SIGNATURE:  # noqa: PLR2004 (the shortest that gateways register)
        yield _finding("signature_length", "error", signed)
    elif len(pairs) > 1:
        yield _finding("several_signatures", "error", f"【{pairs[1]}】")
    elif not plain.startswith("【"):
        yield _finding("signature_at_end", "hint", f"【{signed}】")


def _refusal(text: str, reader: ReplyReader) -> Iterator[Finding]:
    words = [one for found in _HOW.findall(text) for one in found if one]
    words += _AT_END.findall(text.strip().removesuffix(f"【{_signed(text)}】"))
    if not words:
        yield _finding("no_refusal", "error")
    elif not any(map(reader.find_refusal, words)):
        yield _finding("refusal_unheard", "error", words[0])


def _open(text: str) -> Iterator[Finding]:
    for found in dict.fromkeys(_VARIABLE.findall(text)):
        yield _finding("open_variable", "error", found)


def _links(text: str) -> Iterator[Finding]:
    for found in dict.fromkeys(one[0] for one in _LINK.finditer(text)):
        shortened = _SHORTENED.search(found)
        yield _finding("shortened_link" if shortened else "link", "hint", found)


def _size(text: str, encoding: str, parts: int) -> Iterator[Finding]:
    if not text.strip():
        yield _finding("empty", "error")
    if parts > LONGEST_PARTS:
        yield _finding("too_long", "error")
    elif parts > 1:
        yield _finding("several_parts", "hint", str(parts))
    odd = [one for one in text if ord(one) > _FIRST_PLANE]
    if odd:
        yield _finding("emoji", "hint", odd[0])
    if encoding == "ucs2" and text and not any(one >= "\u2e80" for one in text):
        first = next(one for one in text if one not in _BASIC and one not in _EXTENDED)
        yield _finding("costly_character", "hint", first)


def _finding(code: str, level: Level, found: str = "") -> Finding:
    sentences = {k: one.replace("{found}", found) for k, one in FINDING_SENTENCES[code].items()}
    return Finding(code, level, sentences, found)
