"""Which engine the settings may name, and what is said where it is missing."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nudge.errors import InvalidConfigError
from nudge.lake.engine.engines import named_engine
from nudge.lake.engine.query import connect
from nudge.lake.engine.spark import master_of
from nudge.lake.files.errors import EngineMissingError
from nudge.lake.files.reader import Lake
from nudge.settings.schema import from_environ


def test_without_the_extra_the_cure_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing engine is told with what to install, not with which import failed where."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EngineMissingError, match=r"pip install 'nudge\[spark\]'"):
        connect(Lake(tmp_path), "spark")
    with pytest.raises(EngineMissingError), named_engine(Lake(tmp_path), "spark", tmp_path):
        pass


class NoGateway:
    """Spark's builder on a machine without Java."""

    def __getattr__(self, name: str) -> Any:
        """Whatever is set."""
        return lambda *_: self

    def getOrCreate(self) -> None:  # noqa: N802 - as Spark writes it
        """Fails as Spark does."""
        raise RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited\nmore")


def test_without_java_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark itself speaks of a gateway; the message speaks of Java."""
    stub = ModuleType("pyspark.sql")
    stub.SparkSession = type("SparkSession", (), {"builder": NoGateway()})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", stub)
    with pytest.raises(EngineMissingError, match="Java 17"):
        connect(Lake(tmp_path), "spark")


@pytest.mark.parametrize(
    ("value", "master"),
    [
        ("duckdb", None),
        ("spark", "local[*]"),
        ("local[2]", "local[2]"),
        ("spark://host:7077", "spark://host:7077"),
    ],
)
def test_what_may_be_named(value: str, master: str | None) -> None:
    """The setting is an engine or a master's URL."""
    assert from_environ({"NUDGE_LAKE_ENGINE": value})["lake_engine"] == value
    assert master_of(value) == master


@pytest.mark.parametrize("value", ["sqlite", "spark:host", "spark://", "Duckdb"])
def test_what_is_no_engine_is_refused(value: str) -> None:
    """With what would be right."""
    with pytest.raises(InvalidConfigError, match="duckdb, spark"):
        from_environ({"NUDGE_LAKE_ENGINE": value})
