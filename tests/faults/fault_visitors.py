"""Visitors who see, are shown and pay, whatever happens to the service; and what must be true."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from child_processes import eventually
from fault_site import Site
from fault_traffic import PATIENCE, Line, Paced

from nudge.client.api import Api, Patience, ServiceTarget
from nudge.domain.journal.care_events import OWN_TYPES
from nudge.domain.people.merging import JOINED, LEFT
from nudge.errors import NudgeError
from nudge.lake.engine.query import connect
from nudge.lake.files.reader import Lake
from nudge.store.folds.counts_copy import CountsCopy
from nudge.wiring.stores import patient_store

SLOTS = ("seen", "made")


@dataclass(frozen=True)
class Visit:
    """One visitor's acknowledged calls.

    Attributes:
        name: external id.
        given: slot -> what was answered.
        events: their ids.
        paid: yuan; 0 for those who do not pay.
        left: yuan that are not taken back.
    """

    name: str
    given: dict[str, dict[str, Any]]
    events: tuple[str, ...]
    paid: int
    left: int


def visit(line: Line, number: int) -> Visit:
    """One visitor: a page with two slots, one of them shown; every third pays.

    Every second of those was anonymous until then: it turns out to be somebody who is known under
    another id, in another partition perhaps, and pays under that. Of three payments one comes back,
    one in part; the refund comes under the other id, and every second time before its payment.
    """
    name, paid = f"v-{number}", 10 + number % 50 if number % 3 == 0 else 0
    page = {"channel": "app", "page": "home", "slots": SLOTS, "visitor_id": name}
    given = line.insist("/v1/decisions", page, 200).body["decisions"]
    shown = {"type": "shown", "decision_id": given["seen"]["decision_id"]}
    events = [shown | {"event_id": f"{name}-shown", "visitor_id": name}]
    if paid:
        payer = f"known-{number}" if number % 2 else name
        if payer != name:
            # In two partitions: a store that was frozen may stamp the first later than the other
            # was sent, so the events say themselves when they were.
            events[0]["at"] = time.time()
            who = {"type": "identified", "visitor_id": name, "other_id": payer}
            events.append(who | {"event_id": f"{name}-who"})
        money = {"type": "paid", "amount": paid, "visitor_id": payer}
        dated = {"at": time.time()} if payer != name else {}
        events.append(money | dated | {"event_id": f"{name}-paid"})
    left = paid
    if paid and number % 9 < 6:
        back = {"type": "refunded", "refund_of": f"{name}-paid", "visitor_id": name}
        part = {"amount": 5} if number % 9 else {}
        left = paid - 5 if part else 0
        events.insert(len(events) - number % 2, back | part | {"event_id": f"{name}-back"})
    told = line.insist("/v1/events", {"events": events}, 202).body
    assert (told["accepted"] + told["duplicates"], told["rejected"]) == (len(events), []), told
    return Visit(name, given, tuple(one["event_id"] for one in events), paid, left)


def visitors(site: Site, rate: float, patience: float = PATIENCE, first: int = 0) -> Paced:
    """Visitors who keep coming, numbered from `first`; `finish` gives their visits."""
    return Paced(site.settings, rate, lambda line, n: visit(line, first + n), patience=patience)


def settled(site: Site, seconds: float = 120.0) -> bool:
    """Wait until the spool is empty and every fold has read everything."""
    target = ServiceTarget(site.settings.url, str(site.settings.admin_key))
    api = Api(target, Patience(tries=1, timeout=5.0))

    def quiet() -> bool:
        if spooled(site):
            return False
        try:
            found = api.get("/readyz")
        except NudgeError:
            return False
        return found["status"] == "ready" and not any(found["lags"].values())

    return eventually(lambda: quiet() and quiet(), seconds)


def spooled(site: Site) -> list[str]:
    """The spool's files with something in them."""
    waiting = []
    for path in site.settings.spool_dir.glob("*.*"):
        try:
            with path.open("rb") as file:
                if path.suffix in {".open", ".ready"} and file.read(4).strip(b"\0"):
                    waiting.append(path.name)
        except FileNotFoundError:
            continue  # drained meanwhile
    return waiting


@dataclass(frozen=True)
class Table:
    """The rows of one table of the lake."""

    rows: Sequence[dict[str, Any]]

    def by(self, name: str) -> dict[Any, list[dict[str, Any]]]:
        """The rows with each value of a column."""
        found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows:
            found[row[name]].append(row)
        return found


FOLDS_OWN = OWN_TYPES | {LEFT, JOINED}
"""Types of events that folds write: nobody sent them."""


def check(site: Site, visits: Sequence[Visit]) -> None:
    """Everything acknowledged is in the lake once, credited once, and all parts agree."""
    backend = connect(Lake(site.settings.lake_dir))

    def table(name: str, *columns: str) -> Table:
        return Table(backend.table(name).select(*columns).to_pyarrow().to_pylist())

    decisions = table("decisions", "decision_id", "slot", "variant", "reason")
    _check_decisions(visits, decisions)
    told = table("events", "event_id", "type").rows
    events = Counter(row["event_id"] for row in told if row["type"] not in FOLDS_OWN)
    assert events == Counter(event for one in visits for event in one.events)
    _check_seen(visits, table("exposures", "decision_id", "slot"))
    _check_paid(visits, table("rewards", "decision_id", "slot", "conversions", "value"))
    verify(site)


def verify(site: Site) -> None:
    """Let the service compare its parts with each other."""
    verified = site.run("verify", "--all-visitors")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def check_rebuild(site: Site) -> None:
    """Thrown away and made anew from lake and journal, while the service runs: the same bits."""
    before = counted(site)
    assert before
    rebuilt = site.run("rebuild", "--json")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    told = json.loads(rebuilt.stdout[rebuilt.stdout.index("[\n") :])
    assert [one["differences"] for one in told if one["differences"]] == []
    assert counted(site) == before
    verify(site)


def counted(site: Site) -> dict[str, list[object]]:
    """All that `learn` has counted: by slot, the totals and each bucket of time."""
    store = patient_store(site.settings)
    found = {}
    for slot in SLOTS:
        copy = CountsCopy.empty(slot, store.keys.partitions)
        copy.refresh(store.counts)
        rows = sorted(copy.rows(), key=repr)
        found[slot] = [*sorted(store.counts.totals(slot), key=repr), *rows]
    store.close()
    return found


def _check_decisions(visits: Sequence[Visit], table: Table) -> None:
    found = table.by("decision_id")
    for one in visits:
        for slot, given in one.given.items():
            rows = found[given["decision_id"]]
            kept = [(row["slot"], row["variant"], row["reason"]) for row in rows]
            assert kept == [(slot, given["variant"], given["reason"])], (one, kept)


def _check_seen(visits: Sequence[Visit], table: Table) -> None:
    seen = Counter(row["decision_id"] for row in table.rows if row["slot"] == "seen")
    wrong = [(one, n) for one in visits if (n := seen[one.given["seen"]["decision_id"]]) != 1]
    assert not wrong, (len(wrong), wrong[:3])
    assert seen.total() == len(visits)


def _check_paid(visits: Sequence[Visit], table: Table) -> None:
    """Each payment is credited once in each slot with what is left; if shown, to what was shown."""
    paying = [one for one in visits if one.left]
    credit = _sums(row for row in table.rows if row["slot"] == "seen")
    wrong = [
        (one, found)
        for one in visits
        if one.paid
        and (found := credit[one.given["seen"]["decision_id"]])
        != ((1, 100 * one.left) if one.left else (0, 0))
    ]
    assert not wrong, (len(wrong), wrong[:3])
    for slot in SLOTS:
        rows = [row for row in table.rows if row["slot"] == slot]
        assert sum(row["conversions"] for row in rows) == len(paying), slot
        assert sum(row["value"] for row in rows) == 100 * sum(one.left for one in paying), slot


def _sums(rows: Iterable[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        count, value = found[row["decision_id"]]
        found[row["decision_id"]] = (count + row["conversions"], value + row["value"])
    return found
