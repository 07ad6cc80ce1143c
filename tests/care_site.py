"""A site for the tests of warnings: a store of two partitions, with the fold `care` on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nudge.domain.care.case import Case, CaseStep
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.text_reading import ComplaintScore, TextReader
from nudge.domain.care.warning_rule import (
    CaseKind,
    CaseLevel,
    EventTest,
    WarningPolicy,
    WarningRule,
)
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.event import text_name
from nudge.domain.journal.records import Event
from nudge.flows.folds.care import CareFold, TextDesk
from nudge.store.folds.folds import Commit
from nudge.store.journal.appends import Append, VaultEntry
from nudge.store.store import Store

SEALER: Final = Sealer(b"k" * 32)
SLOW: Final = EventTest("feedback", words=frozenset({"speed"}))
LOW: Final = EventTest("feedback", score_at_most=5)
POLICY: Final = WarningPolicy(
    (
        WarningRule("slow", SLOW, CaseLevel.CRITICAL, topic="service"),
        WarningRule("low", LOW, topic="service"),
        WarningRule("unpaid", EventTest("payment_failed"), after=0.2, unless=(EventTest("paid"),)),
    ),
    agents=("ann", "bo"),
    outcomes={"stays": {}, "left": {}},
    proposes_at=0.9,
)


class Hit(NamedTuple):
    """A word of the lexicon."""

    phrase: str
    group: str


class Words:
    """A lexicon of one word, and a model that knows another."""

    def find(self, text: str) -> Sequence[Hit]:
        """Find the one word."""
        return [Hit("慢", "speed")] if "慢" in text else []

    def score_each(self, texts: Sequence[str], _: float) -> Sequence[ComplaintScore]:
        """Judge by the other word."""
        return [ComplaintScore(0.95, ("气",)) if "气" in x else ComplaintScore(0.1) for x in texts]


def care_fold(store: Store, policy: WarningPolicy = POLICY, **more: Any) -> CareFold:
    """Return the live fold, which reads texts."""
    reader = TextReader(Words(), Words(), policy.proposes_at)
    book = RuleBook(policy)
    return CareFold(store, lambda: book, TextDesk(SEALER.vault, lambda: reader), **more)


def tell(store: Store, *events: Event, texts: Sequence[str] = ()) -> None:
    """Append events of partition 0, those with a text with it in the vault."""
    notes = [_note(one, text) for one, text in zip(events, texts, strict=False)] if texts else []
    notes += [()] * (len(events) - len(notes))
    rows = [Append(one.subject, one, notes=note) for one, note in zip(events, notes, strict=True)]
    store.journal.append_once(0, rows, closes=True)


def feedback(subject: str, name: str, score: float = 9, text: str = "", scene: str = "") -> Event:
    """Return an event of feedback."""
    fields: dict[str, Any] = {"scene": scene or "shop", "score": score}
    return Event(
        subject, name, "feedback", "page", fields=fields | ({"has_text": True} if text else {})
    )


def _note(event: Event, text: str) -> tuple[VaultEntry, ...]:
    if not text:
        return ()
    name = text_name(event.source, event.type, event.event_id)
    return (VaultEntry("texts", name, SEALER.vault.seal(text, name)),)


def fold_all(store: Store, fold: CareFold, partition: int = 0) -> list[Commit]:
    """Fold until nothing is left, as a new owner would; return the commits."""
    lease = store.folds.seize(partition, fold.name, "test", 60.0)
    state, made = fold.prepare(partition), []
    while entries := store.journal.read(partition, lease.position, fold.batch):
        state, commit = fold.handle(partition, state, entries)
        store.journal.send(commit.sends)
        lease = store.folds.commit(lease, commit)
        made.append(commit)
    store.folds.release(lease)
    return made


def all_cases(store: Store, partition: int = 0) -> list[Case]:
    """Return all cases of a partition, the first one opened first."""
    places = sorted(
        place for kind in CaseKind for place in store.cases.places(partition, None, 1000, kind=kind)
    )
    generation = store.folds.generation_of(partition, "care")
    found = store.cases.read_each(partition, [one.id for one in places], generation)
    return [found[one.id] for one in places]


def kept_state(store: Store, partition: int = 0) -> dict[str, Any]:
    """Return all that the fold keeps, byte for byte, without the generation in its keys."""
    generation = store.folds.generation_of(partition, "care")
    found: dict[str, Any] = {
        "mark": store.folds.read_fields(partition, "care", "watermark", "tally")
    }
    mark = f"@{generation}" if generation else ""
    start = store.keys.prefix(partition)
    for family in ("watch", "case"):
        for key in store.client.scan(f"{start}{family}{mark}:*"):
            name = key.removeprefix(f"{start}{family}{mark}:")
            found[f"{family} {name}"] = store.client.call("GET", key)
            found[f"{family} {name} ends"] = store.client.call("PEXPIRETIME", key)
    for family in ("watch_due", "case_times", "cases_open"):
        for kind in ("", ":winback", ":measure") if family != "watch_due" else ("",):
            key = f"{start}{family}{mark}{kind}"
            found[f"{family}{kind}"] = store.client.call("ZRANGE", key, 0, -1, "WITHSCORES")
    for queue in sorted(store.client.call("SMEMBERS", f"{start}case_queues{mark}")):
        key = f"{start}case_queue{mark}:{queue.decode()}"
        listed = store.client.call("ZRANGE", key, 0, -1, "WITHSCORES")
        found |= {f"case_queue {queue.decode()}": listed} if listed else {}
    return found


def step(action: str, at: float, action_id: str, who: str = "ann", **more: Any) -> CaseStep:
    """Return a person's step."""
    return CaseStep(at, action, who, action_id=action_id, **more)
