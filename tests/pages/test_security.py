"""Security of the pages: roles, sessions, forms, and what strangers write."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from functools import partial
from html import unescape
from typing import Final

import pytest
from account_visits import WORD, Visit, accounts_of, add_user, desk_of
from api_web import Web
from flask import Flask
from page_site import PageSite, open_site
from structlog.testing import capture_logs
from werkzeug.routing import Rule
from werkzeug.test import Client

from nudge.api.operation import RULE
from nudge.clock import now
from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.users.roles import OPERATIONS, Role
from nudge.domain.users.session import IDLE, LONGEST
from nudge.domain.users.user import User
from nudge.flows.accounts.user_desk import LINK_LASTS
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.logs.access import AccessLog
from nudge.pages.access import load_user
from nudge.pages.api_door import ApiDoor, ApiRefusal
from nudge.pages.csv_file import csv_answer
from nudge.pages.navigation import SCREENS
from nudge.store.service.sign_in_attempts import MOST

WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OWN: Final = frozenset({"signing"})
"""Blueprints by which a user changes the own account, and nothing else."""
PARTS: Final = {"slot": "banner", "name": "li_na", "user": "li_na", "visitor_id": "v-1"}
FORM: Final = {
    "why": "because",
    "variant": "recharge",
    "mode": "shadow",
    "action": "release",
    "role": "admin",
    "name": "li_na",
    "language": "en",
    "revision": "1",
    "etag": '"1"',
}
"""A form that fits much: of a wrong form nobody would learn whether the role was looked at."""
SCRIPT: Final = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
MOST_PAGES: Final = 80
RULES: Final = """
agents = ["li_na"]
[[outcomes]]
name = "stays"
[[rules]]
name = "low"
title = { zh = "评价低", en = "A low score" }
when = { event = "feedback", score_at_most = 5 }
"""
"""Warnings of low scores, so that a visitor's words come onto a list."""
PASSING: Final = frozenset(
    ("session", "user_sessions", "failures", "familiar", "next_case", "asked", "job", "jobs")
)


def rules_that_write(app: Flask) -> list[tuple[str, Rule]]:
    """Methods and rules of an app that may change something."""
    rules = app.url_map.iter_rules()
    return [(method, rule) for rule in rules for method in sorted(WRITES & (rule.methods or set()))]


def path_of(rule: Rule) -> str:
    """A path that fits a rule."""
    words = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)
    return re.sub(r"<(?:[^:>]*(?:\([^)]*\))?:)?(\w+)>", lambda m: PARTS.get(m[1], "x"), words)


def contents(web: Web) -> dict[str, bytes]:
    """All that the store holds, but for what passes by itself: sessions, attempts, questions."""
    client, start = web.service.store.client, f"{web.service.store.keys.namespace}:"
    names = [one for one in client.scan(f"{start}*") if one.split(":")[2] not in PASSING]
    return {name: client.call("DUMP", name) for name in sorted(names)}


def test_a_viewer_changes_nothing_by_a_page(site: PageSite) -> None:
    """Whatever form a viewer sends to whatever page, the store stays as it was."""
    add_user(site)
    visit = Visit(site)
    assert visit.enter().status_code == 303
    token, before, tried = visit.token("/account"), contents(site.web), 0
    for method, rule in rules_that_write(site.app):
        if rule.endpoint.partition(".")[0] in OWN:
            continue
        data = FORM | {"csrf_token": token}
        answer = visit.client.open(path_of(rule), method=method, data=data)
        # Questions are answered, and incomplete forms shown again: that changes nothing.
        assert answer.status_code < 500, (method, rule.rule)
        tried += answer.status_code == 403
    assert tried > 10
    assert contents(site.web) == before


def test_a_viewer_changes_nothing_by_the_api(site: PageSite) -> None:
    """Every operation that writes refuses the viewer's session, as a cookie and by the door."""
    add_user(site)
    visit = Visit(site)
    visit.enter()
    browser = site.web.http
    browser.set_cookie("nudge_pages", visit.cookie)
    door = ApiDoor(site.web.app.wsgi_app, User("li_na", Role.VIEWER).caller)
    before, tried = contents(site.web), 0
    for method, rule in rules_that_write(site.web.app):
        view = site.web.app.view_functions[rule.endpoint]
        if not getattr(view, RULE, ()):
            continue
        path = path_of(rule)
        assert browser.open(path, method=method, json={}).status_code == 401, (method, path)
        with pytest.raises(ApiRefusal) as refused:
            door.change(method, path, {})
        assert refused.value.answer.status == 403, (method, path)
        tried += 1
    assert tried > 20
    assert contents(site.web) == before


def test_an_agent_sees_work_lists_and_no_keys(site: PageSite) -> None:
    """The menu has the lists alone; users, audit, system and slots refuse the agent."""
    add_user(site, role=Role.AGENT)
    visit = Visit(site)
    assert visit.enter().location == "/work"
    menu = re.findall(r'<li><a href="([^"]+)"', visit.client.get("/account").text)
    assert set(menu) == {"/work", "/warnings", "/winback"}
    assert visit.client.get("/").location == "/work"
    for one in SCREENS[1:]:
        if one.operation not in OPERATIONS[Role.AGENT]:
            assert visit.client.get(one.path).status_code in {403, 404}, one.path
    caller = User("li_na", Role.AGENT).caller
    door = ApiDoor(site.web.app.wsgi_app, caller)
    assert door.get("/v1/worklist").status == 200
    keys = site.web.service.store.api_keys.list_keys()
    assert keys
    for path in ("/users", "/system", "/audit"):
        text = visit.client.get(path).text
        assert not any(key.key_id in text or key.digest in text for key in keys)


def test_a_form_needs_the_token_of_its_own_session(site: PageSite) -> None:
    """Missing, wrong and another session's tokens are refused, on each form that writes."""
    for name in ("wang", "zhao"):
        add_user(site, name, Role.ADMIN)
    mine, other = Visit(site), Visit(site)
    mine.enter("wang")
    other.enter("zhao")
    foreign = other.token("/account")
    for method, rule in rules_that_write(site.app):
        for data in (FORM, FORM | {"csrf_token": "x"}, FORM | {"csrf_token": foreign}):
            answer = mine.client.open(path_of(rule), method=method, data=data)
            assert answer.status_code == 400, (method, rule.rule)
    assert mine.is_signed_in
    assert set(accounts_of(site).store.users.read().users) == {"wang", "zhao"}


def test_a_sign_in_begins_a_new_session(site: PageSite) -> None:
    """Whatever cookie a browser was given before, its holder is not signed in with it."""
    add_user(site)
    visit = Visit(site)
    visit.client.get("/login?lang=en")
    before, old_token = visit.cookie, visit.token()
    visit.enter()
    assert visit.cookie != before
    thief = Visit(site)
    thief.client.set_cookie("nudge_pages", before)
    assert not thief.is_signed_in
    assert visit.is_signed_in
    answer = visit.client.post(
        "/account/language", data={"csrf_token": old_token, "language": "en"}
    )
    assert answer.status_code == 400
    assert '<html lang="en"' in visit.client.get("/account").text


def test_signing_out_ends_a_copied_cookie(site: PageSite) -> None:
    """The session ends in the store, not in the browser alone."""
    add_user(site)
    visit = Visit(site)
    visit.enter()
    copied = visit.cookie
    assert visit.send("/logout", form="/account").status_code == 303
    thief = Visit(site)
    thief.client.set_cookie("nudge_pages", copied)
    assert not thief.is_signed_in


def test_a_promotions_text_is_text(site: PageSite) -> None:
    """A title with a script in it is escaped on every page that shows it."""
    web = site.web
    tag = web.get("/v1/slots/banner").headers["ETag"]
    variants = web.get("/v1/slots/banner").json["variants"]
    variants[0]["title"] = {"zh": SCRIPT[:60], "en": SCRIPT[:60]}
    sent = {"variants": variants}
    key = {"Authorization": f"Bearer {web.secrets['admin']}", "If-Match": tag}
    answer = web.http.patch("/v1/slots/banner", json=sent, headers=key)
    assert answer.status_code == 200, answer.text
    check_escaped(site)


def test_a_visitors_text_is_text(site: PageSite) -> None:
    """Words, scenes, reasons and ids that visitors send are escaped wherever a page shows them."""
    web, name = site.web, SCRIPT[:60]
    edit = {"who": "test", "at": now(), "why": "", "changes": []}
    assert web.service.store.documents.put(ConfigDocument("warnings.toml", 1, RULES), 0, edit)
    web.service.refresh()
    sent = [
        {"event_id": "e1", "type": "feedback", "scene": name, "score": 1, "text": SCRIPT},
        {"event_id": "e2", "type": "payment_failed", "reason": name, "method": name},
        {"event_id": "e3", "type": "step", "step": "pay_tapped"},
    ]
    told = [one | {"visitor_id": SCRIPT} for one in sent]
    assert web.send(*told, key=web.secrets["ingest"])["accepted"] == len(sent)
    book = RuleBook(web.service.configuration.warnings)
    site.fold(AttributeFold(web.service.store), CareFold(web.service.store, lambda: book))
    (warning,) = web.get("/v1/warnings").json["warnings"]
    assert warning["scene"] == name
    check_escaped(site)


def test_no_template_takes_text_for_markup(site: PageSite) -> None:
    """Jinja escapes all that templates show, unless one of them says otherwise."""
    loader = site.app.jinja_env.loader
    assert loader is not None
    for name in loader.list_templates():
        text = loader.get_source(site.app.jinja_env, name)[0]
        # A text of the template itself may hold attributes.
        assert not re.search(r"[^'\"\s]\s*\|\s*safe\b|autoescape", text), name


def test_the_words_of_an_address_are_text(site: PageSite) -> None:
    """Parameters and paths are escaped, in pages and in failures."""
    client = site.client()
    for path in (f"/login?next=/{SCRIPT}", f"/users/{SCRIPT}", f"/?x={SCRIPT}", f"/slots/{SCRIPT}"):
        assert_no_script(client.get(path).text, path)


def check_escaped(site: PageSite) -> None:
    """Every page that links lead to from the first one, each address once, shows no script."""
    client, waiting, seen = site.client(), ["/"], set[str]()
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        seen.add(path.partition("?")[0])
        answer = client.get(path)
        if answer.mimetype != "text/html":
            continue  # browsers take a file for what its type says
        text = answer.text
        assert_no_script(text, path)
        links = [unescape(one) for one in re.findall(r'href="(/[^"]*)"', text)]
        told = {*seen, *(one.partition("?")[0] for one in waiting)}
        new = {one.partition("?")[0]: one for one in links}
        waiting += [one for name, one in new.items() if name not in told]
    assert {"/", "/users", "/account"} <= seen


def assert_no_script(text: str, where: str) -> None:
    """No page repeats the markup that was sent."""
    for part in ("<script>alert", "<img src=x"):
        assert part not in text, where


def test_a_cell_of_a_csv_file_is_no_formula(site: PageSite) -> None:
    """Spreadsheets run cells that begin with =, +, -, @, a tab or an end of line."""
    bad = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
    with site.app.test_request_context("/"):
        text = csv_answer("x", ["=name"], [[one] for one in bad]).get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    assert [row[0] for row in rows] == [f"'{one}" for one in ["=name", *bad]]


@pytest.mark.parametrize(
    "target",
    [
        *("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example"),
        *("/\t/evil.example", "///evil.example", "javascript:alert(1)", "evil.example", "/\n/x"),
    ],
)
def test_a_sign_in_leads_to_no_other_host(site: PageSite, target: str) -> None:
    """`next` is a path of these pages, or is left out."""
    add_user(site)
    visit = Visit(site)
    assert visit.enter(then=target).location == "/"
    asked = visit.client.get("/login", query_string={"next": target})
    assert (asked.status_code, asked.location) == (303, "/")


def test_a_sign_in_leads_to_where_somebody_was_going(site: PageSite) -> None:
    """A deep link works for who has to sign in first."""
    add_user(site)
    visit = Visit(site)
    assert visit.enter(then="/funnel?from=2026-11-01").location == "/funnel?from=2026-11-01"


def test_no_page_is_framed(site: PageSite) -> None:
    """Pages, forms and failures refuse to be shown inside another site."""
    client = site.client()
    for path in ("/", "/login", "/welcome/x", "/account", "/users", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path


def test_a_session_ends_when_nobody_uses_it_and_after_a_week(web: Web) -> None:
    """Eight hours without a call, or seven days with one each hour."""
    site = open_site(web)
    clock = _moved(site)
    add_user(site)
    idle, busy = Visit(site), Visit(site)
    idle.enter()
    busy.enter()
    clock[0] += IDLE - 60
    assert busy.is_signed_in
    clock[0] += 120
    assert not idle.is_signed_in
    for _ in range(int(LONGEST // (IDLE - 60)) + 1):
        if not busy.is_signed_in:
            break
        clock[0] += IDLE - 60
    assert not busy.is_signed_in


def test_five_wrong_passwords_make_an_account_wait(site: PageSite) -> None:
    """The page says how long; another address is not kept waiting."""
    add_user(site)
    visit = Visit(site)
    for _ in range(MOST):
        assert visit.enter(word="wrong horse").status_code == 401
    locked = visit.enter()
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    assert "15 分钟" in locked.text
    assert not visit.is_signed_in
    elsewhere = visit.enter(environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 303


def test_another_role_takes_effect_at_once(site: PageSite) -> None:
    """The session of the old role ends with it; the next one has the new role."""
    add_user(site, role=Role.ADMIN)
    add_user(site, "wang", Role.ADMIN)
    visit = Visit(site)
    visit.enter()
    assert visit.client.get("/users").status_code == 200
    desk_of(site).set_role("li_na", Role.VIEWER)
    assert visit.client.get("/users").status_code == 303
    visit.enter()
    assert visit.client.get("/users").status_code == 403


def test_a_link_signs_in_once_and_previews_use_nothing_up(web: Web) -> None:
    """GET shows a button, as often as somebody looks; POST signs in once, and not a day later."""
    site = open_site(web)
    clock = _moved(site)
    desk_of(site).add("li_na", Role.VIEWER, "zh")
    path = desk_of(site).make_link("li_na").path
    for _ in range(3):
        assert Visit(site).client.get(path).status_code == 200
    first, second = Visit(site), Visit(site)
    token = second.token(path)
    assert first.send(path).location == "/account"
    assert first.is_signed_in
    late = second.client.post(path, data={"csrf_token": token})
    assert late.status_code == 410
    assert not second.is_signed_in
    path = desk_of(site).make_link("li_na").path
    clock[0] += LINK_LASTS + 1
    assert Visit(site).client.get(path).status_code == 410


@pytest.mark.parametrize("proto", ["", "https"])
def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_lines(
    site: PageSite, proto: str
) -> None:
    """HttpOnly, SameSite=Lax, for all paths; Secure where the browser speaks TLS to the proxy."""
    add_user(site)
    headers = {"X-Forwarded-Proto": proto} if proto else {}
    answer = Visit(site).enter(headers=headers)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("nudge_pages=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {one.strip() for one in cookie.split(";")}
    assert ("Secure" in cookie) == bool(proto)
    assert WORD not in cookie


def test_a_link_is_in_no_log(web: Web) -> None:
    """The path of a link is told without its secret: who reads a log must not sign in by it."""
    site = open_site(web)
    desk_of(site).add("li_na", Role.VIEWER, "zh")
    path = desk_of(site).make_link("li_na").path
    with capture_logs() as lines:
        client = Client(AccessLog(site.app.wsgi_app))
        assert client.get(path).status_code == 200
    told = [line["path"] for line in lines if line["event"] == "call"]
    assert told == ["/welcome/<token>"]


def _moved(site: PageSite) -> list[float]:
    """Return the time at which the accounts' clock stands; a test moves it."""
    moment = [accounts_of(site).clock()]
    parts = site.app.extensions["nudge.pages"]
    moved = replace(parts.accounts, clock=lambda: moment[0])
    site.app.extensions["nudge.pages"] = replace(parts, accounts=moved)
    site.app.login_manager.user_loader(partial(load_user, moved))  # type: ignore[attr-defined]
    return moment
