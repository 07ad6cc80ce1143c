"""A compacted lake: verify finds no difference, and a rebuild comes to the same state."""

from __future__ import annotations

from rebuild_site import archive, differences, fold_all, learned, opened, rebuild, states
from worker_site import Site

from nudge.domain.journal.fold_name import FoldName
from nudge.flows.upkeep.compact import Compaction
from nudge.lake.files.compact import CompactionLimits
from nudge.lake.files.reader import Lake
from nudge.store.folds.folds import Lease


def owned(site: Site) -> list[Lease]:
    every = site.store.keys.every_partition()
    found = [site.store.folds.acquire(p, FoldName.ARCHIVE, "test", 60) for p in every]
    return [lease for lease in found if lease is not None]


def test_verify_and_rebuild_hold_on_a_compacted_lake(site: Site) -> None:
    """Many small archivings are merged; every check and every fold's state is as before."""
    for run in range(6):
        site.visit(range(run * 40, run * 40 + 40))
        fold_all(site)
        archive(site)
    lake = Lake(site.settings.lake_dir)
    before = learned(site), states(site), opened(site)
    many = sum(map(len, lake.contents().manifests.values()))
    compact = Compaction(lake, CompactionLimits(many=2))
    assert compact.due(0.0)
    assert compact.run(owned(site))
    assert not compact.run(owned(site))
    assert sum(map(len, lake.contents().manifests.values())) < many / 3
    assert differences(site) == []
    rebuild(site)
    assert (learned(site), states(site), opened(site)) == before
    assert differences(site) == []
    site.visit(range(240, 280))
    fold_all(site)
    archive(site)
    assert differences(site) == []
