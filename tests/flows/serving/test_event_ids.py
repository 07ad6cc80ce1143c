"""Ids of events: unique within visitor, type and class of sender (decision 0016)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.choosing.requests import EventRequest, RecordResult
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.records import Event, Reward
from nudge.domain.people.visitor import MAX_OPEN, VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.domain.slots.slot import RewardTerms
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.serving.drain import drain
from nudge.spool.spool import Spool
from nudge.store.journal.appends import Append, VaultEntry
from nudge.store.keeping.spooled_append import SpooledAppend, pack
from nudge.workers.runner import Runner

ORDER = "order-4711"
TAPPED = RewardTerms("decision", "pay_tapped|paid", "revenue", 3600.0)


def sent(kind: str, event_id: str = ORDER, **more: object) -> EventRequest:
    given = {"visitor_id": "v", "at": None, "decision_id": None} | more
    return EventRequest(event_id, kind, **given)  # type: ignore[arg-type]


def paid(event_id: str = ORDER, amount: float = 50.0) -> EventRequest:
    return sent("paid", event_id, fields={"amount": amount})


def record(web: Web, caller: Caller, *events: EventRequest) -> RecordResult:
    return web.recorder.record(events, caller, NOW)


def told(web: Web) -> list[tuple[str, str]]:
    """Type and source of each event in the journal, in order."""
    return [(e.record.type, e.record.source) for e in web.entries() if isinstance(e.record, Event)]


def folded(web: Web) -> VisitorState:
    """The one visitor's state, when `attribute` has read everything."""
    runner = Runner(web.store, AttributeFold(web.store), "test")
    while runner.turn():
        pass
    subject = next(e.record.subject for e in web.entries() if isinstance(e.record, Event))
    found = (
        web.store.visitor_states.read_each(p, [subject])[subject]
        for p in web.store.keys.every_partition()
    )
    return decode_state(next(blob for blob in found if blob))


def credited(web: Web) -> tuple[int, int]:
    """Conversions and fen of all rewards together."""
    rewards = [e.record for e in web.entries() if isinstance(e.record, Reward)]
    return sum(x.conversions for x in rewards), sum(x.value for x in rewards)


@pytest.fixture
def asked(web: Web) -> Web:
    """A visitor who was shown one amount."""
    web.put(web.slot("denomination", terms=TAPPED))
    web.ask("v", "denomination")
    return web


@pytest.mark.parametrize("kinds", [("payment_failed", "paid"), ("paid", "payment_failed")])
def test_f02_an_order_may_fail_and_be_paid(asked: Web, kinds: tuple[str, str]) -> None:
    """One id may name an event of each type: no payment is lost, and a retry is a duplicate."""
    events = {"paid": paid(), "payment_failed": sent("payment_failed")}
    for kind in kinds:
        assert record(asked, SERVER, events[kind]).accepted == 1
        again = record(asked, SERVER, events[kind])
        assert (again.accepted, again.duplicates) == (0, 1)
    assert told(asked) == [(kind, "server") for kind in kinds]
    state = folded(asked)
    assert credited(asked) == (1, 5000)
    assert [x.amount for x in state.payments] == [5000]


def test_f02_all_types_of_one_order_are_taken(web: Web) -> None:
    """Each type counts once under an order's number, whatever came before it."""
    batch = [paid(), *(sent(kind) for kind in ("payment_failed", "complaint", "sms_delivered"))]
    assert record(web, SERVER, *batch, *batch).accepted == len(batch)
    assert record(web, SERVER, *batch).duplicates == len(batch)


@pytest.mark.parametrize("callers", [(PAGE, SERVER), (SERVER, PAGE)])
def test_f02b_the_word_of_the_server_stands(asked: Web, callers: tuple[Caller, Caller]) -> None:
    """Claim and fact share an id, in either order: both are kept, and the fact alone counts."""
    for caller in callers:
        assert record(asked, caller, paid(amount=50 if caller is SERVER else 500)).accepted == 1
        assert record(asked, caller, paid()).duplicates == 1
    assert sorted(told(asked)) == [("paid", "page"), ("paid", "server")]
    state = folded(asked)
    assert credited(asked) == (1, 5000)
    assert [x.amount for x in state.payments] == [5000]


def test_f02b_a_page_shadows_no_event_of_a_server(asked: Web) -> None:
    """Whatever type a page sends under a server's id, both credit what they name."""
    named = asked.ask("v", "denomination").decisions["denomination"].decision_id
    tap = sent("step", "t", fields={"step": "pay_tapped"})
    assert record(asked, PAGE, tap, sent("clicked", "t", decision_id=named)).accepted == 2
    assert record(asked, SERVER, tap, sent("clicked", "t", decision_id=named)).accepted == 2
    events = folded(asked).events
    assert {(x.type, x.source) for x in events} == {
        (kind, source) for kind in ("pay_tapped", "clicked") for source in ("page", "server")
    }
    assert credited(asked) == (1, 0)


def test_f02b_a_page_fills_no_room_of_a_server(asked: Web) -> None:
    """However often a page claims: the state has room for the payment, and the vault for a text."""
    claims = [sent("step", f"t{i}", fields={"step": "pay_tapped"}) for i in range(2 * MAX_OPEN)]
    texts = [sent("feedback", f"f{i}", fields={"text": f"claim {i}"}) for i in range(120)]
    record(asked, PAGE, *claims, *texts)
    said = sent("feedback", "f1", fields={"text": "what the call centre heard"})
    assert record(asked, SERVER, paid(), said).accepted == 2
    state = folded(asked)
    told = sum(not x.is_fact for x in state.events)
    assert state.dropped == (("pay_tapped", "page", len(claims) - told),)
    assert 0 < told <= MAX_OPEN
    assert credited(asked) == (1, 5000)
    book = asked.store.books.texts()
    kept = {one.field: asked.sealer.vault.open(one.cipher, one.about) for one in book}
    assert kept["server:feedback:f1"] == "what the call centre heard"
    assert kept["page:feedback:f1"] == "claim 1"
    assert len(kept) == 101


# --- Across an update: the version before remembered an id alone.


def earlier(web: Web, *events: EventRequest, caller: Caller) -> None:
    """Events as the version before took them."""
    assert record(web, caller, *events).accepted == len(events)
    for p in web.store.keys.every_partition():
        for entry in web.store.journal.read(p, 0, 1000):
            if isinstance(entry.record, Event):
                seen = web.store.keys.seen(p, entry.record.subject)
                old = hashlib.blake2b(f"e{entry.record.event_id}".encode(), digest_size=12)
                web.store.client.call("DEL", seen)
                web.store.client.call("ZADD", seen, round(entry.stamp * 1000), old.digest())


def test_f02_what_the_version_before_took_is_a_duplicate(asked: Web) -> None:
    """A retry across the update changes nothing; another event under the id is taken, once."""
    earlier(asked, sent("payment_failed"), caller=SERVER)
    assert record(asked, SERVER, sent("payment_failed")).duplicates == 1
    assert record(asked, SERVER, paid()).accepted == 1
    assert record(asked, SERVER, paid(), sent("payment_failed")).duplicates == 2
    assert told(asked) == [("payment_failed", "server"), ("paid", "server")]


def test_f02b_a_claim_of_the_version_before_costs_no_fact(asked: Web) -> None:
    """The day's claims came before the update, the night's facts behind it: they count."""
    earlier(asked, paid(), caller=PAGE)
    assert record(asked, PAGE, paid()).duplicates == 1
    assert record(asked, SERVER, paid()).accepted == 1
    folded(asked)
    assert credited(asked) == (1, 5000)


def test_f02_what_the_journal_forgot_is_a_duplicate(asked: Web) -> None:
    """An id that the version before took is taken for the same event where the record is gone."""
    earlier(asked, sent("payment_failed"), caller=SERVER)
    for p in asked.store.keys.every_partition():
        asked.store.journal.drop(p, asked.store.journal.last_position(p))
    assert record(asked, SERVER, paid()).duplicates == 1


def test_f02_who_was_identified_before_the_update(asked: Web) -> None:
    """`identified` is found by its old id too, and not taken for another type under that id."""
    who = sent("identified", fields={"other_id": "w"})
    earlier(asked, sent("payment_failed"), caller=SERVER)
    assert record(asked, SERVER, who).accepted == 1
    assert record(asked, SERVER, who).duplicates == 1


def test_f02_a_spool_of_the_version_before_is_drained_once(asked: Web, tmp_path: Path) -> None:
    """An event that was both sent and spooled is one event; its text keeps its place."""
    earlier(asked, paid(), caller=SERVER)
    hashed = asked.sealer.visitor_hash("v")
    home = asked.sealer.partition(hashed, asked.store.keys.partitions)
    event = next(e.record for e in asked.entries() if isinstance(e.record, Event))
    text = VaultEntry("texts", "f", asked.sealer.vault.seal("well", "f"))
    said = replace(event, event_id="f", type="feedback", fields={"has_text": True})
    spool = Spool(tmp_path / "spool", b"k" * 32, 1 << 20)
    arrivals = [Append(hashed, event), Append(hashed, said, notes=(text,))]
    spool.append([pack(SpooledAppend(home, one, closes=True)) for one in arrivals])
    spool.hand_over()
    assert drain(asked.store, spool) == 1
    (kept,) = asked.store.books.texts()
    assert asked.sealer.vault.open(kept.cipher, kept.about) == "well"
