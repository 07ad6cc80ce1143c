"""A page key's gain from a customer, by asking first and by typing under their id."""

from __future__ import annotations

from typing import Any

import pytest
from api_web import Web

from nudge.domain.journal.records import Reward
from nudge.domain.people.loading import VisitorRow
from nudge.domain.prefill.numbers import LAST
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.load import VisitorLoader
from nudge.workers.runner import Runner

MINE = "13812345678"


def settle(web: Web) -> None:
    """Let the fold read everything."""
    fold: Any = AttributeFold(web.service.store)
    runner = Runner(web.service.store, fold, "test")
    while runner.turn():
        pass


def ask(web: Web, visitor: str, token: str | None = None, **more: Any) -> Any:
    """The answer of a page."""
    told = {"device_token": token} if token else {}
    return web.decide(visitor_id=visitor, slots=["prefill", "denomination"], **told, **more)


def personal(web: Web, visitor: str, token: str | None) -> tuple[bool, bool]:
    """Whether the visitor's own number could be told, and whether the last amount was used."""
    answer = ask(web, visitor, token, page="recharge")["decisions"]
    prefill, amount = (
        web.get(f"/v1/decisions/{answer[slot]['decision_id']}").json
        for slot in ("prefill", "denomination")
    )
    own = "own" in str(prefill["eligible"])
    assert own or "masked" not in str(answer)
    return own, "last_amount" in amount["context"]


def say(web: Web, kind: str, event_id: str, visitor: str, **more: Any) -> None:
    """One event of a server's, taken."""
    event = {"type": kind, "event_id": event_id, "visitor_id": visitor, **more}
    told = web.send(event, key=web.secrets["ingest"])
    assert (told["accepted"], told["rejected"]) == (1, []), told


@pytest.mark.parametrize("word", ["number", "other_id", "file", "decision"])
def test_s05_who_asked_first_is_told_nothing_once_a_server_says_who_it_is(
    web: Web, word: str
) -> None:
    """A claim ends at the server's word; the server's own token brings the person back in."""
    owner = web.key("decide", "ingest")
    stranger = ask(web, "login-900001")["device_token"]
    for _ in range(2):  # it is the device's own as long as nobody says otherwise
        stranger = ask(web, "login-900001", stranger)["device_token"]
    if word == "other_id":
        say(web, "identified", "i", "cookie-7", other_id="login-900001")
        say(web, "identified", "n", "cookie-7", msisdn=MINE)
    elif word == "decision":
        ask(web, "login-900001", key=owner, msisdn=MINE)
    elif word == "file":
        load(web, "login-900001")
        say(web, "identified", "n", "login-900001", msisdn=MINE)
    else:
        say(web, "identified", "n", "login-900001", msisdn=MINE)
    say(web, "paid", "p", "login-900001", amount=300)
    settle(web)
    assert personal(web, "login-900001", stranger) == (False, False)
    assert personal(web, "13812345678", stranger) == (False, False)
    mine = ask(web, "login-900001", stranger, key=owner)["device_token"]
    assert personal(web, "login-900001", mine) == (True, True)
    # The way in is the server's word and no claim: it outlives later words.
    say(web, "identified", "again", "login-900001", msisdn=MINE)
    assert personal(web, "login-900001", mine)[0]


def load(web: Web, visitor: str) -> None:
    """A row of the operator's file."""
    rows = [VisitorRow(visitor, None, {"stage": "gold"}, {})]
    assert VisitorLoader(web.service.store, web.service.sealer).load(rows).fresh == 1


def test_s05_a_cookie_s_own_device_keeps_its_visitor(web: Web) -> None:
    """Payments close no claim, and `identified` of two ids means the device of the visit."""
    token = ask(web, "cookie-1")["device_token"]
    say(web, "paid", "p", "cookie-1", amount=50)
    settle(web)
    assert personal(web, "cookie-1", token)[1]
    say(web, "paid", "q", "login-1", amount=100)
    say(web, "identified", "i", "cookie-1", other_id="login-1")
    say(web, "identified", "n", "login-1", msisdn=MINE)
    settle(web)
    assert personal(web, "cookie-1", token) == (True, True)
    assert personal(web, "login-1", token) == (True, True)


def test_s05_tokens_of_strangers_and_of_first_users_look_alike(web: Web) -> None:
    """Neither the token's length nor the answer's keys tell whether somebody has the id."""
    say(web, "paid", "p", "login-2", amount=100)
    known, fresh = ask(web, "login-2"), ask(web, "nobody-2")
    assert len(known["device_token"]) == len(fresh["device_token"])
    again = [
        ask(web, name, one["device_token"])
        for name, one in (("login-2", known), ("nobody-2", fresh))
    ]
    assert len({len(one["device_token"]) for one in again}) == 1
    assert len({str(sorted(one["decisions"]["denomination"])) for one in again}) == 1


def test_s03_a_flood_of_claims_costs_no_payment_and_is_told(web: Web) -> None:
    """200 claims of one visitor: what is not kept is counted, and the payment is credited."""
    token = ask(web, "v")["device_token"]
    claim = {"type": "prefill_kept", "visitor_id": "v"}
    web.send(*(claim | {"event_id": f"k{n}"} for n in range(200)))
    for n in range(3):
        ask(web, "v", token, page=f"p{n}")
    say(web, "paid", "p", "v", amount=50)
    settle(web)
    rewards = [e.record for e in web.entries() if isinstance(e.record, Reward)]
    assert {one.slot for one in rewards if one.event_id == "p"} >= {"denomination"}
    known = web.get("/v1/visitors/v", "admin").json
    dropped = known["dropped"]["prefill_kept"]["page"]
    assert dropped >= 0.9 * 200
    assert web.service.store.folds.dropped() == (("prefill_kept", "page", dropped),)


def typed(web: Web, visitor: str, token: str, *numbers: str) -> None:
    """Numbers, typed on a page one after the other."""
    step = {"type": "step", "step": "number", "visitor_id": visitor, "device_token": token}
    told = web.send(*(step | {"event_id": f"t{number}", "msisdn": number} for number in numbers))
    assert told["accepted"] == len(numbers), told


def carried(web: Web, visitor: str, token: str) -> object:
    """The number that was typed last on a device."""
    answer = ask(web, visitor, token, page=f"p{token[-9:].encode().hex()}")
    return answer["decisions"]["prefill"]["value"].get("number")


def test_s08_a_full_book_lets_the_oldest_go(web: Web) -> None:
    """Each device keeps its latest ten numbers, and the last one typed is there, however many."""
    token = ask(web, "v")["device_token"]
    typed(web, "v", token, *(f"138123{n:05}" for n in range(101)))
    assert carried(web, "v", token) == "13812300100"
    # Ten ciphers, the last one typed, and their order.
    assert len(book(web, "v")) == 12


def test_s08_strangers_push_out_strangers_only(web: Web) -> None:
    """Numbers typed under a known id on made-up devices cost its own devices nothing."""
    token = ask(web, "v")["device_token"]
    typed(web, "v", token, MINE)
    for n in range(12):
        other = ask(web, "v")["device_token"]
        typed(web, "v", other, *(f"1389{n:02}{i:05}" for i in range(10)))
        assert carried(web, "v", other) == f"1389{n:02}00009"
    assert carried(web, "v", token) == MINE
    typed(web, "v", token, "13987654321")
    assert carried(web, "v", ask(web, "v", token)["device_token"]) == "13987654321"
    names = {name for name in book(web, "v") if not name.startswith(f"{LAST}:")}
    assert len(names) == 2 + 5 * 10


def book(web: Web, visitor: str) -> dict[str, bytes]:
    """The visitor's book of numbers."""
    hashed = web.service.sealer.visitor_hash(visitor)
    store = web.service.store
    home = web.service.sealer.partition(hashed, store.keys.partitions)
    found = store.visitors.known_visitor(home, hashed)
    assert found is not None
    return dict(found.numbers)
