"""A site for the tests of recovery: what they do with an installation, and what they compare."""

from __future__ import annotations

from typing import Any

from worker_site import Site

from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.credit.closing import advance
from nudge.domain.identity.sealing import Sealer
from nudge.domain.membership.segment_book import SegmentBook
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.monitor import MonitorFold
from nudge.flows.folds.segment import SegmentFold
from nudge.flows.upkeep.accept import Gap, StoreAcceptance
from nudge.flows.upkeep.rebuild import NAMES, Rebuild, RebuildResult
from nudge.flows.upkeep.verification.verify import verify
from nudge.flows.upkeep.verification.verify_visitors import verify_visitors
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.store.keeping.identity import WrongStore, note_archived
from nudge.workers.runner import Runner

State = dict[str, Any]


def fold_all(site: Site, *names: str) -> None:
    """Let the folds catch up, and give their leases back."""
    made: dict[str, Any] = {
        "attribute": AttributeFold(site.store),
        "learn": LearnFold(site.store),
        "monitor": MonitorFold(site.store, WatchPlan),
        "care": CareFold(site.store, RuleBook),
        "segment": SegmentFold(site.store, SegmentBook),
    }
    for name in names or NAMES:
        runner = Runner(site.store, made[name], f"test-{name}")
        while runner.turn():
            pass
        runner._release()


def archive(site: Site) -> None:
    """Let the lake catch up."""
    seal = Sealer(site.settings.secret_key).seal_each
    every = site.store.keys.every_partition()
    leases = [site.store.folds.acquire(p, "archive", "test", 60) for p in every]
    held = [lease for lease in leases if lease is not None]
    done = ArchiveFold(site.store, Lake(site.settings.lake_dir), seal).run(held)
    note_archived(site.settings.store_note, {lease.partition: lease.position for lease in done})
    for lease in done:
        site.store.folds.release(lease)


def rebuilding(site: Site, owner: str = "builder") -> Rebuild:
    unseal = Sealer(site.settings.secret_key).unseal
    history = History(Lake(site.settings.lake_dir), unseal, site.store.journal.read)
    return Rebuild(site.store, history, owner)


def rebuild(site: Site, *names: str) -> list[RebuildResult]:
    places = [(name, p) for name in names or NAMES for p in site.store.keys.every_partition()]
    return [rebuilding(site).run(name, p, lambda _: None) for name, p in places]


def rebuild_whole(site: Site) -> list[RebuildResult]:
    """Rebuild every fold in every partition, none left out."""
    found = rebuild(site)
    assert len(found) == len(NAMES) * site.store.keys.partitions
    return found


def learned(site: Site, slot: str = "banner") -> State:
    """All that learn keeps: every total and every bucket, in every partition."""
    found: State = {}
    for p in site.store.keys.every_partition():
        g = site.store.folds.generation_of(p, "learn")
        totals = site.store.counts.fields(site.store.keys.totals(p, slot, g))
        found[f"totals {p}"] = {name: value for name, value in totals.items() if value}
        for block in site.store.counts.blocks(p, slot, g):
            rows = site.store.counts.read_block(p, slot, block, g)
            found[f"{p} {block}"] = sorted(rows, key=repr)
    return found


def counted(site: Site) -> State:
    """All that monitor keeps: the counts of every minute, and every trace, in every partition."""
    store, found = site.store, {}
    for p in store.keys.every_partition():
        kept = store.folds.read_fields(p, "monitor", "minutes", "watermark", "generation")
        found[f"{p}"] = kept[:2]
        g = int(kept[2] or 0)
        for minute in (kept[0] or "").split():
            found[f"{p} {minute}"] = store.minute_counts.read(p, int(minute), g)
        start = store.keys.trace(p, "", g)
        for key in store.client.scan(start + "*"):
            found[key.removeprefix(start)] = store.client.call("GET", key)
    return found


def states(site: Site) -> dict[str, VisitorState]:
    """Every visitor's state, brought to the end of time before anything closes."""
    found = {}
    for p in site.store.keys.every_partition():
        kept = site.store.folds.read_fields(p, "attribute", "watermark", "generation")
        g = int(kept[1] or 0)
        for subject in site.store.generations.subjects(p, g):
            blob = site.store.client.call("GET", site.store.keys.visitor(p, subject, g))
            found[subject] = advance(decode_state(blob), float(kept[0] or 0))
    return found


def opened(site: Site) -> dict[str, float]:
    found = {}
    for p in site.store.keys.every_partition():
        g = site.store.folds.generation_of(p, "attribute")
        row = site.store.client.call("ZRANGE", site.store.keys.open(p, g), 0, -1, "WITHSCORES")
        found |= dict(zip(row[::2], map(float, row[1::2]), strict=True))
    return found


def differences(site: Site) -> list[str]:
    """All that verify finds, every visitor included."""
    lake = Lake(site.settings.lake_dir)
    history = History(lake, Sealer(site.settings.secret_key).unseal, site.store.journal.read)
    states = verify_visitors(site.store, history, lambda _: None, every=True)
    return [str(one) for one in (*verify(site.store, lake), *states)]


def wiped(site: Site) -> None:
    """The store as it is after its data was lost."""
    for key in list(site.store.client.scan(f"{site.store.keys.namespace}:*")):
        site.store.client.call("DEL", key)


def look(site: Site) -> WrongStore | None:
    return site.store.identity.recognise(site.settings.store_note)


def accept(site: Site) -> list[Gap]:
    wrong = look(site)
    assert wrong
    settings = site.settings
    seal, lake = Sealer(settings.secret_key).seal_each, Lake(settings.lake_dir)
    return StoreAcceptance(site.store, lake, seal, settings.store_note, "op").run(wrong)
