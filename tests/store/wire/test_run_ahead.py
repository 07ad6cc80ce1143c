"""Scripts that the server runs while the caller makes the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nudge.errors import StoreAwayError, StoreError
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.client import Call
from nudge.store.wire.keys import Keys


def call(keys: Keys, most: int = 10) -> Call:
    """To take four places of an hour that has so many."""
    return [keys.config("capacity", "sms")], [0, 7, most, 4]


@pytest.mark.parametrize(("count", "taken"), [(0, []), (1, [4]), (2, [4, 4]), (5, [4, 4, 2, 0, 0])])
def test_answers_come_in_order_and_each_call_happens_once(
    store: Store, count: int, taken: list[int]
) -> None:
    """As if they were run one after the other; without a call there is no answer."""
    assert [*store.client.run_ahead("reserve", (call(store.keys) for _ in range(count)))] == [
        [n] for n in taken
    ]
    assert store.capacity.used("sms").get(7, 0) == sum(taken)


def test_a_call_is_made_while_the_one_before_runs(store: Store) -> None:
    """One further, and never more than that."""
    made: list[int] = []

    def calls() -> Iterator[Call]:
        for n in range(4):
            made.append(n)
            yield call(store.keys)

    seen = [len(made) for _ in store.client.run_ahead("reserve", calls())]
    assert all(calls <= answers + 1 for answers, calls in enumerate(seen, 1))
    assert len(seen) == len(made)


def test_an_answer_that_nobody_took_is_not_the_next_callers(store: Store) -> None:
    """A reader who stops in the middle leaves nothing on the connection."""
    answers = store.client.run_ahead("reserve", (call(store.keys, 100) for _ in range(5)))
    assert [next(answers), next(answers)] == [[4], [4]]
    answers.close()
    for _ in range(3):
        assert store.client.call("HLEN", store.keys.config("nothing")) == 0


def test_a_caller_who_fails_leaves_nothing_either(store: Store) -> None:
    """A call that cannot be made ends it; those before have happened, the next client is fine."""

    def calls() -> Iterator[Call]:
        yield from (call(store.keys, 100) for _ in range(3))
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(store.client.run_ahead("reserve", calls()))
    assert store.client.call("HLEN", store.keys.config("nothing")) == 0
    assert store.capacity.used("sms") == {7: 12}


def test_a_refusal_is_told_in_its_turn(store: Store) -> None:
    """The answers before it are given; the connection is not used any more."""
    wrong: Call = ([store.keys.config("capacity", "sms")], [0, 7, "many", 4])
    answers = store.client.run_ahead(
        "reserve", [call(store.keys), call(store.keys), wrong, call(store.keys)]
    )
    assert [next(answers), next(answers)] == [[4], [4]]
    with pytest.raises(StoreError):
        next(answers)
    assert store.client.call("HLEN", store.keys.config("nothing")) == 0


def test_a_store_that_is_away_is_told_so() -> None:
    """In the words of every other call."""
    client = clients.patient("redis://127.0.0.1:1")
    with pytest.raises(StoreAwayError):
        list(client.run_ahead("reserve", [([], [])]))
    client.close()
