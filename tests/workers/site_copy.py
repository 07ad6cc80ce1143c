"""A copy of a site: what is slow to fill is filled once, and copied for each further test."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from worker_site import Site


class Key(NamedTuple):
    """A key of the store: its serialised value, and the milliseconds that it lives; 0 is for ever.

    Its name is without the namespace.
    """

    name: str
    value: bytes
    left: int


@dataclass(frozen=True)
class SiteCopy:
    """All keys of a site's namespace, and its lake."""

    keys: list[Key]
    lake: Path

    @classmethod
    def of(cls, site: Site, directory: Path) -> SiteCopy:
        """The copy of a site, in a directory that has no lake; nobody writes there meanwhile."""
        lake = shutil.copytree(site.settings.lake_dir, directory / "lake")
        start, call, keys = site.store.keys.namespace, site.store.client.call, []
        for name in sorted(set(site.store.client.scan(f"{start}:*"))):
            left = max(0, call("PTTL", name))
            keys.append(Key(name.removeprefix(start), call("DUMP", name), left))
        return cls(keys, lake)

    def put(self, site: Site) -> None:
        """Fill a site that has nothing yet, under its own namespace."""
        shutil.copytree(self.lake, site.settings.lake_dir)
        start = site.store.keys.namespace
        site.store.client.call_each(
            [("RESTORE", start + one.name, one.left, one.value) for one in self.keys]
        )
