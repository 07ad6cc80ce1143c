"""Roles: every operation of the API is sorted into them, and none gives more than it says."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from places import ROOT

from nudge.api.document import written
from nudge.domain.users.roles import (
    ADMINISTRATION,
    CARE,
    CHANGES,
    FIGURES,
    OPERATIONS,
    WORK,
    Role,
    scopes_of,
)
from nudge.domain.users.user import User


@cache
def registered() -> dict[str, tuple[str, list[str]]]:
    """Method and scopes of each operation of the API that needs a key, by its name."""
    paths: dict[str, Any] = json.loads(written())["paths"]
    return {
        told["operationId"]: (method, told["x-scopes"])
        for item in paths.values()
        for method, told in item.items()
        if isinstance(told, dict) and told.get("x-scopes")
    }


def test_every_operation_is_sorted_into_a_role() -> None:
    """A new operation belongs to a role, if only to the admin's; one that is gone, to none."""
    assert sorted(OPERATIONS[Role.ADMIN]) == sorted(registered())


def test_a_viewer_may_ask_and_nothing_else() -> None:
    """A viewer has operations of GET alone, and none that only admins' keys may call."""
    for name in OPERATIONS[Role.VIEWER]:
        method, scopes = registered()[name]
        assert (method, "read" in scopes) == ("get", True), name


def test_a_marketer_is_a_viewer_who_may_change_what_is_shown() -> None:
    """A marketer sees no person, works on no case, and manages nobody."""
    assert OPERATIONS[Role.MARKETER] == OPERATIONS[Role.VIEWER] | CHANGES
    assert not CHANGES & CARE
    assert not User("m", Role.MARKETER).caller.sees_people


def test_an_agent_works_on_cases_and_sees_no_keys_users_or_slots() -> None:
    """An agent's operations are about lists, cases and their visitors."""
    mine = OPERATIONS[Role.AGENT]
    assert {"listWork", "patchWork", "listWarnings", "listWinback", "makeGrant"} <= mine
    assert ("getCaseVisitor" in mine, "getVisitor" in mine) == (True, False)
    forbidden = {"putSlot", "patchSlot", "patchPolicy", "listUsers", "makeUser", "eraseVisitor"}
    assert not mine & forbidden
    assert not {name for name in mine if name.endswith(("Slot", "Slots", "User", "Users", "Audit"))}


def test_only_an_admin_has_the_scopes_of_one() -> None:
    """The scopes say what answers show: held cases and personal fields need `admin`."""
    assert [role for role in Role if "admin" in scopes_of(role)] == [Role.ADMIN]


@pytest.mark.parametrize("page", ["users.md", "users.zh-CN.md"])
def test_the_table_of_the_guide_is_that_of_the_roles(page: str) -> None:
    """Each row names the operations of one set, and says which roles have them."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    sets = (FIGURES, WORK, CHANGES, CARE - FIGURES, ADMINISTRATION)
    for row, names in zip(rows, sets, strict=True):
        _, _, *marks, told, _ = (cell.strip() for cell in row.split("|"))
        assert told == ", ".join(f"`{name}`" for name in sorted(names))
        for role, mark in zip(Role, marks, strict=True):
            assert (mark != "–") == (names <= OPERATIONS[role]), (row, role)
    extra = re.search(r"`(\w+)` (?:and|和) `(\w+)`", text)
    assert extra is not None
    assert set(extra.groups()) == CARE & FIGURES
