"""The frame of the pages: language, headers, compression, failures, and who gets in."""

from __future__ import annotations

import gzip
import re

from page_site import PageSite

from nudge.pages.mount import SEGMENTS


def test_nobody_who_is_not_signed_in_sees_a_page(site: PageSite) -> None:
    """A page leads to the sign-in, which knows where to come back; a part of one says so by 401."""
    stranger = site.app.test_client()
    response = stranger.get("/?x=1")
    assert (response.status_code, response.location) == (303, "/login?next=/?x%3D1")
    part = stranger.get("/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/login")


def test_pages_are_chinese_until_somebody_chooses_english(site: PageSite) -> None:
    """The choice holds for the pages behind it."""
    client = site.client()
    assert '<html lang="zh-CN"' in client.get("/").text
    assert '<html lang="en"' in client.get("/?lang=en").text
    assert '<html lang="en"' in client.get("/").text


def test_the_headers_of_every_answer_protect_it(site: PageSite) -> None:
    """Also of failures and files: no frame, no script of others, nothing kept but files."""
    client = site.client()
    for path in ("/", "/slots/none-of-them", "/pages/static/pages.css"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert "max-age=31536000" in client.get("/pages/static/pages.css").headers["Cache-Control"]


def test_answers_are_compressed_where_the_browser_takes_it(site: PageSite) -> None:
    """The same text comes out of both."""
    client = site.client()
    path = "/pages/static/pages.css"
    small = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == client.get(path).data


def test_a_failure_is_a_page_in_words(site: PageSite) -> None:
    """An address of nothing, and a refusal of the API, have the menu and a sentence."""
    client = site.client()
    missing = client.get("/slots/x/y/z")
    assert missing.status_code == 404
    assert "这个地址没有内容" in missing.text


def test_the_mount_knows_every_path_of_the_pages(site: PageSite) -> None:
    """A screen whose first segment the mount does not list would be answered by the API."""
    rules = {rule.rule.split("/")[1] for rule in site.app.url_map.iter_rules()}
    assert rules == SEGMENTS | {""}


def test_no_template_has_inline_style_or_script(site: PageSite) -> None:
    """The policy forbids both; a browser would leave them out in silence."""
    loader = site.app.jinja_env.loader
    assert loader is not None
    for name in loader.list_templates():
        text = loader.get_source(site.app.jinja_env, name)[0]
        assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|javascript:", text), name
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), name
