"""`make bench`: every benchmark runs, in its small form, and prints its table."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
import structlog

from benchmarks import __main__ as bench

NAMES = bench.names()


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
