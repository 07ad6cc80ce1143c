"""The way of an event, from the call to the journal."""

from __future__ import annotations

import pytest
from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.choosing.requests import EventRequest, RecordResult
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.event import MAX_AGE, PAGE_TYPES, VIA
from nudge.domain.journal.records import Event


def sent(event_id: str, event_type: str = "step", **more: object) -> EventRequest:
    given = {"visitor_id": "v", "at": None, "decision_id": None} | more
    return EventRequest(event_id, event_type, **given)  # type: ignore[arg-type]


def record(web: Web, *events: EventRequest, caller: Caller = PAGE) -> RecordResult:
    return web.recorder.record(events, caller, NOW)


def codes(recorded: RecordResult) -> dict[str, str]:
    return {r.event_id: r.code for r in recorded.rejected}


def test_a_bad_event_does_not_cost_the_good_ones(web: Web) -> None:
    """Each event is accepted, a duplicate, or rejected with its reason."""
    result = record(
        web,
        sent("a"),
        sent("b", "no_such_type"),
        sent("a"),
        sent("c", "shown"),
        sent("d", "shown", decision_id="forged"),
        sent("e", at=NOW - MAX_AGE - 1),
        sent("f", visitor_id=""),
        sent("g"),
    )
    assert (result.accepted, result.duplicates) == (2, 1)
    assert codes(result) == {
        "b": "unknown_type",
        "c": "invalid",
        "d": "unknown_decision",
        "e": "too_old",
        "f": "invalid",
    }


def test_a_repeated_call_changes_nothing(web: Web) -> None:
    """The second sending of a batch finds only duplicates."""
    batch = [sent(str(i), visitor_id=f"v{i % 7}") for i in range(50)]
    assert record(web, *batch).accepted == 50
    size = len(web.entries())
    again = record(web, *batch)
    assert (again.accepted, again.duplicates) == (0, 50)
    assert len(web.entries()) == size


def test_a_page_key_sends_interactions_only(web: Web) -> None:
    """Facts of servers are refused from pages; what pages may send is taken as claims."""
    refused = record(web, sent("a", "sms_sent"), sent("b", "consent"), sent("c", "paid"))
    assert codes(refused) == {"a": "forbidden", "b": "forbidden"}
    accepted = record(web, sent("d", "sms_sent"), sent("e", "paid"), caller=SERVER)
    assert accepted.accepted == 2
    logged = {e.record.event_id: e.record for e in web.entries() if isinstance(e.record, Event)}
    assert logged["c"].source == "page"
    assert logged["e"].source == "server"
    assert "sms_sent" not in PAGE_TYPES


def test_an_event_without_visitor_is_joined_through_its_decision(web: Web) -> None:
    """A pixel knows only the decision: the event gets the decision's subject."""
    given = web.ask("v").decisions["denomination"]
    result = record(web, sent("a", "shown", visitor_id="", decision_id=given.decision_id))
    assert result.accepted == 1
    subjects = {e.record.subject for e in web.entries() if e.record.kind != "mark"}
    assert len(subjects) == 1


def test_a_decision_id_that_opens_but_does_not_exist_is_refused(web: Web) -> None:
    """A sealed reference beyond the journal's end is `unknown_decision`, not an error."""
    given = web.ask("v").decisions["denomination"]
    ref = web.sealer.unseal(given.decision_id)
    assert ref
    beyond = web.sealer.seal(type(ref)(ref.partition, ref.position + 1_000))
    result = record(web, sent("a", "shown", visitor_id="", decision_id=beyond))
    assert codes(result) == {"a": "unknown_decision"}


def test_events_follow_a_visitor_that_moved(web: Web) -> None:
    """The events of either id are appended to the one subject that stayed, once."""
    for name in ("a", "b", "c", "d"):
        web.ask(name)
    for event_id, one, other in (("1", "a", "b"), ("2", "c", "d"), ("3", "d", "a")):
        identified = sent(event_id, "identified", visitor_id=one, fields={"other_id": other})
        assert record(web, identified, caller=SERVER).accepted == 1
    subjects = {e.record.subject for e in web.entries() if e.record.subject}
    for name in ("a", "b", "c", "d"):
        batch = [sent(f"s{name}", visitor_id=name), sent(f"s{name}", visitor_id=name)]
        result = record(web, *batch)
        assert (result.accepted, result.duplicates) == (1, 1)
    steps = [e.record for e in web.entries() if getattr(e.record, "type", "") == "step"]
    assert {one.subject for one in steps} == {min(subjects)}


@pytest.mark.parametrize("scopes", [{"read"}, {"schedule"}, {"admin"}])
def test_other_scopes_may_not_send(web: Web, scopes: set[str]) -> None:
    """A key with neither `decide` nor `ingest` has no events to send."""
    caller = Caller("k", frozenset(scopes))  # type: ignore[arg-type]
    assert codes(record(web, sent("a"), caller=caller)) == {"a": "forbidden"}


def test_a_second_id_is_hashed_like_the_first(web: Web) -> None:
    """`identified` brings an external id in a field; the journal holds a subject only."""
    record(web, sent("a", "identified", fields={"other_id": "13812345678"}), caller=SERVER)
    event = next(e.record for e in web.entries() if isinstance(e.record, Event))
    assert set(event.fields) == {"into", "partition", VIA}
    assert event.fields["into"] < event.subject  # type: ignore[operator]
