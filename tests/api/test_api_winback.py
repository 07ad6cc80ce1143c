"""Win-back over HTTP: who left the path, in order, under the contact policy, and what people do."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import replace
from typing import Any

import pytest
from api_web import Web

from nudge.clock import now
from nudge.config.documents.document import ConfigDocument
from nudge.domain.alarms.alarm import Alarm, AlarmAction, AlarmLevel, AlarmStep
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.journal.records import Event, Mark
from nudge.domain.winback.contact_effect import ContactVerdict
from nudge.domain.winback.uplift_in_force import GainBand, UpliftInForce, UpliftTerm
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.winback.winback_desk import open_desk, setup_of
from nudge.flows.winback.winback_ranking import WinbackRanking
from nudge.store.journal.appends import Append
from nudge.store.service.alarms import StoredAlarm
from nudge.workers.runner import Runner

PATH = "/v1/winback"
HOUR = 3600.0
RULES = """
held_share = 0.0
channels = ["call", "sms"]
[[dates]]
attribute = "contract_ends_at"
before = "2d"
within = "60d"
title = { zh = "合约到期日", en = "end of the contract" }
[[rules]]
name = "failed"
title = { zh = "支付失败后离开", en = "Left after a failed payment" }
failed = true
after = "1h"
[[rules]]
name = "tapped"
stages = ["pay_tapped", "method"]
"""
OPEN = """
complaint_pause = "180d"
[[channels]]
name = "call"
consent = "required"
[[channels]]
name = "sms"
consent = "required"
[[purposes]]
name = "winback"
"""


@pytest.fixture
def ruled(web: Web) -> Web:
    """A site with rules of win-back, and a contact policy without quiet hours."""
    for name, text in (("winback.toml", RULES), ("contact.toml", OPEN)):
        assert web.service.store.documents.put(ConfigDocument(name, 1, text), 0, {})
    web.service.refresh()
    return web


def fold(web: Web) -> None:
    """Let both folds catch up, with no grace for late acts, and the order follow."""
    store, found = web.service.patient, web.service.configuration
    trails = found.winback.trails
    assert trails is not None
    hasty = replace(trails, grace=0.0)
    book = RuleBook(found.warnings, found.segments, None, found.winback.rules, hasty)
    for made in (AttributeFold(store), CareFold(store, lambda: book)):
        runner: Any = Runner(store, made, "test")  # type: ignore[type-var]
        while runner.turn():
            pass
        runner._release()


def rank(web: Web) -> WinbackRanking:
    """Return the ranking that has ranked all cases."""
    store = web.service.patient
    ranking = WinbackRanking(
        store, lambda: open_desk(store, setup_of(web.service.configuration), now())
    )
    ranking.rank_changed()
    return ranking


def leave(web: Web, visitor: str, ago: float, *, consent: bool = True, **more: Any) -> None:
    """Let a visitor leave so many seconds ago, after a failed payment where a reason is given."""
    at, server = time.time() - ago, web.secrets["ingest"]
    one = {"visitor_id": visitor, "at": at}
    step = one | {"type": "step", "step": "method", "amount": more.get("amount", 50)}
    web.send(step | {"event_id": f"{visitor}-m"})
    if "reason" in more:
        told = {name: more[name] for name in ("reason", "method") if name in more}
        web.send(one | {"event_id": f"{visitor}-f", "type": "payment_failed"} | told, key=server)
    if consent:
        given = {"type": "consent", "channel": "call", "given": True}
        web.send(one | {"event_id": f"{visitor}-c"} | given, key=server)


def settle(web: Web) -> None:
    """Let the journal's time go on, so that what is due fires, and the order follow."""
    store = web.service.patient
    fold(web)
    for _ in range(2):
        for p in store.keys.every_partition():
            store.journal.append_mark(p, Mark("beat"))
        fold(web)
    rank(web)


def listed(web: Web, query: str = "", scope: str = "read") -> Any:
    response = web.get(f"{PATH}{query}", scope)
    assert response.status_code == 200, response.text
    return response.json


def wanted(web: Web, query: str = "") -> list[float]:
    """Return the amounts of a list: the tests give each visitor another."""
    return [one["amount"] for one in listed(web, query)["winback"]]


def act(web: Web, name: str, **body: object) -> Any:
    return web.post(f"{PATH}/{name}/actions", body, web.secrets["admin"])


def test_who_left_is_listed_with_stage_reason_and_wish(ruled: Web) -> None:
    """A row says where, why, what was wanted, for how long, and when the policy allows a call."""
    leave(ruled, "v-1", 2 * HOUR, reason="timeout", method="wallet", amount=80)
    settle(ruled)
    (one,) = listed(ruled)["winback"]
    told = {name: one[name] for name in ("stage", "reason", "method", "amount", "rule", "state")}
    assert told == {
        "stage": "method",
        "reason": "timeout",
        "method": "wallet",
        "amount": 80.0,
        "rule": "failed",
        "state": "open",
    }
    assert one["left_for"] == pytest.approx(2 * HOUR, abs=60)
    assert (one["contact"]["channel"], one["contact"]["reason"]) == ("call", None)
    assert one["gain"] is None
    assert one["gain_text"]["zh"].startswith("联系过的人还太少")
    assert "想充 80 元" in one["sentence"]["zh"]


def test_a_page_follows_the_order_and_its_cursor_goes_on(ruled: Web) -> None:
    """The last who left comes first; pages neither repeat nor leave anybody out."""
    for number in range(5):
        leave(ruled, f"v-{number}", (10 + number) * HOUR, amount=10 + number)
    settle(ruled)
    found, cursor = [], ""
    for _ in range(3):
        page = listed(ruled, f"?limit=2{f'&cursor={cursor}' if cursor else ''}")
        found += [one["amount"] for one in page["winback"]]
        cursor = page["cursor"]
    assert found == [10, 11, 12, 13, 14]
    assert cursor == ""


def test_filters_choose(ruled: Web) -> None:
    """Stage, reason, state, assignee and time; an unknown word is refused with the right ones."""
    leave(ruled, "v-1", 8 * HOUR, amount=10)
    leave(ruled, "v-2", 30 * HOUR, reason="timeout", amount=20)
    settle(ruled)
    assert wanted(ruled, "?reason=timeout") == [20]
    assert wanted(ruled, "?stage=method") == [10, 20]
    assert wanted(ruled, "?stage=home") == []
    assert wanted(ruled, f"?from={time.time() - 10 * HOUR:.0f}") == [10]
    assert wanted(ruled, f"?to={time.time() - 10 * HOUR:.0f}") == [20]
    (first, _) = listed(ruled)["winback"]
    assert act(ruled, first["id"], action="assign", to="care_team").status_code == 200
    fold(ruled)
    assert wanted(ruled, "?assignee=care_team&state=assigned") == [10]
    assert wanted(ruled, "?state=open") == [20]
    for query in ("?state=gone", "?mended=yes", "?cursor=x", "?limit=0", "?from=never", "?a=b"):
        assert ruled.get(f"{PATH}{query}").status_code == 422, query


def test_whom_the_policy_forbids_is_not_on_the_list(ruled: Web) -> None:
    """Without consent nobody is called; `include=blocked` shows them last, with the reason."""
    leave(ruled, "v-1", 8 * HOUR, amount=10, consent=False)
    leave(ruled, "v-2", 9 * HOUR, amount=20)
    settle(ruled)
    assert wanted(ruled) == [20]
    both = listed(ruled, "?include=blocked")["winback"]
    assert [one["amount"] for one in both] == [20, 10]
    assert (both[1]["contact"]["from"], both[1]["contact"]["reason"]) == (None, "no_consent")
    assert both[1]["contact"]["sentence"]["zh"]


def test_a_refusal_counts_at_once(ruled: Web) -> None:
    """The order may be older than a refusal: the list asks the policy again."""
    leave(ruled, "v-1", 8 * HOUR)
    settle(ruled)
    assert len(listed(ruled)["winback"]) == 1
    refused = {"type": "consent", "channel": "call", "given": False, "visitor_id": "v-1"}
    ruled.send(refused | {"event_id": "no"}, key=ruled.secrets["ingest"])
    fold(ruled)
    assert listed(ruled)["winback"] == []


def test_who_pays_leaves_the_list(ruled: Web) -> None:
    """The engine says that they returned; closed cases are listed on demand."""
    leave(ruled, "v-1", 8 * HOUR, amount=70)
    settle(ruled)
    paid = {"type": "paid", "amount": 70, "visitor_id": "v-1", "event_id": "p"}
    ruled.send(paid, key=ruled.secrets["ingest"])
    settle(ruled)
    assert listed(ruled)["winback"] == []
    (one,) = listed(ruled, "?state=closed")["winback"]
    assert (one["outcome"], one["state"]) == ("returned", "closed")


def test_words_of_a_server_are_steps_and_a_page_cannot_say_them(ruled: Web) -> None:
    """`contacted` and `winback_outcome` follow the open case; a page's word is refused."""
    leave(ruled, "v-1", 8 * HOUR)
    settle(ruled)
    server = ruled.secrets["ingest"]
    said = {"type": "contacted", "channel": "call", "purpose": "winback", "visitor_id": "v-1"}
    told = {"type": "winback_outcome", "outcome": "promised", "visitor_id": "v-1"}
    for key in (server, server):
        ruled.send(said | {"event_id": "c"}, told | {"event_id": "o"}, key=key)
    answer = ruled.send(said | {"event_id": "page"})
    assert answer["rejected"]
    settle(ruled)
    (one,) = listed(ruled)["winback"]
    assert [step["action"] for step in one["steps"]] == ["open", "contact", "outcome"]
    assert (one["state"], one["outcome"]) == ("outcome", "promised")


def test_one_case_has_its_reach_and_steps_may_be_repeated(ruled: Web) -> None:
    """Each channel is shown; a repeated action changes nothing, an unknown id is 404."""
    leave(ruled, "v-1", 8 * HOUR)
    settle(ruled)
    (one,) = listed(ruled)["winback"]
    shown = ruled.get(f"{PATH}/{one['id']}", "admin").json
    assert [x["channel"] for x in shown["reach"]] == ["call", "sms"]
    for _ in range(2):
        done = act(
            ruled, one["id"], action="contact", by="care_team", action_id="a1", note="13812345678"
        )
        assert done.status_code == 200, done.text
        fold(ruled)
    shown = ruled.get(f"{PATH}/{one['id']}", "admin").json
    assert [x["action"] for x in shown["steps"]] == ["open", "contact"]
    assert shown["steps"][1]["note"] == "xxxxxxxxxxx"
    assert ruled.get(f"{PATH}/0-{'0' * 18}").status_code == 404
    assert act(ruled, f"0-{'0' * 18}", action="contact").status_code == 404
    assert act(ruled, one["id"], action="contact", by="nobody").status_code == 422


def test_a_mended_cause_moves_its_people_to_the_top(ruled: Web) -> None:
    """Declared once, also for cases that open later; taken back, the order is as before."""
    leave(ruled, "v-1", 8 * HOUR, amount=10)
    leave(ruled, "v-2", 30 * HOUR, reason="timeout", method="wallet", amount=20)
    settle(ruled)
    ranking = rank(ruled)
    asked = {"method": "wallet", "since": time.time() - 40 * HOUR, "why": "网关已恢复 13812345678"}
    causes = f"{PATH}/causes"
    one, again = (ruled.post(causes, asked, ruled.secrets["admin"]).json for _ in range(2))
    assert one == again
    ranking.rank_changed()
    first, second = listed(ruled)["winback"]
    assert (first["amount"], first["mended"]) == (20, one["id"])
    assert "支付方式“电子钱包”" in first["mended_why"]["zh"]
    assert "138" not in first["mended_why"]["zh"]
    assert second["mended"] == ""
    assert wanted(ruled, "?mended=true") == [20]
    assert wanted(ruled, "?mended=false") == [10]
    leave(ruled, "v-3", 31 * HOUR, reason="timeout", method="wallet", amount=30)
    settle(ruled)
    assert wanted(ruled) == [20, 30, 10]
    for _ in range(2):
        gone = ruled.post(
            f"{causes}/{one['id']}/actions", {"action": "take_back"}, ruled.secrets["admin"]
        )
        assert gone.json["taken_back"]
    ranking.rank_changed()
    assert wanted(ruled) == [10, 20, 30]
    assert [x["id"] for x in ruled.get(causes).json["causes"]] == [one["id"]]


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-01-01"},
        {"method": "wallet"},
        {"method": "wallet", "since": "2026-02-01", "until": "2026-01-01"},
        {"method": "wallet", "since": "whenever"},
        {"colour": "red", "since": "2026-01-01"},
    ],
)
def test_a_cause_that_says_too_little_is_refused(ruled: Web, asked: dict[str, str]) -> None:
    """The message names the field and what to give."""
    answer = ruled.post(f"{PATH}/causes", asked, ruled.secrets["admin"])
    assert answer.status_code == 422
    assert ruled.post(f"{PATH}/causes", asked, ruled.secrets["read"]).status_code == 403


def test_a_resolved_alarm_moves_its_people_to_the_top(ruled: Web) -> None:
    """Its cause names them; while it is open it moves nobody."""
    leave(ruled, "v-1", 8 * HOUR, amount=10)
    leave(ruled, "v-2", 30 * HOUR, reason="timeout", method="wallet", amount=20)
    settle(ruled)
    ranking, at = rank(ruled), time.time()
    opened = AlarmStep(at, AlarmAction.OPEN, "monitor")
    sentence = {"zh": "支付异常。", "en": "Payments fail."}
    alarm = Alarm(
        "a" * 16,
        "payment",
        AlarmLevel.CRITICAL,
        {"stage": "method", "method": "wallet"},
        at - 40 * HOUR,
        at,
        sentence,
        steps=(opened,),
    )
    store = ruled.service.store
    assert store.alarms.put(StoredAlarm(alarm))
    ranking.rank_changed()
    assert wanted(ruled) == [10, 20]
    resolved = alarm.with_step(AlarmStep(at + 1, AlarmAction.RESOLVE, "ann", "gateway is back"))
    assert store.alarms.put(StoredAlarm(resolved, 1))
    ranking.rank_changed()
    (first, _) = listed(ruled)["winback"]
    assert (first["amount"], first["mended"]) == (20, f"alarm:{'a' * 16}")


def test_a_known_date_moves_the_call_to_it(ruled: Web) -> None:
    """The end of a contract is near: the call waits for two days before it, and says why."""
    leave(ruled, "v-1", 8 * HOUR, amount=10)
    leave(ruled, "v-2", 9 * HOUR, amount=20)
    store, ends = ruled.service.patient, time.time() + 10 * 24 * HOUR
    visitor = ruled.get("/v1/visitors/v-2", "admin").json["subject"]
    home = next(
        p
        for p in store.keys.every_partition()
        if store.journal.last_position(p)
        and any(e.record.subject == visitor for e in store.journal.read(p, 0, 1000))
    )
    fields = {"contract_ends_at": ends}
    loaded = Event(visitor, "l", "loaded", "server", fields=fields)
    store.journal.append_once(home, [Append(visitor, loaded)], closes=True)
    settle(ruled)
    first, second = listed(ruled)["winback"]
    assert (first["amount"], second["due"]) == (20, None)
    assert "合约到期日" in first["due_why"]["zh"]
    assert first["contact"]["from"] >= first["due"] > second["contact"]["from"]


def test_an_uplift_in_force_orders_by_what_a_contact_brings(ruled: Web) -> None:
    """Gain times worth comes before the time of leaving; words say where nothing can be told."""
    leave(ruled, "v-1", 8 * HOUR, amount=10)
    leave(ruled, "v-2", 30 * HOUR, reason="timeout", amount=20)
    store = ruled.service.store
    term = UpliftTerm("reason", 0.2, level="timeout")
    bands = (GainBand(0.1, 0.15, 0.25), GainBand(-1e300, -0.02, 0.02))
    store.winback.put_uplift(
        UpliftInForce(1.0, 500, 500, ContactVerdict.HELPS_SOME, 0.001, (term,), bands)
    )
    settle(ruled)
    first, second = listed(ruled)["winback"]
    assert first["amount"] == 20
    assert first["gain"]["gain"] == pytest.approx(0.201)
    assert first["gain_text"]["en"].startswith("Of a hundred such visitors 20.1 more come back")
    assert second["gain_text"]["zh"] == "联系与不联系看不出差别。"


def test_who_is_held_out_is_on_no_list(ruled: Web) -> None:
    """`held=true` shows them to the scope admin alone, and nobody can act on them."""
    text = RULES.replace("held_share = 0.0", "held_share = 0.5")
    documents = ruled.service.store.documents
    assert documents.put(ConfigDocument("winback.toml", 2, text), 1, {})
    ruled.service.refresh()
    for number in range(12):
        leave(ruled, f"v-{number}", (8 + number) * HOUR)
    settle(ruled)
    shown = listed(ruled)["winback"]
    held = listed(ruled, "?held=true", "admin")["winback"]
    assert len(shown) + len(held) == 12
    assert held
    assert {one["held"] for one in held} == {True}
    assert ruled.get(f"{PATH}?held=true").status_code == 403
    refused = act(ruled, held[0]["id"], action="contact")
    assert (refused.status_code, "held out" in refused.text) == (422, True)


def test_the_list_as_csv_is_safe_for_spreadsheets(ruled: Web) -> None:
    """One row a case, sentences in the language that was asked for; formulas are quoted."""
    leave(ruled, "v-1", 8 * HOUR, reason="=cmd()", amount=10)
    settle(ruled)
    response = ruled.get(f"{PATH}?format=csv&lang=en", "read")
    (row,) = csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff")))
    assert row["reason"] == "'=cmd()"
    assert row["gain_text"].startswith("Too few")
    assert row["contact_channel"] == "call"
