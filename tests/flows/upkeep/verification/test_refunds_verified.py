"""Refunds through the service: recorded, folded, verified by a replay."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from flow_people import settled
from flow_web import SERVER, Web
from test_verify_visitors import differences

from nudge.domain.choosing.requests import EventRequest
from nudge.domain.journal.records import Ref, Reward
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.flows.folds.attribute import AttributeFold
from nudge.workers.runner import Runner

AT = 1_790_000_000.0


def folded(web: Web, batch: int) -> None:
    """Let attribute read all, also the states that it sends from one partition to another."""
    settled(Runner(web.store, AttributeFold(web.store, batch), "test"))


def send(web: Web, *events: tuple[str, str, str, dict[str, object]]) -> None:
    """Events of servers: (id, type, visitor, fields)."""
    for event_id, kind, visitor, fields in events:
        one = EventRequest(event_id, kind, visitor, None, None, fields)  # type: ignore[arg-type]
        assert web.recorder.record([one], SERVER, AT).rejected == ()


def rewards(web: Web) -> dict[Ref, tuple[int, int]]:
    """The sums of all changes, by exposure; those that come to nothing are left out."""
    sums: defaultdict[Ref, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for p in web.store.keys.every_partition():
        for one in (entry.record for entry in web.store.journal.read(p, 0, 1000)):
            if isinstance(one, Reward):
                conversions, value = sums[one.decision]
                sums[one.decision] = conversions + one.conversions, value + one.value
    return {ref: found for ref, found in sums.items() if found != (0, 0)}


def state(web: Web, visitor: str) -> VisitorState:
    """The folds' knowledge of a visitor."""
    visitor_hash = web.sealer.visitor_hash(visitor)
    home = web.sealer.partition(visitor_hash, web.store.keys.partitions)
    found = web.store.visitors.known_visitor(home, visitor_hash)
    assert found is not None
    return decode_state(found.state) if found.state else VisitorState()


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_f14_refunds_are_verified(web: Web, tmp_path: Path, batch: int) -> None:
    """Whole, in part, before the payment, of nobody: states agree with their replay."""
    for name in ("whole", "part", "early", "other"):
        web.ask(name)
    paid = {"amount": 50}
    send(
        web,
        ("back", "refunded", "early", {"refund_of": "p-early", "amount": 20}),
        *((f"p-{name}", "paid", name, paid) for name in ("whole", "part", "early", "other")),
    )
    folded(web, batch)
    assert sorted(rewards(web).values()) == [(1, 3000), *[(1, 5000)] * 3]
    send(
        web,
        ("back", "refunded", "whole", {"refund_of": "p-whole"}),
        ("more", "refunded", "whole", {"refund_of": "p-whole", "amount": 10}),
        ("back", "refunded", "part", {"refund_of": "p-part", "amount": 10}),
        ("back", "refunded", "other", {"refund_of": "p-part"}),
    )
    folded(web, batch)
    assert sorted(rewards(web).values()) == [(1, 3000), (1, 4000), (1, 5000)]
    assert state(web, "whole").context().keys() == {"mobile_before"}
    assert state(web, "part").context()["usual_amount"] == 40
    assert differences(web, tmp_path) == []


@pytest.mark.parametrize("early", [False, True])
def test_f25_one_order_under_cookie_and_login_is_one_payment(
    web: Web, tmp_path: Path, *, early: bool
) -> None:
    """Merged behind both reports, or between them; and a refund under the cookie takes it back."""
    web.ask("cookie")
    web.ask("login")
    who = ("i", "identified", "cookie", {"other_id": "login"})
    first, second = (("order", "paid", name, {"amount": 50}) for name in ("cookie", "login"))
    for one in (first, who, second) if early else (first, second, who):
        send(web, one)
        folded(web, 3)
    assert list(rewards(web).values()) == [(1, 5000)]
    assert state(web, "login").context()["payments"] == 1
    send(web, ("back", "refunded", "cookie", {"refund_of": "order"}))
    folded(web, 3)
    assert rewards(web) == {}
    assert state(web, "cookie").payments == ()
    assert differences(web, tmp_path) == []
