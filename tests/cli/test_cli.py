"""The command line: fast help, one line for an error, and the store's own commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import pytest
import structlog
from child_processes import free_port
from click.testing import CliRunner, Result
from places import ROOT

from nudge import cli as entry
from nudge.cli import COMMANDS, cli, describe_error
from nudge.cli.explain import lines
from nudge.cli.serve import apply_configured, register_page_key
from nudge.config.documents.consent_tables import describe_consent
from nudge.config.documents.contact_file import load_contact
from nudge.domain.contact.contact_words import describe_policy
from nudge.errors import InvalidConfigError, NudgeError
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

HEAVY = {"numpy", "pyarrow", "ibis", "duckdb", "scipy", "redis", "rich", "marshmallow", "flask"}

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the test's own installation."""
    for name, value in settings.to_environ().items():
        monkeypatch.setenv(name, value)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(entry.cli, list(arguments))

    return invoke


def test_help_needs_none_of_the_heavy_imports() -> None:
    """`nudge --help` answers at once: it imports no command."""
    code = "import sys\nfrom nudge.cli import main\ntry:\n  main()\nexcept SystemExit: pass\n"
    code += "print(sorted({n.partition('.')[0] for n in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "serve" in done.stdout
    assert not {name for name in HEAVY if f"'{name}'" in done.stdout}


@pytest.mark.parametrize("name", COMMANDS)
def test_overview_says_what_the_command_says(name: str) -> None:
    """The overview's lines are the commands' own first sentences."""
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, click.Command)
    assert command.get_short_help_str(200) == COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(run: Run, name: str) -> None:
    """Each command explains itself."""
    done = run(name, "--help")
    assert done.exit_code == 0
    assert "Usage" in done.output


def test_one_problem_is_one_line_and_several_are_listed() -> None:
    """An error is a line with its cure; several problems are all shown, one a line."""
    assert describe_error(NudgeError("wrong; do right")) == "nudge: wrong; do right"
    assert describe_error(InvalidConfigError(["a", "b"])) == "nudge: 2 problems\n  a\n  b"


def test_error_is_no_traceback(settings: Settings) -> None:
    """With nothing listening, a client command ends with 1 and says how to start the service."""
    environ = settings.to_environ() | {"NUDGE_BIND": f"127.0.0.1:{free_port()}"}
    command = [sys.executable, "-m", "nudge", "simulate", "--visitors", "1"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environ
    )
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "make run" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_check_prints_what_is_in_force_without_secrets(run: Run, settings: Settings) -> None:
    """The resolved settings and slots, and no key in clear."""
    done = run("check", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["settings"]["namespace"] == settings.namespace
    assert {"banner", "denomination"} <= set(found["slots"])
    text = done.stdout + run("check").stdout
    for secret in (settings.admin_key, settings.page_key, settings.secret_key.decode()):
        assert secret is not None
        assert secret not in text


def test_check_tells_the_contact_policy_in_words(run: Run, settings: Settings) -> None:
    """Each sentence of the policy, in Chinese and in English, as text and as JSON."""
    policy = load_contact(settings.config_dir, settings.zone)
    for language in ("zh", "en"):
        told = [
            *describe_policy(policy, language),
            *describe_consent(settings.config_dir, language),
        ]
        assert run("check", "--language", language).stdout.splitlines()[-len(told) :] == told
        found = json.loads(run("check", "--language", language, "--json").stdout)
        assert found["contact_policy"] == told


def test_check_names_every_problem(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All problems of all slot files are told at once."""
    (tmp_path / "config" / "slots").mkdir(parents=True)
    for name in ("one", "two"):
        (tmp_path / "config" / "slots" / f"{name}.toml").write_text("slot = 3\n")
    monkeypatch.setenv("NUDGE_CONFIG_DIR", str(tmp_path / "config"))
    error = run("check").exception
    assert isinstance(error, InvalidConfigError)
    assert {"one.toml", "two.toml"} <= {Path(p.split(":")[0]).name for p in error.problems}


def test_check_looks_at_the_funnel(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in funnel.toml is found before a report is asked for."""
    (tmp_path / "funnel.toml").write_text('[visit]\ngap = "30m"\n')
    monkeypatch.setenv("NUDGE_CONFIG_DIR", str(tmp_path))
    error = run("check").exception
    assert isinstance(error, InvalidConfigError)
    assert any("funnel.toml: visit.late: is missing" in one for one in error.problems)


def test_check_looks_at_the_contact_policy(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in contact.toml is found before anybody is contacted."""
    (tmp_path / "contact.toml").write_text('zone = "Asia/Shanghai"\n')
    monkeypatch.setenv("NUDGE_CONFIG_DIR", str(tmp_path))
    error = run("check").exception
    assert isinstance(error, InvalidConfigError)
    assert any("contact.toml: channels: is missing" in one for one in error.problems)


def test_apply_dry_run_changes_nothing_and_apply_keeps_who_and_why(
    run: Run, settings: Settings
) -> None:
    """A dry run shows what would be; the change itself is audited with who and why."""
    path = str(ROOT / "config" / "slots" / "banner.toml")
    shown = json.loads(run("apply", path, "--dry-run", "--json").stdout)
    assert [(one["action"], one["written"]) for one in shown] == [("create", False)]
    store = patient_store(settings)
    assert store.slots.current() == {}
    done = run("apply", path, "--who", "ann", "--why", "first offer")
    assert done.exit_code == 0, done.output
    assert "banner revision 1: create" in done.output
    assert set(store.slots.current()) == {"banner"}
    [audit] = [e.record for e in store.journal.read(0, 0, 10)]
    fields = getattr(audit, "fields", {})
    assert (fields["who"], fields["why"], fields["action"]) == ("ann", "first offer", "create")
    store.close()


def test_apply_shows_the_diff_and_refuses_other_content_under_a_revision(
    run: Run, tmp_path: Path
) -> None:
    """An update shows each key that moves; the same revision with other content is refused."""
    text = (ROOT / "config" / "slots" / "banner.toml").read_text()
    path = tmp_path / "banner.toml"
    path.write_text(text)
    assert run("apply", str(path)).exit_code == 0
    path.write_text(text.replace("holdout = 0.05", "holdout = 0.1"))
    error = run("apply", str(path)).exception
    assert isinstance(error, InvalidConfigError)
    assert "revision = 2" in str(error)
    path.write_text(path.read_text().replace("revision = 1", "revision = 2"))
    done = run("apply", str(path))
    assert "holdout: 0.05 -> 0.1" in done.output
    path.write_text(text)
    assert "stale" in run("apply", str(path)).output


def test_serve_applies_what_is_new_and_warns_of_what_contradicts(
    settings: Settings, tmp_path: Path
) -> None:
    """On start, new files are applied; one that contradicts its revision is told, with the cure."""
    directory = tmp_path / "config" / "slots"
    directory.mkdir(parents=True)
    text = (ROOT / "config" / "slots" / "banner.toml").read_text()
    (directory / "banner.toml").write_text(text)
    own = replace(settings, config_dir=tmp_path / "config")
    apply_configured(own)
    (directory / "banner.toml").write_text(text.replace("holdout = 0.05", "holdout = 0.1"))
    (directory / "prefill.toml").write_text(
        (ROOT / "config" / "slots" / "prefill.toml").read_text()
    )
    with structlog.testing.capture_logs() as told:
        apply_configured(own)
    warned = str(told)
    assert "banner.toml" in warned
    assert "write revision = 2" in warned
    store = patient_store(settings)
    found = store.slots.current()
    assert set(found) == {"banner", "prefill"}
    assert found["banner"].holdout == 0.05
    store.close()


def test_page_key_is_registered_once_and_stays_revoked(settings: Settings) -> None:
    """Each start registers the pages' key; one that was revoked does not come back by it."""
    register_page_key(settings)
    register_page_key(settings)
    store = patient_store(settings)
    [key] = store.api_keys.list_keys()
    assert (key.name, key.scopes) == ("page", ("decide",))
    store.api_keys.revoke(key.key_id, 1.0)
    register_page_key(settings)
    assert [one.revoked_at for one in store.api_keys.list_keys()] == [1.0]
    store.close()


def test_keys_are_made_listed_and_revoked(run: Run) -> None:
    """The secret is shown once; the list has everything but it."""
    made = json.loads(
        run(
            "keys", "create", "--scope", "read", "--scope", "admin", "--name", "ops", "--json"
        ).stdout
    )
    assert made["scopes"] == ["admin", "read"]
    listed = run("keys", "list", "--json").stdout
    assert made["key"] not in listed
    assert [(key["name"], key["revoked"]) for key in json.loads(listed)] == [("ops", None)]
    assert "ops" in run("keys", "list").output
    assert run("keys", "revoke", made["key_id"]).exit_code == 0
    assert json.loads(run("keys", "list", "--json").stdout)[0]["revoked"]
    assert run("keys", "create").exit_code == 2
    assert run("keys", "create", "--scope", "all").exit_code == 2


def test_replay_without_a_mapping_is_told_before_any_call(run: Run, tmp_path: Path) -> None:
    """A log that no example is made for needs --mapping, and the error says so."""
    error = run("replay", str(tmp_path / "other.csv")).exception
    assert isinstance(error, InvalidConfigError)
    assert "--mapping" in str(error)


def test_explanation_for_people_has_every_part() -> None:
    """Context, eligible set with reasons, distribution, draw, policy version, and the verdict."""
    found = {
        "decision_id": "d1",
        "at": "2026-01-01T00:00:00+00:00",
        "due": "2026-01-02T00:00:00+00:00",
        "slot": "banner",
        "slot_revision": 2,
        "variant": "a",
        "propensity": 0.75,
        "reason": "policy",
        "policy": "ensemble",
        "policy_version": 7,
        "channel": "web",
        "page": "home",
        "stickiness": {"unit": "banner", "period": 3},
        "cell": "1.0",
        "context": {"stage": "growth"},
        "removed": {"b": "requires:own_number"},
        "distribution": {"a": 0.75, "c": 0.25},
        "u": 2**62,
        "reproduced": True,
    }
    text = "\n".join(lines(found))
    for part in ("stage", "growth", "requires:own_number", "0.750000", "version 7", "= 0.250000"):
        assert part in text
    assert "floor" not in text
    assert "  floor           0.004000" in lines(found | {"floor": 0.004})
    assert text.endswith("reproduced: yes")
    assert "\n".join(lines(found | {"reproduced": False})).endswith("reproduced: no")


def test_o07_make_demo_leaves_the_data_of_make_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`nudge serve --demo` serves its own directory; one that is named is taken as it is."""
    served: list[Path] = []

    def supervise(settings: Settings, *_: object) -> int:
        served.append(settings.data_dir)
        return 0

    monkeypatch.setattr("nudge.cli.serve.supervise", supervise)
    monkeypatch.setenv("NUDGE_DATA_DIR", str(tmp_path / "data"))
    for options in ([], ["--data-dir", str(tmp_path / "mine")]):
        done = CliRunner().invoke(cli, ["serve", "--demo", *options])
        assert done.exit_code == 0, done.output
    assert served == [tmp_path / "data-demo", tmp_path / "mine"]
    assert not (tmp_path / "data").exists()


def test_check_names_a_slot_that_is_no_flag_of_its_kind(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in `[ofrep] slots` ends the check with its key; an unknown slot is a warning."""
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    monkeypatch.setenv("NUDGE_CONFIG_DIR", str(config))
    file = config / "nudge.toml"
    rest = file.read_text("utf-8")
    file.write_text(
        f'{rest}\n[ofrep.slots.banners]\n[ofrep.slots.banner]\nkind = "boolean"\n', "utf-8"
    )
    error = str(run("check").exception)
    assert "ofrep.slots.banner: variant 'data_draw' has no value of kind boolean" in error
    file.write_text(f"{rest}\n[ofrep.slots.banners]\n", "utf-8")
    done = run("check")
    assert done.exit_code == 0, done.output
    assert "ofrep.slots.banners: no such file in slots; did you mean 'banner'?" in done.stderr
