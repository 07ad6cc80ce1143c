"""Imports and their taking back, killed around every commit: a row counts once, or not at all."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from child_processes import eventually
from fault_site import Site, installed
from fault_visitors import check_rebuild, counted, settled, verify, visitors

SLOT = "made"
POINTS = tuple(f"imports-{SLOT}.{side}_commit" for side in ("before", "after"))


def log(site: Site, name: str, rows: int) -> Path:
    """A log whose rows repeat each other."""
    at = int(time.time()) // 3600 * 3600 - 86_400
    lines = [f"{'ab'[n % 2]},{n % 4 * 10},{at + n // 9 * 60}" for n in range(rows)]
    path = site.directory / name
    path.write_text("\n".join(["variant,reward,at", *lines]) + "\n")
    return path


def killed(site: Site, *arguments: str) -> str:
    """Run a command that dies around its commits, again and again, and then to its end."""
    deaths = 0
    for point in POINTS * 3:
        site.fault(point)
        deaths += site.run(*arguments).returncode < 0
    for point in POINTS:
        (site.faults / point).unlink(missing_ok=True)
    assert deaths >= len(POINTS), site.logs()
    done = site.run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def exposures(site: Site) -> int:
    """Exposures of the slot that the learner's tables count."""
    assert settled(site), site.logs()
    return sum(one.trials for one in counted(site)[SLOT] if hasattr(one, "trials"))


@pytest.mark.parametrize("taught", [False, True], ids=["drawn", "taught"])
def test_f01_killed_around_every_commit_an_import_counts_once_and_is_taken_back_once(
    *, taught: bool
) -> None:
    """While visitors come; verify agrees behind each step, and a rebuild comes to the same bits."""
    with installed() as site:
        site.serve()
        assert eventually(lambda: settled(site), 60), site.logs()
        visits = visitors(site, 20.0).finish(100)
        assert visits
        before = exposures(site)
        mapping = site.directory / "mapping.toml"
        mapping.write_text(f'slot = "{SLOT}"\n[distribution]\na = 0.5\nb = 0.5\n')
        how = ("--slot", SLOT, "--teach-only") if taught else ("--mapping", str(mapping))
        first, grown = log(site, "first.csv", 1_500), log(site, "grown.csv", 2_100)
        assert " known, 0 refused" in killed(site, "import", str(first), *how)
        assert exposures(site) == before + 1_500
        assert "1,500 known" in site.run("import", str(grown), *how).stdout
        assert exposures(site) == before + 2_100
        verify(site)
        killed(site, "import", "--undo", str(first))
        assert exposures(site) == before + 600
        verify(site)
        check_rebuild(site)
        killed(site, "import", "--undo", str(grown))
        assert exposures(site) == before
        check_rebuild(site)
        assert site.run("import", str(first), *how).returncode == 0
        assert exposures(site) == before + 1_500
        verify(site)
