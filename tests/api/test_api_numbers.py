"""Mistakes that come in: numbers in words, and states that nobody can read."""

from __future__ import annotations

from dataclasses import replace

import structlog
from api_web import ASK, Web, bearer

from nudge.domain.journal.records import Decision
from nudge.domain.people.visitor_codec import FIELDS
from nudge.domain.values.number_words import MASK
from nudge.logs.access import AccessLog
from nudge.settings.settings import Settings
from nudge.wiring.web import create_app

NUMBER = "13812345678"
SPELLINGS = (
    NUMBER,
    f"+86 {NUMBER}",
    "138-1234-5678",
    "１３８１２３４５６７８",
    int(NUMBER),
    float(NUMBER),
)
UNREADABLE = (b"\x63 of another version", bytes((max(FIELDS),)) + b"\xc1 broken", b"\xff")


def masked(web: Web, endpoint: str) -> float:
    """How many numbers the endpoint has masked."""
    labels = {"endpoint": endpoint}
    found = web.service.metrics.registry.get_sample_value("nudge_numbers_masked_total", labels)
    return found or 0.0


def test_s02_an_unreadable_state_is_a_new_visitor_s(web: Web) -> None:
    """Pages are decided, no SMS goes out, a view and an erasure are answered; each is counted."""
    store, count = web.service.store, web.service.metrics.registry.get_sample_value
    headers = bearer(web.secrets["admin"])
    with structlog.testing.capture_logs() as told:
        for number, data in enumerate(UNREADABLE):
            who = f"v-{number}"
            token = web.decide(visitor_id=who)["device_token"]
            subject = web.get(f"/v1/visitors/{who}", "admin").json["subject"]
            for p in store.keys.every_partition():
                store.client.call("SET", store.keys.visitor(p, subject), data)
            before = count("nudge_states_unreadable_total") or 0
            given = web.decide(visitor_id=who, page="recharge", device_token=token)
            assert not any(one["degraded"] for one in given["decisions"].values())
            asked = {"visitor_id": who, "channel": "push"}
            plan = web.post("/v1/sms/timings", asked, web.secrets["schedule"])
            assert (plan.status_code, plan.json["send_at"]) == (200, None)
            assert web.get(f"/v1/visitors/{who}", "admin").status_code == 200
            assert (count("nudge_states_unreadable_total") or 0) >= before + 3
        erased = web.http.delete(f"/v1/visitors/{who}", headers=headers)
        assert erased.status_code == 200
    names = [one["event"] for one in told]
    assert 1 <= names.count("visitor_state_unreadable") <= 2


def test_s14_a_number_in_a_word_is_masked_and_counted(web: Web) -> None:
    """In context and page, in every free word of an event, however it is written."""
    for number, one in enumerate(SPELLINGS):
        context = {"city": one, "note": f"call {one} now", f"n{NUMBER}": 1}
        told = web.decide(visitor_id=f"v-{number}", context=context, page=f"p{number}-{NUMBER}")
        assert told["numbers_masked"] == 4
        event = {"type": "payment_failed", "event_id": f"e{number}", "visitor_id": "v-1"}
        told = web.send(event | {"reason": f"no {one}", "method": f"{one}"})
        assert (told["accepted"], told["numbers_masked"]) == (1, 2)
    assert masked(web, "decisions") == 4 * len(SPELLINGS)
    pages = {e.record.page for e in web.entries() if isinstance(e.record, Decision)}
    assert pages == {f"p{number}-{MASK}" for number in range(len(SPELLINGS))}
    assert {str(one.fields["reason"]) for one in web.events()} <= {f"no {MASK}", f"no {MASK}.0"}
    written = str(web.entries())
    assert not any(str(one) in written for one in SPELLINGS)


def test_s14_what_is_no_number_stays(web: Web) -> None:
    """Times in milliseconds, amounts, longer numbers of orders: nothing is masked or counted."""
    context = {
        "last_amount": 1764379314123,
        "count": 13812345,
        "city": "2026112913812345678",
    }
    told = web.decide(context=context)
    assert "numbers_masked" not in told
    paid = {"type": "paid", "event_id": "20261129138123456789", "visitor_id": "v-1", "amount": 50}
    assert "numbers_masked" not in web.send(paid, key=web.secrets["ingest"])
    assert web.events()[0].event_id == paid["event_id"]


def test_s14_an_event_s_id_stays_unique_and_its_own(web: Web) -> None:
    """Equal ids are one event, other ones another; a refund finds its payment."""
    key = web.secrets["ingest"]
    paid = {"type": "paid", "visitor_id": "v-1", "amount": 50}
    ids = [NUMBER, f"pay-{NUMBER}-1", f"pay-{NUMBER}-2", "pay-13812345679-1"]
    first = web.send(*(paid | {"event_id": one} for one in ids), key=key)
    again = web.send(*(paid | {"event_id": one} for one in ids), key=key)
    assert (first["accepted"], again["accepted"], again["duplicates"]) == (4, 0, 4)
    refund = {"type": "refunded", "event_id": f"r{NUMBER}", "refund_of": NUMBER}
    web.send(refund | {"visitor_id": "v-1"}, key=key)
    *payments, back = sorted(web.events(), key=lambda one: one.type == "refunded")
    assert back.fields["refund_of"] in {one.event_id for one in payments}
    assert len({one.event_id for one in payments}) == 4
    assert "1381234567" not in str(web.events())
    bad = web.send({"type": "paid", "event_id": NUMBER, "visitor_id": "v-1"}, key=key)
    assert bad["rejected"][0]["event_id"] == NUMBER


def test_s14_a_plan_s_words_are_masked_by_both_ways_of_a_stream(web: Web) -> None:
    """A plain line, which the schema does not see, and one that it does."""
    lines = b'{"visitor_id": "a", "context": {"city": "13812345678"}}\n'
    lines += b'{"visitor_id": "b", "slots": [], "context": {"n": 13812345678}}\n'
    headers = bearer(web.secrets["schedule"]) | {"Content-Type": "application/x-ndjson"}
    answer = web.http.post("/v1/sms/timings", data=lines, headers=headers)
    assert answer.text.count('"numbers_masked":1') == masked(web, "timings") == 2
    assert NUMBER not in str(web.entries())


WRONG: tuple[tuple[str, str, object], ...] = (
    ("POST", "/v1/decisions", ASK | {"slots": [NUMBER]}),
    ("POST", "/v1/decisions", ASK | {NUMBER: NUMBER}),
    ("POST", "/v1/decisions", ASK | {"force": {NUMBER: NUMBER}}),
    ("GET", f"/v1/slots/{NUMBER}", None),
    ("GET", f"/v1/slots/banner/performance?by={NUMBER}&format={NUMBER}", None),
    ("GET", f"/v1/funnel?{NUMBER}={NUMBER}", None),
    ("POST", "/v1/slots/banner/evaluations", {"target": f"x{NUMBER}"}),
    ("PUT", f"/v1/slots/{NUMBER}", {"slot": NUMBER}),
    ("PATCH", "/v1/slots/banner", {"title": f"call {NUMBER}"}),
    ("POST", "/v1/sms/timings", {"visitor_id": "a", "purpose": NUMBER}),
)


def test_s14_no_error_repeats_a_number(web: Web) -> None:
    """Proxies and pages log what is wrong: names of fields and values are masked in it."""
    headers = bearer(web.key("read", "admin", "decide", "schedule")) | {"If-Match": "*"}
    for method, path, body in WRONG:
        answer = web.http.open(path, method=method, json=body, headers=headers)
        assert 400 <= answer.status_code < 500, answer.text
        assert NUMBER not in answer.text


def test_s14_why_is_masked_and_a_slot_holds_no_number(web: Web) -> None:
    """The reason of a change is for the audit; a table with a number is refused by its key."""
    headers = bearer(web.secrets["admin"]) | {"If-Match": "*"}
    path = f"/v1/slots/banner?why=asked+by+{NUMBER}"
    assert web.http.patch(path, json={"holdout": 0.2}, headers=headers).status_code == 200
    audits = web.get("/v1/slots/banner/revisions").json["revisions"]
    assert MASK in str(audits)
    assert NUMBER not in str(audits) + str(web.entries())
    bad = web.http.patch("/v1/slots/banner", json={"title": NUMBER}, headers=headers)
    assert (bad.status_code, list(bad.json["errors"])) == (422, ["title"])


def test_o04_the_access_log_tells_no_query_and_no_visitor(settings: Settings) -> None:
    """Off by default; on, each call has method, path, status, ms, bytes and the key's id."""
    assert not settings.log_access
    app = create_app(replace(settings, log_access=True, admin_key="an-admin-key-" + "x" * 24))
    assert isinstance(app.wsgi_app, AccessLog)
    headers = bearer("an-admin-key-" + "x" * 24)
    with structlog.testing.capture_logs() as told:
        app.test_client().get("/v1/slots?why=me", headers=headers)
        app.test_client().get(f"/v1/visitors/{NUMBER}", headers=headers)
        app.test_client().get("/healthz", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    calls = [one for one in told if one["event"] == "call"]
    assert [one["path"] for one in calls] == ["/v1/slots", "/v1/visitors/<visitor_id>", "/healthz"]
    assert [(one["key"], one["status"]) for one in calls] == [
        ("admin", 422),
        ("admin", 404),
        (None, 200),
    ]
    assert all(one["bytes"] > 0 and one["ms"] >= 0 and one["method"] == "GET" for one in calls)
    assert "192.0.2.7" not in str(calls)
    app.extensions["nudge"].store.client.close()
