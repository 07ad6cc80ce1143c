"""Key families: the type, the writer, the readers and the lifetime of each.

A key reads `<namespace>:{<tag>}:<family>[:<id>]`. The tag is the partition (`p0`, `p1`, ...) or
`config`, so that whatever one script touches lies in one hash slot of a cluster.

The state of a fold that was rebuilt has another generation: `visitor@7:<subject>`. Which one counts
stands in the fold's hash; 0, before the first rebuild, is not written. What a script writes in a
hash, and who reads it, stands at the head of the script. `books` walks through all of a family:
erase by number, and reseal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from nudge.domain.care.warning_rule import CaseKind


@dataclass(frozen=True)
class Family:
    """A family of keys: one kind of data.

    Attributes:
        name: the part after the tag.
        scope: `partition` or `config`.
        type: the server's data type.
        writer: the class of `nudge/store` that writes it, by commands or by scripts that it runs;
            `BESIDE` has the exceptions.
        readers: the flows and processes that read it.
        lifetime: until when it stays.
        primary: true where it can not be rebuilt from anything else.
    """

    name: str
    scope: str
    type: str
    writer: str
    readers: str
    lifetime: str
    primary: bool = False


KNOWN: Final = "for ever; 98 days where no server ever spoke of the visitor"
PROVEN: Final = "while it is the last word, and `proof_months`"

FAMILIES = (
    Family("journal", "partition", "stream", "Journal", "folds, explain", "trimmed", True),
    Family("seq", "partition", "string", "Journal", "folds, verify", "for ever", True),
    Family("vault", "partition", "hash", "People", "decide, plan, record", KNOWN, True),
    Family("person", "partition", "hash", "People", "decide, plan, erase", KNOWN, True),
    Family("numbers", "partition", "hash", "People", "decide, books", KNOWN, True),
    Family("texts", "partition", "hash", "People", "visitors, books", KNOWN, True),
    Family("proofs", "partition", "hash", "ProofBook", "visitors, consent", PROVEN, True),
    Family("past_proofs", "partition", "hash", "ProofBook", "consent", PROVEN, True),
    Family("proof_ends", "partition", "zset", "ProofBook", "proofs worker", PROVEN, True),
    Family("assigned", "partition", "hash", "VisitorBook", "decide", "longest stickiness", True),
    Family("offered", "partition", "hash", "Journal", "decide, plan", "longest stickiness", True),
    Family("granting", "partition", "hash", "GrantBook", "measures", "7 days", True),
    Family("plans", "partition", "hash", "PlanStore", "plan", "three months of 31 days", True),
    Family("withdrawn", "partition", "zset", "Withdrawals", "web", "92 days", True),
    Family("withdrawals", "partition", "hash", "Withdrawals", "web", "92 days", True),
    Family("moved", "partition", "string", "Withdrawals", "attribute", "31 days", True),
    Family("seen", "partition", "zset", "Journal", "record", "7 days", True),
    Family("quota", "partition", "hash", "Stock", "decide, plan, web", "for ever", True),
    Family("reserved", "partition", "zset", "Stock", "stock worker", "a minute (`stock_hold`)"),
    Family("returned", "partition", "zset", "Stock", "record", "8 days"),
    Family("visitor", "partition", "string", "VisitorStates", "attribute, decide", "90 days idle"),
    Family("fold", "partition", "hash", "Folds", "workers, web, verify", "for ever"),
    Family("open", "partition", "zset", "VisitorStates", "attribute, verify", "until matured"),
    Family("counts", "partition", "hash", "Counts", "publisher, verify", "as the slot"),
    Family("blocks", "partition", "zset", "Counts", "publisher, verify", "as the slot"),
    Family("minutes", "partition", "hash", "MinuteCountStore", "monitor", "2 hours"),
    Family("trace", "partition", "string", "MinuteCountStore", "monitor", "1 day idle"),
    Family("shares", "partition", "hash", "MinuteCountStore", "monitor", "3 weeks"),
    Family("watch", "partition", "string", "WatchStore", "care", "400 days idle"),
    Family("watch_due", "partition", "zset", "WatchStore", "care", "until due"),
    Family("case", "partition", "string", "CaseStore", "care, web, notices", "800 days"),
    Family("case_times", "partition", "zset", "CaseStore", "web", "800 days"),
    Family("cases_open", "partition", "zset", "CaseStore", "web, notices", "until closed"),
    Family("case_queue", "partition", "zset", "CaseStore", "web, assigner, notices", "800 days"),
    Family("case_queues", "partition", "set", "CaseStore", "web, assigner, notices", "for ever"),
    Family("acting", "partition", "string", "CaseStore", "web", "1 hour"),
    Family("winback_stale", "partition", "set", "WinbackOrder", "winback worker", "until ordered"),
    Family("winback_order", "partition", "zset", "WinbackOrder", "web", "until closed"),
    Family("winback_places", "partition", "hash", "WinbackOrder", "winback worker", "until closed"),
    Family("member", "partition", "string", "MemberStore", "segment, web", "400 days idle"),
    Family("member_due", "partition", "zset", "MemberStore", "segment", "400 days idle"),
    Family("members", "partition", "zset", "MemberStore", "web", "while they are members"),
    Family("member_days", "partition", "hash", "MemberStore", "web", "for ever"),
    Family("totals", "partition", "hash", "Counts", "performance, verify", "as the slot"),
    Family("versions", "config", "hash", "Slots", "web, plan", "for ever"),
    Family("slots", "config", "hash", "Slots", "web, workers", "for ever", True),
    Family("revisions", "config", "hash", "Slots", "explain, reports", "for ever", True),
    Family("audit", "config", "hash", "Slots", "web", "for ever", True),
    Family("documents", "config", "hash", "Documents", "web, workers, plan", "for ever", True),
    Family("kept", "config", "hash", "Documents", "nobody yet", "for ever", True),
    Family("edits", "config", "hash", "Documents", "apply", "for ever", True),
    Family("quarantines", "config", "hash", "Quarantines", "publisher, web", "for ever", True),
    Family("holds", "config", "hash", "PolicyHolds", "publisher, web", "until let go", True),
    Family("hold_edits", "config", "list", "PolicyHolds", "web", "the last 100", True),
    Family("first_slots", "config", "string", "Slots", "workers", "for ever", True),
    Family("stock", "config", "hash", "Stock", "stock worker", "for ever", True),
    Family("capacity", "config", "hash", "HourCapacity", "plan", "until the hours are past", True),
    Family("scheduler_places", "config", "zset", "SchedulerPlaces", "web", "for ever", True),
    Family("bulk", "config", "string", "BulkPlanning", "workers", "3 seconds"),
    Family("api_keys", "config", "hash", "ApiKeys", "web", "for ever", True),
    Family("store", "config", "hash", "StoreIdentity", "web, workers", "for ever", True),
    Family("refused_merges", "config", "string", "People", "web", "7 days"),
    Family("publisher", "config", "hash", "Snapshots", "publisher", "for ever"),
    Family("assigner", "config", "hash", "WorkNotes", "assigner", "for ever"),
    Family("next_case", "config", "string", "WorkNotes", "web", "1 hour"),
    Family("guard", "config", "hash", "GuardNotes", "harm guard", "for ever"),
    Family("guarded", "config", "string", "GuardNotes", "web, harm guard", "as the slot"),
    Family("alarms", "config", "hash", "Alarms", "web, monitor, notices", "for ever", True),
    Family("alarm_times", "config", "zset", "Alarms", "web, notices", "for ever", True),
    Family("alarms_open", "config", "zset", "Alarms", "monitor, notices", "until resolved", True),
    Family("notices", "config", "hash", "Deliveries", "web, notices", "31 days", True),
    Family("notifier", "config", "hash", "Deliveries", "notices", "for ever"),
    Family("processes", "config", "hash", "ProcessNotes", "monitor", "a minute"),
    Family("reward_runs", "config", "hash", "RewardRuns", "monitor", "as the slot"),
    Family("judgement", "config", "hash", "Alarms", "monitor", "for ever"),
    Family("mended", "config", "hash", "WinbackNotes", "web, winback worker", "for ever", True),
    Family("uplift", "config", "string", "WinbackNotes", "web, winback worker", "for ever"),
    Family("winback_turn", "config", "hash", "WinbackNotes", "winback worker", "for ever"),
    Family("snapshots", "config", "hash", "Snapshots", "web, explain", "last 100, one an hour"),
    Family("jobs", "config", "zset", "Jobs", "report worker", "until done"),
    Family("job", "config", "hash", "Jobs", "web, report worker", "1 min to 1 day"),
    Family("asked", "config", "string", "Jobs", "job scripts", "1 hour"),
    Family("answered", "config", "string", "Jobs", "web", "as its job"),
    Family("failed", "config", "list", "Jobs", "web", "the last 50"),
    Family("users", "config", "hash", "Users", "web, serve", "for ever", True),
    Family("user_edits", "config", "string", "Users", "web", "for ever", True),
    Family("actions", "config", "stream", "AuditTrail", "web", "the last 100,000", True),
    Family("session", "config", "string", "Sessions", "web", "8 hours idle, 7 days"),
    Family("user_sessions", "config", "zset", "Sessions", "web", "7 days"),
    Family("failures", "config", "hash", "SignInAttempts", "web", "30 minutes"),
    Family("familiar", "config", "string", "SignInAttempts", "web", "30 days"),
)

_APPENDS = {
    "CaseStore": "what a person did, and that nobody else did since, are one script",
    "Folds": "a fold's records and its position are one commit",
    "PlanStore": "a block and the memory of its plans are one script",
    "People": "a link of two subjects and the event that says so are one script",
    "Partings": "a subject that leaves and the record that says so are one script",
    "Heartbeats": "whether one is due and the mark itself are one script",
    "Suppressions": "a forgotten id's new subject and what it had refused are one script",
}
_MAKES = {
    "VisitorBook": "the script that reads a visitor makes a new one: one round trip",
    "Journal": "the script that appends an event makes a new visitor: one round trip",
    "Removal": "an erasure removes all that the vault holds of a subject",
}
_BOOKS = {
    "Journal": "an event and its notes for the vault are one script",
    "Books": "a walk over all books reseals a cipher, or takes a number out of all of them",
    "Removal": _MAKES["Removal"],
    "VisitorBook": "the life of a book is that of its visitor, who is opened",
    "Partings": "what was copied when two became one goes back to whose it is",
}
_OLD = {"Generations": "a state that counts no more expires, whatever its family"}
_TAKES = {"Journal": "a decision, its assignment and the unit that it takes are one script"}
_SHOWN = {"Journal": "an event that names a decision, and its unit of stock, are one script"}
BESIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "*": {"Backup": "restores into an empty store, or removes, keys of every family"},
    "journal": _APPENDS,
    "seq": _APPENDS,
    "vault": _MAKES | {"Suppressions": _APPENDS["Suppressions"]},
    "person": _MAKES | {name: _APPENDS[name] for name in ("Partings", "Suppressions")},
    "numbers": _BOOKS,
    "texts": _BOOKS | {"CaseStore": "a person's step on a case and its note are one script"},
    "assigned": _TAKES
    | {"Removal": _MAKES["Removal"]}
    | {"Stock": "a unit that comes back and its decision, which sticks no more, are one script"},
    "offered": {
        "OfferBook": "offers of who turned out to be another visitor bind there as well",
        "Removal": _MAKES["Removal"],
        "Stock": "a decision that nobody saw, and what it offered, go in one script",
    },
    "granting": {"Removal": _MAKES["Removal"]},
    "plans": {"Withdrawals": "a book of plans and the withdrawal of one are one script"},
    "seen": {
        "People": _APPENDS["People"],
        "Removal": _MAKES["Removal"],
        "Partings": "ids of events go with whose the events are",
    },
    "quota": _TAKES,
    "reserved": _TAKES,
    "returned": _SHOWN,
    "fold": {"Generations": "a rebuilt state is swapped in within the fold's hash"},
    **dict.fromkeys(
        (
            *("visitor", "open", "counts", "blocks", "totals", "minutes", "trace", "shares"),
            *("watch", "watch_due", "case", "case_times", "cases_open"),
            *("case_queue", "case_queues"),
            *("member", "member_due", "members", "member_days"),
        ),
        _OLD,
    ),
    "versions": {
        "Snapshots": "a field of its own, in the script that publishes",
        "Documents": "a field of its own, in the script that applies a document",
        "ApiKeys": "a field of its own, in the script that stores a key",
        "Quarantines": "a field of its own, in the script that writes a quarantine",
        "PolicyHolds": "a field of its own, in the script that holds a policy",
    },
    "holds": {"Slots": "a slot's new mode and the end of its hold are one script"},
    "actions": {"Users": "a change of a user and its entry in the audit are one script"},
    "store": {"LogRewrite": "fields of its own: rewrites of the server's log"},
}
"""Family -> each class that writes it beside its writer, with the reason; `*` is every family."""


@dataclass(frozen=True)
class Keys:
    """The builder of an installation's keys.

    Attributes:
        namespace: first part of every key.
        partitions: how many partitions the journal has; fixed for an installation's life.
    """

    namespace: str
    partitions: int

    def every_partition(self) -> Iterator[int]:
        """Iterate over the partitions' numbers, from 0."""
        return iter(range(self.partitions))

    def prefix(self, partition: int) -> str:
        """Return the beginning of a partition's keys; scripts build visitors' keys from it."""
        return f"{self.namespace}:{{p{partition}}}:"

    def journal(self, partition: int) -> str:
        """The stream of records."""
        return self.prefix(partition) + "journal"

    def seq(self, partition: int) -> str:
        """The last position given in the journal."""
        return self.prefix(partition) + "seq"

    def vault(self, partition: int, visitor_hash: str) -> str:
        """The vault entry of a hashed external id: its subject, claimed or not."""
        return f"{self.prefix(partition)}vault:{visitor_hash}"

    def visitor(self, partition: int, subject: str, generation: int = 0) -> str:
        """The state of a visitor that `attribute` keeps."""
        return f"{self.prefix(partition)}{family('visitor', generation)}:{subject}"

    def person(self, partition: int, subject: str) -> str:
        """The ids of a subject, and the subject it was merged into."""
        return f"{self.prefix(partition)}person:{subject}"

    def numbers(self, partition: int, subject: str) -> str:
        """The visitor's numbers, encrypted: see `domain/prefill/numbers.py`."""
        return f"{self.prefix(partition)}numbers:{subject}"

    def texts(self, partition: int, subject: str) -> str:
        """The visitor's own texts, encrypted, by the event's id."""
        return f"{self.prefix(partition)}texts:{subject}"

    def proofs(self, partition: int, subject: str) -> str:
        """The proofs of a subject's consents, by the event's name."""
        return self.prefix(partition) + proof_book("proofs", subject)

    def past_proofs(self, partition: int, hashed: str) -> str:
        """The proofs of an erased visitor, for the hash of an id or a number."""
        return self.prefix(partition) + proof_book("past_proofs", hashed)

    def proof_ends(self, partition: int) -> str:
        """Books of proofs by the end of their first one, each by its name behind the prefix."""
        return self.prefix(partition) + "proof_ends"

    def assigned(self, partition: int, subject: str) -> str:
        """The standing decisions of a subject."""
        return f"{self.prefix(partition)}assigned:{subject}"

    def granting(self, partition: int, subject: str) -> str:
        """The case that grants a benefit of each group to a subject."""
        return f"{self.prefix(partition)}granting:{subject}"

    def offered(self, partition: int, subject: str) -> str:
        """The benefit of each group that a subject was offered."""
        return f"{self.prefix(partition)}offered:{subject}"

    def plans(self, partition: int, month: int) -> str:
        """The plans that were made in a month of 31 days, by subject."""
        return f"{self.prefix(partition)}plans:{month}"

    def withdrawn(self, partition: int) -> str:
        """The places of plans that were withdrawn, by microsecond."""
        return self.prefix(partition) + "withdrawn"

    def withdrawals(self, partition: int) -> str:
        """The reason and the contact of each plan that was withdrawn, by its place."""
        return self.prefix(partition) + "withdrawals"

    def moved(self, partition: int, cause: str) -> str:
        """The header of the book of plans that was taken over by an event."""
        return f"{self.prefix(partition)}moved:{cause}"

    def quota(self, partition: int) -> str:
        """The partition's part of every limited stock."""
        return self.prefix(partition) + "quota"

    def reserved(self, partition: int) -> str:
        """Units of stock that pages took, until an event says that the decision was shown."""
        return self.prefix(partition) + "reserved"

    def returned(self, partition: int) -> str:
        """Units that came back, in case that somebody says late that they were shown."""
        return self.prefix(partition) + "returned"

    def seen(self, partition: int, subject: str) -> str:
        """Digests of the subject's event ids of the last 7 days, by time."""
        return f"{self.prefix(partition)}seen:{subject}"

    def fold(self, partition: int, name: str) -> str:
        """A fold's hash: lease (`owner`, `until`, `token`), `position`, `generation`, `broken`.

        Besides these the fold's own fields: `watermark`, `slots`, `pending_to`, ... That of a
        rebuild is the fold `<name>-rebuild`.
        """
        return f"{self.prefix(partition)}fold:{name}"

    def open(self, partition: int, generation: int = 0) -> str:
        """Subjects with open exposures, by the time when the first of them closes."""
        return self.prefix(partition) + family("open", generation)

    def counts(self, partition: int, slot: str, block: str, generation: int = 0) -> str:
        """Counts of one slot in one block of time (`<revision>:<day>`)."""
        return f"{self.prefix(partition)}{family('counts', generation)}:{slot}:{block}"

    def blocks(self, partition: int, slot: str, generation: int = 0) -> str:
        """The slot's blocks, by the position at which each last changed."""
        return f"{self.prefix(partition)}{family('blocks', generation)}:{slot}"

    def totals(self, partition: int, slot: str, generation: int = 0) -> str:
        """Totals of one slot by revision, reason and variant."""
        return f"{self.prefix(partition)}{family('totals', generation)}:{slot}"

    def minutes(self, partition: int, minute: int, generation: int = 0) -> str:
        """The counts of a minute (since the epoch), by stage and attributes."""
        return f"{self.prefix(partition)}{family('minutes', generation)}:{minute}"

    def trace(self, partition: int, subject: str, generation: int = 0) -> str:
        """The trace of a subject's latest visit."""
        return f"{self.prefix(partition)}{family('trace', generation)}:{subject}"

    def shares(self, partition: int, week: int, generation: int = 0) -> str:
        """The sums of drawn shares of a week (since the epoch), by slot and variant."""
        return f"{self.prefix(partition)}{family('shares', generation)}:{week}"

    def watch(self, partition: int, subject: str, generation: int = 0) -> str:
        """The watch over a subject: what rules of warnings need."""
        return f"{self.prefix(partition)}{family('watch', generation)}:{subject}"

    def watch_due(self, partition: int, generation: int = 0) -> str:
        """Subjects for whom a delay ends or attributes are looked at, by the time of it."""
        return self.prefix(partition) + family("watch_due", generation)

    def case(self, partition: int, name: str, generation: int = 0) -> str:
        """A case with its history."""
        return f"{self.prefix(partition)}{family('case', generation)}:{name}"

    def case_times(self, partition: int, generation: int = 0, kind: str = CaseKind.WARNING) -> str:
        """All cases of a kind, by the time of their opening."""
        return self._of_kind(partition, "case_times", generation, kind)

    def cases_open(self, partition: int, generation: int = 0, kind: str = CaseKind.WARNING) -> str:
        """The cases of a kind that are not closed, by the time of their opening."""
        return self._of_kind(partition, "cases_open", generation, kind)

    def _of_kind(self, partition: int, name: str, generation: int, kind: str) -> str:
        """The list of a kind; that of warnings has the name of before there were other kinds."""
        listed = self.prefix(partition) + family(name, generation)
        return listed if kind == CaseKind.WARNING else f"{listed}:{kind}"

    def case_queue(self, partition: int, queue: str, generation: int = 0) -> str:
        """The cases of a queue (`<owner>:<state>:<kind>:<level>`), by the time of their opening."""
        return f"{self.prefix(partition)}{family('case_queue', generation)}:{queue}"

    def case_queues(self, partition: int, generation: int = 0) -> str:
        """The names of all queues that ever had a case."""
        return self.prefix(partition) + family("case_queues", generation)

    def member(self, partition: int, subject: str, generation: int = 0) -> str:
        """The facts and segments of a subject."""
        return f"{self.prefix(partition)}{family('member', generation)}:{subject}"

    def member_due(self, partition: int, generation: int = 0) -> str:
        """All subjects with segments, by the time at which something is due for each."""
        return self.prefix(partition) + family("member_due", generation)

    def members(self, partition: int, segment: str, generation: int = 0) -> str:
        """The subjects of a segment (`<kind>.<name>`), all with one score: in their own order."""
        return f"{self.prefix(partition)}{family('members', generation)}:{segment}"

    def member_days(self, partition: int, segment: str, generation: int = 0) -> str:
        """The counts of who joined and left a segment (`<kind>.<name>`) on each of its days."""
        return f"{self.prefix(partition)}{family('member_days', generation)}:{segment}"

    def acting(self, partition: int, name: str) -> str:
        """The number of actions on a case that were appended, and the id of the last one."""
        return f"{self.prefix(partition)}acting:{name}"

    def winback_stale(self, partition: int) -> str:
        """The cases of win-back whose place in the order has to be made anew."""
        return self.prefix(partition) + "winback_stale"

    def winback_order(self, partition: int) -> str:
        """The places of cases of win-back, sorted as text."""
        return self.prefix(partition) + "winback_order"

    def winback_places(self, partition: int) -> str:
        """The place of each case of win-back that has one."""
        return self.prefix(partition) + "winback_places"

    def config(self, name: str, of: str = "") -> str:
        """A key of the `config` tag: `versions`, `slots`, `api_keys`, `snapshots:<slot>`, ..."""
        return f"{self.namespace}:{{config}}:{name}" + (f":{of}" if of else "")


def proof_book(name: str, owner: str) -> str:
    """Return the name of a book of proofs behind its partition's prefix."""
    return f"{name}:{owner}"


def family(name: str, generation: int) -> str:
    """Return the family's name in one generation of its fold's state."""
    return f"{name}@{generation}" if generation else name
