"""A fallback that is switched off, at the commands that put slots into service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result
from places import ROOT

from nudge import cli as entry
from nudge.cli.serve import apply_configured
from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

SHIPPED = ROOT / "config" / "slots" / "banner.toml"
OFF = 'name = "data_draw"\nenabled = false'


def run(*words: str) -> Result:
    """The end of a command."""
    return CliRunner().invoke(entry.cli, list(words))


@pytest.fixture
def here(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with the shipped banner, and the commands set to it."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    assert run("apply", str(SHIPPED)).exit_code == 0
    return settings


def switched_off(revision: int) -> str:
    """The shipped file with its fallback switched off."""
    text = SHIPPED.read_text().replace("revision = 1", f"revision = {revision}")
    assert 'name = "data_draw"' in text
    return text.replace('name = "data_draw"', OFF, 1)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_f37_apply_refuses_a_file_without_its_fallback(
    here: Settings, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """A dry run says so as well; with another fallback in the same file it is applied."""
    path = tmp_path / "banner.toml"
    path.write_text(switched_off(2))
    error = run("apply", str(path), *more).exception
    assert isinstance(error, InvalidConfigError)
    assert "banner.toml: variants.data_draw.enabled: switches off the fallback" in str(error)
    path.write_text(switched_off(2).replace('default = "data_draw"', 'default = "coffee"'))
    assert run("apply", str(path), *more).exit_code == 0
    store = patient_store(here)
    assert store.slots.current()["banner"].revision == (1 if more else 2)
    store.close()


def test_f37_check_finds_a_file_without_its_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Before anything is put into service."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NUDGE_CONFIG_DIR", str(tmp_path))
    (tmp_path / "slots").mkdir()
    (tmp_path / "slots" / "banner.toml").write_text(switched_off(1))
    error = run("check").exception
    assert isinstance(error, InvalidConfigError)
    assert "variants.data_draw.enabled" in str(error)


def test_f37_serve_warns_and_keeps_the_slot(here: Settings, tmp_path: Path) -> None:
    """A start never takes the fallback away; the other files are applied."""
    directory = tmp_path / "config" / "slots"
    directory.mkdir(parents=True)
    (directory / "banner.toml").write_text(switched_off(2))
    shipped = SHIPPED.with_name("prefill.toml").read_text()
    (directory / "prefill.toml").write_text(shipped)
    with structlog.testing.capture_logs() as told:
        apply_configured(replace(here, config_dir=tmp_path / "config"))
    assert "variants.data_draw.enabled" in str(told)
    store = patient_store(here)
    found = store.slots.current()
    assert (found["banner"].revision, set(found)) == (1, {"banner", "prefill"})
    store.close()
