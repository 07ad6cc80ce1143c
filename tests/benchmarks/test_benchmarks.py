"""`make bench`: every benchmark runs, in its small form, and prints its table."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import structlog

from benchmarks import __main__ as bench

NAMES = bench.names()
HERE = Path(bench.__file__).parent
MODULES = {path.stem for path in HERE.glob("*.py")}


@pytest.fixture(autouse=True)
def unchanged_process() -> Iterator[None]:
    """Give the test process back as it was: benchmarks quieten logs and the garbage collector."""
    log, threshold = structlog.get_config(), gc.get_threshold()
    yield
    structlog.configure(**log)
    gc.set_threshold(*threshold)


@pytest.mark.parametrize("name", NAMES)
def test_it_prints_its_table_beside_the_baseline(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every benchmark has a small form, which runs to its end and names the baseline."""
    module = import_module(f"benchmarks.{name}")
    assert module.main(["--small"]) in {0, 1}
    printed = capfd.readouterr().out
    assert module.BASELINE in printed
    assert any(sign.isdigit() for sign in printed)


def imported(name: str) -> set[str]:
    """Return the modules of the directory that a module imports, by itself or by others."""
    source = (HERE / f"{name}.py").read_text("utf-8")
    direct = set(re.findall(r"^\s*from benchmarks\.(\w+) import", source, re.MULTILINE))
    for listed in re.findall(r"^\s*from benchmarks import (.+)$", source, re.MULTILINE):
        direct |= set(re.findall(r"\w+", listed)) & MODULES
    return direct | {deep for one in direct - {name} for deep in imported(one)}


def test_o09_no_benchmark_is_forgotten() -> None:
    """Each module of the directory is a benchmark, whose small form runs here, or part of one."""
    run = {one for name in NAMES for one in (name, *imported(name))}
    assert run == MODULES - {"__init__", "__main__"}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Return the exit code of the command."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    return bench.main()


def test_the_command_runs_the_benchmarks_that_are_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`--small` is taken by several; a name that there is not, and other options of two, are 2."""
    assert run(monkeypatch, "decide", "folds", "--small") == 0
    printed = capfd.readouterr().out
    assert "== decide" in printed
    assert "== folds" in printed
    assert run(monkeypatch, "nothing") == 2
    assert run(monkeypatch, "decide", "plans", "--customers", "7") == 2
