"""The pages of the shop, in XHTML Mobile Profile: no script, no style sheet of another host."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode

AMOUNTS = (10, 30, 50, 100, 300, 500)
TYPE = "application/xhtml+xml; charset=utf-8"
FRAME = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//WAPFORUM//DTD XHTML Mobile 1.0//EN"
  "http://www.wapforum.org/DTD/xhtml-mobile10.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{lang}">
<head><title>{title}</title></head>
<body>{body}</body>
</html>
"""
WORDS = {
    "zh": {
        "title": "话费充值",
        "pay": "立即充值",
        "yuan": "元",
        "done": "充值成功",
        "back": "返回",
    },
    "en": {"title": "Recharge", "pay": "Recharge", "yuan": " yuan", "done": "Paid", "back": "Back"},
}


def shop_page(
    lang: str, banner: str, preselected: int, hidden: dict[str, str], pixels: Sequence[str]
) -> bytes:
    """Return the page of the shop.

    Args:
        lang: `zh` or `en`.
        banner: text of the banner; empty for none.
        preselected: amount in yuan.
        hidden: fields of the form.
        pixels: addresses of the images that say that the page was seen.
    """
    words = WORDS[lang]
    options = "".join(
        f'<option value="{amount}"{_selected(amount == preselected)}>'
        f"{amount}{words['yuan']}</option>"
        for amount in AMOUNTS
    )
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}" />'
        for name, value in hidden.items()
    )
    images = "".join(f'<img src="{escape(one)}" width="1" height="1" alt="" />' for one in pixels)
    body = (
        f"<p>{escape(banner)}</p>"
        f'<form action="/pay" method="post"><p>{fields}<select name="amount">{options}</select>'
        f'<input type="submit" value="{words["pay"]}" /></p></form><p>{images}</p>'
    )
    return _framed(lang, body)


def paid_page(lang: str, amount: int) -> bytes:
    """Return the page after a payment."""
    words = WORDS[lang]
    body = f'<p>{words["done"]}: {amount}{words["yuan"]}</p><p><a href="/">{words["back"]}</a></p>'
    return _framed(lang, body)


def pixel(service: str, key: str, decision_id: str) -> str:
    """Return the address of the image that counts an exposure."""
    return f"{service}/v1/pixel?{urlencode({'d': decision_id, 'key': key})}"


def _framed(lang: str, body: str) -> bytes:
    return FRAME.format(lang=lang, title=WORDS[lang]["title"], body=body).encode()


def _selected(yes: bool) -> str:  # noqa: FBT001 (a question and its answer)
    return ' selected="selected"' if yes else ""
