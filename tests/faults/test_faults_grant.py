"""Grants around kills: a command dies at each point, and the visitor has one benefit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest
from child_processes import eventually
from fault_site import Site, installed
from places import shipped_slots

from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.case import Case
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.journal.records import Event
from nudge.processes import embedded
from nudge.store.journal.appends import Append
from nudge.store.store import Store
from nudge.wiring.stores import patient_store

SUBJECT = "a" * 32
POINTS = (
    *("grant.before_decide", "decide.before_append", "decide.after_append", "grant.after_decide"),
    *("grant.after_reserve", "case.before_append", "case.after_append"),
)
FILES = {
    "contact.toml": """
spacing = "24h"
complaint_pause = "never"
[[channels]]
name = "call"
consent = "unless_refused"
[[purposes]]
name = "winback"
""",
    "measures.toml": """
[[measures]]
name = "reward"
when = { attribute = "payments", at_least = 1 }
held_share = 0
""",
    **dict.fromkeys(("warnings.toml", "winback.toml", "worklist.toml", "lexicon.toml"), ""),
}


@pytest.fixture
def site() -> Iterator[Site]:
    """A store and the folds, with a measure for whoever pays, and a slot of benefits alone."""
    with installed() as made:
        server = embedded.start(made.settings)
        with closing(patient_store(made.settings)) as store:
            for name, text in FILES.items():
                assert store.documents.put(ConfigDocument(name, 1, text), 0, {})
            assert store.slots.put(shipped_slots()["retention_offer"], None)
        yield made
        server.stop()


def the_case(store: Store) -> Case:
    """Return the only case, once it is there."""
    asked = partial(store.cases.places, 0, None, 1, kind=CaseKind.MEASURE)
    assert eventually(asked, 30)
    found = store.cases.read(asked()[0].id)
    assert found is not None
    return found


def test_a_grant_that_is_killed_anywhere_is_one_grant(site: Site) -> None:
    """A repeated command gets the grant of before; the folds are killed as well."""
    with closing(patient_store(site.settings)) as store:
        paid = Event(SUBJECT, "p", "paid", "server", fields={"amount": 50, "~refundable": True})
        store.journal.append_once(0, [Append("", paid)], closes=True)
        folds = site.work("care", "attribute")
        case = the_case(store)
        folds.kill()
        for point in POINTS:
            site.fault(point)
            done = site.run("measures", "grant", case.id, "--by", "ann", "--id", "g-1")
            assert done.returncode == -9, (point, done.stdout, done.stderr)
        site.fault("care.before_commit")
        last = site.run("measures", "grant", case.id, "--by", "ann", "--id", "g-1", "--json")
        assert last.returncode == 0, last.stderr
        granted = json.loads(last.stdout)["granted"]
        assert eventually(lambda: the_case(store).grant is not None, 30), site.logs()
        assert site.struck("care.before_commit")
        assert eventually(lambda: counted(store)["exposure"] == 1, 30), site.logs()
        found = counted(store)
        assert (found["decision"], found["grant"], found["shown"]) == (1, 1, 1)
        assert found["benefit_granted"] == (granted["group"] is not None)


def counted(store: Store) -> Counter[str]:
    """Count the records of the journal by type, and grants among the steps."""
    records = [entry.record for entry in store.journal.read(0, 0, 1000)]
    named = [one.type if isinstance(one, Event) else one.kind for one in records]
    grants = ("grant" for one in records if _is_grant(one))
    return Counter([*named, *grants])


def _is_grant(record: object) -> bool:
    return isinstance(record, Event) and record.fields.get("action") == "grant"
