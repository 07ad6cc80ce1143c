"""Quarantines and rollbacks over HTTP: who may, what is refused, and what a repeated call does."""

from __future__ import annotations

from typing import Any

from api_web import Web, bearer

import bandits
from bandits.policies.uniform import UniformPolicy

PATH = "/v1/quarantines"
FROM, TO = "2026-11-28T18:00:00+08:00", "2026-11-28T20:00:00+08:00"
ASK = {"from": FROM, "to": TO, "scope": {"method": "wechat"}, "why": "the gateway of 13812345678"}


def add(web: Web, **more: object) -> Any:
    return web.post(PATH, ASK | more, web.secrets["admin"])


def act(web: Web, name: str, **body: object) -> Any:
    return web.post(f"{PATH}/{name}/actions", body, web.secrets["admin"])


def patch(web: Web, version: object, tag: str | None = "1") -> Any:
    headers = bearer(web.secrets["admin"]) | ({} if tag is None else {"If-Match": tag})
    return web.http.patch("/v1/slots/banner/policy", json={"version": version}, headers=headers)


def test_a_quarantine_is_marked_listed_and_released(web: Web) -> None:
    """A quarantine is rounded outward, holds no number, and each step names its author."""
    made = add(web)
    assert made.status_code == 200, made.text
    assert add(web).json == made.json
    one = made.json
    assert (one["from"], one["to"]) == ("2026-11-28T17:55:00+08:00", TO)
    assert (one["status"], one["scope"]) == ("marked", {"method": "wechat"})
    assert "13812345678" not in made.text
    assert web.get(PATH).json == {"quarantines": [one]}
    longer = act(web, one["id"], action="extend", to="2026-11-28T21:01:00+08:00")
    assert longer.json["to"] == "2026-11-28T21:05:00+08:00"
    released = act(web, one["id"], action="release", note="it was a test")
    assert released.json == act(web, one["id"], action="release").json
    assert [step["action"] for step in released.json["steps"]] == ["mark", "extend", "release"]
    assert web.get(f"{PATH}?status=marked").json == {"quarantines": []}


def test_a_quarantine_that_does_not_fit_is_refused_with_its_key(web: Web) -> None:
    """Nothing is marked by halves."""
    for more, key in (
        ({"from": "yesterday"}, "from"),
        ({"to": FROM}, "to"),
        ({"to": None}, "to"),
        ({"scope": {"city": "1"}}, "scope"),
        ({"scope": {"channel": "fax"}}, "scope"),
        ({"scope": {"channel": "web", "method": "wechat"}}, "scope"),
        ({"why": ""}, "why"),
        ({"reach": -1}, "reach"),
        ({"until": TO}, "until"),
    ):
        refused = add(web, **more)
        assert (refused.status_code, list(refused.json["errors"])) == (422, [key]), refused.text
    assert web.get(PATH).json == {"quarantines": []}
    assert act(web, "q-none", action="release").status_code == 404
    one = add(web).json["id"]
    for body in ({"action": "undo"}, {"action": "extend"}, {"action": "release", "to": TO}):
        assert act(web, one, **body).status_code == 422
    assert act(web, one, action="discard").status_code == 200
    assert act(web, one, action="release").status_code == 422
    assert web.get(f"{PATH}?status=open").status_code == 422
    assert web.post(PATH, ASK, web.secrets["read"]).status_code == 403


def test_a_policy_is_set_back_and_let_go(web: Web) -> None:
    """The slot tells which version is held; a version that is not kept is refused with the list."""
    store = web.service.store
    lease = store.snapshots.acquire("banner", "test", 30.0)
    assert lease is not None
    names = store.slots.current()["banner"].names
    for version in ("1", "2"):
        made = UniformPolicy(arms=names, version=version)
        lease = store.snapshots.publish(lease, bandits.dump(made), 0.0, [])
    held = patch(web, 1)
    assert held.status_code == 200, held.text
    assert (held.json["held"]["version"], held.json["versions"]) == (1, [1, 2])
    assert patch(web, 1).json == held.json
    assert web.get("/v1/slots/banner").json["serving"]["held"]["version"] == 1
    refused = patch(web, 9)
    assert refused.status_code == 422
    assert refused.json["errors"] == {"version": ["is not kept; kept are: 1, 2"]}
    assert patch(web, 2, tag=None).status_code == 428
    assert patch(web, 2, tag="7").status_code == 412
    for wrong in ("2", 0, 1.5, True):
        assert patch(web, wrong).status_code == 422
    assert patch(web, None).json["held"] is None
    assert patch(web, None).status_code == 200
    assert "held" not in web.get("/v1/slots/banner").json["serving"]
