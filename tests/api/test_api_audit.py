"""The audit over HTTP: every history in one list, with filters, pages and a table."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from api_web import Web, bearer

from nudge.clock import now
from nudge.domain.users.audit_entry import AuditAction, AuditEntry
from nudge.domain.users.audit_line import AuditLine
from nudge.errors import InvalidRequestError
from nudge.flows.audit.audit_pages import AuditQuestion, page_of


@pytest.fixture
def changed(web: Web) -> Web:
    """A slot frozen for a reason, an interval under quarantine, a user, and a formula."""
    admin = bearer(web.secrets["admin"]) | {"If-Match": "*"}
    web.http.patch("/v1/slots/banner?why=complaints", json={"mode": "frozen"}, headers=admin)
    start = now() // 300 * 300 - 3600
    body = {"from": start, "to": start + 600, "why": "=HYPERLINK(1)"}
    assert web.post("/v1/quarantines", body, web.secrets["admin"]).status_code in {200, 201}
    trail = web.service.patient.audit
    trail.add(AuditEntry(now(), "user:li_na", AuditAction.SIGN_IN, "user:li_na"))
    return web


def lines(web: Web, query: str = "") -> Any:
    response = web.get(f"/v1/audit{query}", "admin")
    assert response.status_code == 200, response.text
    return response.json


def test_every_history_is_in_one_list(changed: Web) -> None:
    """Slots, quarantines, keys and users: each line says who, what and why, the newest first."""
    found = lines(changed)["lines"]
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    actions = {one["action"] for one in found}
    assert {"slot_made", "slot_changed", "quarantine_mark", "signed_in", "key_made"} <= actions
    frozen = next(one for one in found if one["action"] == "slot_changed")
    assert (frozen["object"], frozen["why"]) == ("slot:banner", "complaints")
    assert frozen["revision"] == 2
    assert any("frozen" in one for one in frozen["diff"])


def test_filters_choose_lines(changed: Web) -> None:
    """By who did it, by what it was done to, by the action, and by time."""
    assert {x["who"] for x in lines(changed, "?who=user:li_na")["lines"]} == {"user:li_na"}
    assert {x["object"] for x in lines(changed, "?object=slot:banner")["lines"]} == {"slot:banner"}
    assert len(lines(changed, "?action=signed_in")["lines"]) == 1
    assert lines(changed, f"?from={now() + 60!r}")["lines"] == []
    assert lines(changed, f"?to={now() - 3600!r}")["lines"] == []


def test_pages_have_every_line_once(changed: Web) -> None:
    """Pages of two lines give the whole list; a line that comes meanwhile moves none of them."""
    whole, found, cursor = lines(changed, "?limit=1000")["lines"], [], ""
    while True:
        page = lines(changed, f"?limit=2{cursor and f'&cursor={cursor}'}")
        found += page["lines"]
        changed.service.patient.audit.add(AuditEntry(now(), "x", "signed_out", "user:x"))
        cursor = page["cursor"]
        if not cursor:
            break
    assert found == whole


def test_lines_of_one_moment_are_not_lost_between_pages() -> None:
    """A cursor within lines of the same time goes on behind those that were shown."""
    each = [AuditLine(AuditEntry(5.0, "a", "b", f"slot:{n}")) for n in range(7)]
    found, cursor = [], ""
    for _ in range(3):
        page = page_of(each, AuditQuestion(most=3, cursor=cursor))
        found += page.lines
        cursor = page.cursor
    assert (found, cursor) == (each, "")


@pytest.mark.parametrize("cursor", ["x", "nan:1", "1", "5.0:-1", ":"])
def test_a_cursor_that_was_not_made_here_is_refused(cursor: str) -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequestError, match="cursor"):
        page_of([], AuditQuestion(cursor=cursor))


def test_the_table_runs_no_formula(changed: Web) -> None:
    """A reason that begins like a formula is text in the CSV."""
    response = changed.get("/v1/audit?format=csv", "admin")
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff"))))
    told = [row["why"] for row in rows if row["action"] == "quarantine_mark"]
    assert told == ["'=HYPERLINK(1)"]


def test_the_audit_is_an_admin_s(web: Web) -> None:
    """A key that reads figures does not read who did what."""
    assert web.get("/v1/audit").status_code == 403
    assert web.get("/v1/audit?limit=0", "admin").status_code == 422
    assert web.get("/v1/audit?format=xml", "admin").status_code == 422
