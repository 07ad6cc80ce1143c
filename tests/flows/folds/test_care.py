"""The fold `care` on a real store: warned once, also around kills; rebuilt to the same bytes."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from care_site import (
    POLICY,
    SEALER,
    all_cases,
    care_fold,
    feedback,
    fold_all,
    kept_state,
    step,
    tell,
)

from nudge.domain.care.case import CaseState
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.warning_rule import EventTest, WarningPolicy, WarningRule
from nudge.domain.journal.records import Event, Mark
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.errors import FencedError
from nudge.flows.folds import care
from nudge.flows.upkeep.rebuild import Rebuild
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys

ONE, OTHER = "a" * 32, "b" * 32
INTO_OTHER = {"into": OTHER, "partition": 1}
IDENTIFIED = Event(ONE, "i", "identified", "server", fields=INTO_OTHER)
LEFT = Event(ONE, "left:1", "left", "server", fields={**INTO_OTHER, "state": ""})


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


def failed(subject: str, name: str = "f") -> Event:
    return Event(subject, name, "payment_failed", "server", fields={"reason": "bank"})


def paid(subject: str, name: str = "p") -> Event:
    return Event(subject, name, "paid", "server", fields={"amount": 50})


def pass_time(store: Store) -> None:
    """Let a delay of the rules pass, by the journal's own clock."""
    time.sleep(0.25)
    store.journal.append_mark(0, Mark("beat"))


def rebuild(
    store: Store,
    tmp_path: Path,
    policy: WarningPolicy = POLICY,
    partitions: Sequence[int] = (0,),
) -> None:
    history = History(Lake(tmp_path / "lake"), SEALER.unseal, store.journal.read)
    book = RuleBook(policy)
    flow = Rebuild(store, history, "builder", book=lambda: book)
    for p in partitions:
        flow.run("care", p, lambda _: None)


def test_words_in_a_text_warn_and_the_journal_keeps_the_words_alone(store: Store) -> None:
    """The text stays in the vault: of it the journal has phrases and groups of the lexicon."""
    tell(store, feedback(ONE, "f1", text="x"), texts=["办理太慢了,打13812345678"])
    fold_all(store, care_fold(store))
    (case,) = all_cases(store)
    assert (case.rule, case.words, case.score) == ("slow", ("慢",), 9)
    entries = store.journal.read(0, 0, 100)
    assert [getattr(e.record, "type", "") for e in entries] == ["feedback", "heard", "warned"]
    assert "138" not in repr(entries)
    assert "办理" not in repr(entries)


def test_a_delayed_rule_warns_once_over_restarts(store: Store) -> None:
    """Each batch has another owner; the one who paid is not warned of."""
    tell(store, failed(ONE), failed(OTHER))
    fold_all(store, care_fold(store))
    tell(store, paid(OTHER))
    fold_all(store, care_fold(store))
    assert not all_cases(store)
    for _ in range(2):
        pass_time(store)
        fold_all(store, care_fold(store))
    assert [(case.subject, case.rule) for case in all_cases(store)] == [(ONE, "unpaid")]


def test_a_batch_that_is_not_committed_warns_of_nothing(store: Store) -> None:
    """An owner without the lease writes neither record nor state; the next one does."""
    tell(store, feedback(ONE, "f1", 2))
    fold = care_fold(store)
    stale = store.folds.seize(0, "care", "stale", 60.0)
    _, commit = fold.handle(0, fold.prepare(0), store.journal.read(0, 0, 100))
    fold_all(store, fold)
    with pytest.raises(FencedError):
        store.folds.commit(stale, commit)
    assert [case.signals for case in all_cases(store)] == [1]


def test_a_case_is_followed_up_and_two_who_act_at_once_are_told(store: Store) -> None:
    """The second action on the same reading is refused; a repeated one is the first."""
    tell(store, feedback(ONE, "f1", 2))
    fold = care_fold(store)
    fold_all(store, fold)
    (case,) = all_cases(store)
    at = case.opened + 60
    first = step("assign", at, "i1", to="ann")
    assert store.cases.act(case, first, None)
    assert store.cases.act(case, first, None)
    assert not store.cases.act(case, step("assign", at, "i2", to="bo"), None)
    fold_all(store, fold)
    (case,) = all_cases(store)
    assert (case.state, case.assignee, case.revision) == (CaseState.ASSIGNED, "ann", 1)
    assert store.cases.act(case, step("close", at + 9, "i3", outcome="stays"), ("n", b"sealed"))
    fold_all(store, fold)
    assert all_cases(store)[0].state is CaseState.CLOSED
    assert store.client.call("HGET", store.keys.texts(0, ONE), "n") == b"sealed"
    assert store.cases.places(0, None, 9, closed=False) == []


def fill(store: Store) -> None:
    """Signals of ten people, delays that end in both ways, texts, and a case that is followed."""
    fold = care_fold(store, batch=7)
    people = [f"{number:032x}" for number in range(10)]
    for number, subject in enumerate(people):
        text = ("太慢", "生气", "", "很好")[number % 4]
        said = feedback(subject, "a", number, text, scene=("shop", "app")[number % 2])
        tell(store, said, failed(subject), texts=[text])
    fold_all(store, fold)
    for subject in people[:4]:
        tell(store, paid(subject), feedback(subject, "b", 1))
    (first, *_) = all_cases(store)
    store.cases.act(first, step("assign", first.opened + 5, "x1", to="bo"), None)
    fold_all(store, fold)
    pass_time(store)
    fold_all(store, fold)
    pass_time(store)
    fold_all(store, fold)


def test_a_rebuild_comes_to_the_same_bytes(store: Store, tmp_path: Path) -> None:
    """Watches, cases, what is due and when each ends; and it writes no record again."""
    fill(store)
    before, last = kept_state(store), store.journal.last_position(0)
    assert len(all_cases(store)) > 10
    rebuild(store, tmp_path)
    assert kept_state(store) == before
    assert store.journal.last_position(0) == last


def test_a_rebuild_under_other_rules_has_the_same_cases(store: Store, tmp_path: Path) -> None:
    """A case does not vanish with its rule, and a new rule warns of nothing past."""
    fill(store)
    before = all_cases(store)
    others = (WarningRule("any", EventTest("feedback")), *POLICY.rules[1:])
    rebuild(store, tmp_path, replace(POLICY, rules=others))
    assert all_cases(store) == before


def test_more_than_a_commit_takes_becomes_due_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fold commits parts of it at the same position; each is warned of once."""
    monkeypatch.setattr(care, "DUE", 4)
    tell(store, *(failed(f"{number:032x}") for number in range(11)))
    fold_all(store, care_fold(store))
    pass_time(store)
    commits = fold_all(store, care_fold(store))
    assert len({commit.position for commit in commits}) < len(commits)
    assert len(all_cases(store)) == 11
    before = kept_state(store)
    rebuild(store, tmp_path)
    assert kept_state(store) == before


def fold_both(store: Store, policy: WarningPolicy = POLICY) -> None:
    """Fold both partitions until neither has anything left for the other."""
    fold = care_fold(store, policy)
    while fold_all(store, fold, 0) + fold_all(store, fold, 1):
        pass


def tell_other(store: Store, *events: Event) -> None:
    """Append events of partition 1, in which the visitor stays."""
    store.journal.append_once(1, [Append("", one) for one in events], closes=True)


def test_what_was_warned_of_follows_a_visitor_who_turns_out_to_be_another(store: Store) -> None:
    """A further signal joins the open case where it is; the thing is not warned of again."""
    tell(store, feedback(ONE, "f1", 2), failed(ONE))
    fold_both(store)
    tell(store, LEFT)
    fold_both(store)
    tell_other(store, feedback(OTHER, "f2", 1), paid(OTHER))
    fold_both(store)
    (case,) = all_cases(store)
    assert (case.signals, all_cases(store, 1)) == (2, [])
    store.cases.act(case, step("contact", case.opened + 4, "w"), None)
    store.cases.act(case, step("close", case.opened + 5, "x", outcome="left"), None)
    fold_both(store)
    store.cases.act(all_cases(store)[0], step("close", case.opened + 5, "x", outcome="left"), None)
    fold_both(store)
    watch = store.watches.read_each(1, [OTHER])[OTHER]
    assert [(one.case, one.is_open) for one in watch.past] == [(case.id, False)]
    assert watch.delays == ()


@pytest.mark.parametrize("found_by", [IDENTIFIED, LEFT], ids=["identified", "left"])
def test_a_late_signal_for_the_old_id_follows_to_whom_the_visitor_is(
    store: Store, tmp_path: Path, found_by: Event
) -> None:
    """Feedback with its words, a failed payment and its delay open cases of the one who stays."""
    tell(store, found_by)
    fold_both(store)
    tell(store, feedback(ONE, "f1", 9, "太慢"), failed(ONE), texts=["太慢", ""])
    fold_both(store)
    pass_time(store)
    store.journal.append_mark(1, Mark("beat"))
    fold_both(store)
    assert all_cases(store) == []
    found = [(case.subject, case.rule, case.words) for case in all_cases(store, 1)]
    assert found == [(OTHER, "slow", ("慢",)), (OTHER, "unpaid", ())]
    before = [kept_state(store, p) for p in (0, 1)]
    ends = [store.journal.last_position(p) for p in (0, 1)]
    rebuild(store, tmp_path, partitions=(0, 1))
    assert [kept_state(store, p) for p in (0, 1)] == before
    assert [store.journal.last_position(p) for p in (0, 1)] == ends


def test_a_chain_of_ids_is_followed_to_its_end(store: Store) -> None:
    """Watch, late signal and closing pass through an id that has left as well."""
    third = "c" * 32
    tell(store, feedback(ONE, "f1", 2))
    fold_all(store, care_fold(store))
    tell(store, IDENTIFIED)
    again = {"into": third, "partition": 0}
    tell_other(store, Event(OTHER, "i2", "identified", "server", fields=again))
    fold_both(store)
    (case,) = all_cases(store)
    tell(store, feedback(ONE, "f2", 1))
    fold_both(store)
    (joined,) = all_cases(store)
    assert (joined.id, joined.signals) == (case.id, 2)
    store.cases.act(joined, step("close", case.opened + 5, "x", outcome="left"), None)
    fold_both(store)
    watch = store.watches.read_each(0, [third])[third]
    assert [(one.case, one.is_open) for one in watch.past] == [(case.id, False)]


def test_a_step_is_taken_once_where_both_ids_are_of_one_partition(store: Store) -> None:
    """The move of a step to whom the visitor is does not act on the case a second time."""
    here = Event(ONE, "i", "identified", "server", fields={"into": OTHER, "partition": 0})
    tell(store, feedback(ONE, "f1", 2))
    fold_both(store)
    tell(store, here)
    fold_both(store)
    (case,) = all_cases(store)
    store.cases.act(case, step("contact", case.opened + 4, "w"), None)
    fold_both(store)
    (after,) = all_cases(store)
    assert [one.action for one in after.steps] == ["open", "contact"]


def test_signals_stay_again_where_a_wrong_merge_is_taken_apart(store: Store) -> None:
    """Behind `parted` a signal of the side that left opens a case of its own."""
    state = base64.b85encode(encode_state(VisitorState())).decode()
    parted = Event(ONE, "parted:1", "parted", "server", fields={"state": state, "from": OTHER})
    tell(store, IDENTIFIED, parted, feedback(ONE, "f1", 2))
    fold_both(store)
    assert [case.subject for case in all_cases(store)] == [ONE]
    assert all_cases(store, 1) == []


def test_cases_go_back_where_a_wrong_merge_is_taken_apart(store: Store) -> None:
    """Each side has its own cases again: the erasure of one leaves those of the other."""
    state = base64.b85encode(encode_state(VisitorState())).decode()
    tell(store, feedback(ONE, "f1", 2))
    tell_other(store, feedback(OTHER, "f2", 2))
    fold_both(store)
    tell(store, IDENTIFIED)
    fold_both(store)
    left = Event(ONE, "parted:1", "parted", "server", fields={"state": state, "from": OTHER})
    stays = {"state": state, "other": state, "into_other": ONE, "partition": 0}
    tell(store, left)
    tell_other(store, Event(OTHER, "parted:2", "parted", "server", fields=stays))
    fold_both(store)
    watches = store.watches.read_each(0, [ONE])[ONE], store.watches.read_each(1, [OTHER])[OTHER]
    cases = all_cases(store)[0].id, all_cases(store, 1)[0].id
    assert tuple(one.case for watch in watches for one in watch.past) == cases
    tell_other(store, Event(OTHER, "erased:1", "erased", "server"))
    fold_both(store)
    assert [case.id for case in all_cases(store)] == [cases[0]]
    assert all_cases(store, 1) == []


def test_a_watch_that_comes_behind_an_erasure_is_forgotten_too(store: Store) -> None:
    """Neither its cases nor its delays outlive the visitor who was forgotten meanwhile."""
    tell(store, feedback(ONE, "f1", 2), failed(ONE), IDENTIFIED)
    tell_other(store, Event(OTHER, "erased:1", "erased", "server"))
    fold_all(store, care_fold(store), 1)
    fold_both(store)
    pass_time(store)
    store.journal.append_mark(1, Mark("beat"))
    fold_both(store)
    assert (all_cases(store), all_cases(store, 1)) == ([], [])


def test_an_erasure_stops_delayed_rules(store: Store) -> None:
    """Nothing fires for a visitor who was forgotten while a rule waited."""
    tell(store, failed(ONE), failed(OTHER))
    fold_both(store)
    tell(store, Event(ONE, "erased:1", "erased", "server"))
    pass_time(store)
    fold_both(store)
    assert [case.subject for case in all_cases(store)] == [OTHER]


def test_a_forgotten_visitor_has_no_case_left(store: Store) -> None:
    """Neither in the own partition nor where the visitor had been another one before."""
    tell(store, feedback(ONE, "f1", 2))
    fold = care_fold(store)
    fold_all(store, fold)
    tell(store, LEFT)
    fold_all(store, fold)
    erased = Event(OTHER, "erased:1", "erased", "server")
    own = feedback(OTHER, "f2", 1, scene="app")
    store.journal.append_once(1, [Append("", own)], closes=True)
    fold_all(store, fold, 1)
    assert len(all_cases(store, 1)) == 1
    late = replace(own, event_id="f3")
    store.journal.append_once(1, [Append("", erased), Append("", late)], closes=True)
    fold_all(store, fold, 1)
    fold_all(store, fold)
    assert (all_cases(store), all_cases(store, 1)) == ([], [])
