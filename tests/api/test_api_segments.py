"""Segments over HTTP: groups with counts, members in pages, and the table of their offers."""

from __future__ import annotations

from typing import Any

import pytest
from api_web import Web

from nudge.flows.folds.segment import SegmentFold

PATH = "/v1/segments"


def fold(web: Web) -> None:
    """Let the fold catch up."""
    store, book = web.service.patient, web.service.configuration.segment_book
    made = SegmentFold(store, lambda: book)
    for p in store.keys.every_partition():
        lease = store.folds.seize(p, made.name, "test", 60.0)
        state = made.prepare(p)
        while entries := store.journal.read(p, lease.position, made.batch):
            state, commit = made.handle(p, state, entries)
            lease = store.folds.commit(lease, commit)
        store.folds.release(lease)


def pay(web: Web, visitor: str, amount: float) -> None:
    event = {"event_id": f"p-{visitor}", "type": "paid", "visitor_id": visitor, "amount": amount}
    web.send(event, key=web.secrets["ingest"])


def told(web: Web, path: str, scope: str = "read") -> Any:
    response = web.get(path, scope)
    assert response.status_code == 200, response.text
    return response.json


@pytest.fixture
def paying(web: Web) -> Web:
    """Five visitors who paid much, and two who paid little."""
    for number in range(7):
        pay(web, f"v{number}", 300 if number < 5 else 30)
    fold(web)
    return web


def test_segments_have_their_members_and_rules_in_words(paying: Web) -> None:
    """Each segment tells its rule in Chinese and English, and how many belong to it now."""
    found = {one["segment"]: one for one in told(paying, PATH)["segments"]}
    high, growth = found["tier.high"], found["stage.growth"]
    assert (high["count"], found["tier.low"]["count"], growth["count"]) == (5, 2, 7)
    assert high["words"] == {"zh": "常用金额不小于 200", "en": "usual amount is at least 200"}
    assert growth["words"]["zh"] == "首次缴费时间不早于 60d 之前，且缴费次数小于 4"


def test_counts_over_time_end_with_the_members_of_now(paying: Web) -> None:
    """The days have no gap, and the last one is the number of members."""
    found = told(paying, f"{PATH}/high")
    assert (found["segment"], found["count"]) == ("tier.high", 5)
    assert len(found["days"]) == 30
    assert found["days"][-1] | {"date": ""} == {"date": "", "count": 5, "joined": 5, "left": 0}
    assert found["days"][0]["count"] == 0


def test_members_come_in_pages_with_their_reasons(paying: Web) -> None:
    """Pages have everybody once, named by the subject that the visitor's own page tells."""
    seen, after = [], ""
    while True:
        page = told(paying, f"{PATH}/tier.high/members?limit=2{after}", "admin")
        seen += page["members"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    subjects = {told(paying, f"/v1/visitors/v{n}", "admin")["subject"] for n in range(5)}
    assert len(seen) == 5
    assert {one["subject"] for one in seen} == subjects
    assert {one["because"]["usual_amount"] for one in seen} == {300}
    assert page["as_of"] is not None


def test_the_table_says_who_may_get_what_by_which_channel(paying: Web) -> None:
    """A rule on the segment itself decides; pages and channels of the policy are listed."""
    slot = paying.service.catalogue().slots["banner"].slot
    patch = {"variants": {"coffee": {"available": {"when": {"attribute": "stage", "is": "left"}}}}}
    response = paying.http.patch(
        "/v1/slots/banner?why=test",
        json=patch,
        headers={
            "Authorization": f"Bearer {paying.secrets['admin']}",
            "If-Match": f'"{slot.revision}"',
        },
    )
    assert response.status_code == 200, response.text
    found = told(paying, f"{PATH}/stage.growth/offers")
    rows = {one["variant"]: one for one in found["offers"]}
    assert (rows["coffee"]["eligible"], rows["coffee"]["reason"]) == ("none", "rule")
    assert (rows["video"]["eligible"], rows["video"]["reason"]) == ("all", "open")
    assert [one["channel"] for one in rows["video"]["channels"]] == ["page", "push", "sms", "call"]
    assert (found["waiting"], found["unrecorded"]) == (["banner"], [])
    assert told(paying, f"{PATH}/tier.high/offers")["unrecorded"] == ["banner"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nobody", 404),
        ("/tier.high/members?after=x", 422),
        ("/tier.high/members?limit=0", 422),
        ("/tier.high?from=2020-01-01", 422),
        ("/tier.high/offers?from=never", 422),
    ],
)
def test_what_does_not_fit_is_refused(web: Web, path: str, status: int) -> None:
    """An unknown segment is 404; a parameter that does not fit is named."""
    assert web.get(f"{PATH}{path}", "admin").status_code in (status, 403)
    for scope in ("read", "admin"):
        response = web.get(f"{PATH}{path}", scope)
        assert response.status_code in (status, 403)
        if response.status_code == status:
            assert response.json["message"]
