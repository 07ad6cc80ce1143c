"""The opening of a rebuild: the closing balance of the lake's days that were removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nudge.domain.care.case_tally import added_tallies, tally_text, unclosed_change
from nudge.domain.care.person_facts import facts_of
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.care.watch import Watch
from nudge.domain.journal.fold_name import FoldName
from nudge.domain.membership.member import NO_MEMBER, Member, day_before, member_facts
from nudge.flows.folds.segment import JudgedRules
from nudge.lake.files.balances import Balance
from nudge.store.folds.folds import TALLY, FoldWrite, Lease
from nudge.store.folds.generations import RULES
from nudge.store.store import Store

CHUNK: Final = 500


def opening(store: Store, fold: str, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    """Write the closing balance of a fold's removed entries into a new generation.

    Args:
        store: of the installation.
        fold: that is rebuilt; `monitor` keeps nothing of days that long ago.
        lease: of the builder.
        balance: of the partition.

    Raises:
        BrokenLakeError: the balance cannot be read.
    """
    writers = {
        FoldName.ATTRIBUTE.value: _visitors,
        FoldName.LEARN.value: _counts,
        FoldName.CARE.value: _warnings,
        FoldName.SEGMENT.value: _members,
    }
    if fold in writers:
        yield from writers[fold](store, lease, balance)
    mark = {"watermark": repr(balance.until)}
    yield store.folds.put_fields(lease.partition, lease.fold, mark)


def _visitors(store: Store, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    p, generation, states = lease.partition, lease.token, store.visitor_states
    for subject, state in balance.states():
        yield states.put(p, subject, state, generation)
        closes = state.next_close()
        if closes is not None:
            yield states.schedule(p, subject, closes, generation)


def _warnings(store: Store, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    """Write the facts of the balance, and the cases whose records were removed, as they stand.

    What is left of their records changes nothing when it is read: each step and each signal is
    known by its id.
    """
    p, generation = lease.partition, lease.token
    live = store.folds.generation_of(p, FoldName.CARE)
    cases = {
        one.id: one
        for kind in CaseKind
        for one in store.cases.opened_before(p, balance.until, kind)
    }
    facts = {subject: facts_of(state) for subject, state in balance.states()}
    subjects = [*dict.fromkeys((*facts, *(case.subject for case in cases.values())))]
    yield from store.cases.put_each(p, ((None, case) for case in cases.values()), generation)
    tally = added_tallies(unclosed_change(None, case) for case in cases.values())
    yield store.folds.put_fields(p, lease.fold, {TALLY: tally_text(tally)})
    for start in range(0, len(subjects), CHUNK):
        watches = store.watches.read_each(p, subjects[start : start + CHUNK], live)
        for subject, watch in watches.items():
            past = tuple(one for one in watch.past if one.case in cases)
            known = Watch(facts.get(subject, b""), balance.until, past=past, into=watch.into)
            yield store.watches.put(p, subject, known, generation)


def _members(store: Store, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    """Write the facts of the balance; everybody is judged by the rules when the fold goes on."""
    p, generation = lease.partition, lease.token
    for subject, state in balance.states():
        known = Member(member_facts(state), day_before(state.watermark), state.keep)
        known = known._replace(is_gone=state.into is not None)
        yield from store.members.put(p, subject, NO_MEMBER, known, generation)
    rules = JudgedRules("opening", balance.until)
    yield store.folds.put_fields(p, lease.fold, {RULES: rules.text})


def _counts(store: Store, lease: Lease, balance: Balance) -> Iterator[FoldWrite]:
    sums = balance.sums()
    yield from store.counts.add(lease.partition, lease.token, sums, balance.position)
    slots = {"slots": " ".join(sorted({key.slot for key in sums}))}
    yield store.folds.put_fields(lease.partition, lease.fold, slots)
