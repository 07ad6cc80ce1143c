"""Removal of files that no manifest names.

Crashes and owners that lost their lease leave them; compaction and expiry replace them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bandits.units import HOUR
from nudge.lake.files import disk, manifest
from nudge.lake.files.balances import FOLDER
from nudge.lake.files.reader import Lake
from nudge.lake.files.tables import SCHEMAS

MANIFEST = ".json"
PATIENCE = float(HOUR)
"""Seconds after which a file without manifest will not get one any more, and after which no reader
uses a replaced file."""


@dataclass(frozen=True)
class Sighting:
    """The first sighting of a file that no manifest names.

    Attributes:
        changed: modification time of the file, in nanoseconds, as its file system says.
        since: time of the sighting, in seconds on the sweeper's clock.
    """

    changed: int
    since: float


def sweep(
    lake: Lake, seen: Mapping[Path, Sighting], now: float, patience: float = PATIENCE
) -> dict[Path, Sighting]:
    """Remove files without manifest for `patience` seconds, and return sightings of the others.

    Age is counted between calls and not from the file's date: a wall clock that jumps would
    otherwise take a file that is about to get its manifest.

    Args:
        lake: lake of the installation.
        seen: result of the last call; empty for the first.
        now: seconds on a clock that never jumps.
        patience: seconds.

    Raises:
        BrokenLakeError: the manifests contradict each other; nothing is removed.
        LakeAwayError: the disk refused.
    """
    with disk.translate_errors(str(lake.root)):
        found = dict(_files(lake.root))  # before the manifests: what is named later is not in it
        contents = lake.contents()
        named = {source.path for sources in contents.tables().values() for source in sources}
        for one in (one for listed in contents.manifests.values() for one in listed):
            named |= {manifest.path_of(lake.root, one.range)}
            named |= {lake.root / path for path in one.paths}
        loose = {path: changed for path, changed in found.items() if path not in named}
        left = {path: _sighting(seen.get(path), loose[path], now) for path in loose}
        due = [path for path, sighting in left.items() if now - sighting.since >= patience]
        # A manifest is never there without its files.
        for path in sorted(due, key=lambda path: path.suffix != MANIFEST):
            path.unlink(missing_ok=True)
    return {path: sighting for path, sighting in left.items() if path not in due}


def _files(root: Path) -> Iterator[tuple[Path, int]]:
    for folder in (*SCHEMAS, "manifests", FOLDER):
        for path in (root / folder).glob("*/*"):
            if path.suffix in {".parquet", MANIFEST, disk.TEMPORARY}:
                yield path, _changed(path)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0  # published under its name since the directory was listed


def _sighting(before: Sighting | None, changed: int, now: float) -> Sighting:
    same = before is not None and before.changed == changed
    return before if before is not None and same else Sighting(changed, now)
