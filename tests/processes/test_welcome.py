"""The welcome of `nudge serve`: who may read which key where."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nudge.processes.welcome import welcome
from nudge.settings.settings import Settings, load

GIVEN = "0123456789abcdef" * 2


def loaded(directory: Path, **more: str) -> Settings:
    own = {"NUDGE_DATA_DIR": str(directory / "a 'b'"), "NUDGE_CONFIG_DIR": str(directory)}
    return load(own | more)


def words_of(text: str, **environ: str) -> list[str]:
    """Return the words of the curl line as a shell reads it."""
    line = next(line for line in text.splitlines() if line.strip().startswith("curl "))
    script = f"set -- {line}\nprintf '%s\\n' \"$@\""
    environ |= {"PATH": "/usr/bin:/bin"}
    command = ["/bin/sh", "-c", script]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_s11_keys_are_told_when_they_are_made_and_to_a_terminal_only(tmp_path: Path) -> None:
    """Made just now, on a terminal: the keys. In a file or a second time: where they are kept."""
    first = loaded(tmp_path)
    made = (str(first.admin_key), str(first.page_key))
    assert all(key in welcome(first, terminal=True) for key in made)
    for text in (welcome(first, terminal=False), welcome(loaded(tmp_path), terminal=True)):
        assert not any(key in text for key in made)
        assert str(first.secrets_file) in text
    assert first.secrets_file.stat().st_mode & 0o777 == 0o600


def test_s11_a_key_of_the_environment_is_never_printed(tmp_path: Path) -> None:
    """A variable that was set is told by name, also beside keys that were made just now."""
    settings = loaded(tmp_path, NUDGE_ADMIN_KEY=GIVEN)
    text = welcome(settings, terminal=True)
    assert GIVEN not in text
    assert "from NUDGE_ADMIN_KEY" in text
    assert str(settings.page_key) in text


@pytest.mark.parametrize("terminal", [True, False])
def test_s11_the_curl_line_works_though_it_shows_no_key(tmp_path: Path, *, terminal: bool) -> None:
    """A shell fills the page key in, from the file or from the environment."""
    settings = loaded(tmp_path)
    header = f"Authorization: Bearer {settings.page_key}"
    assert header in words_of(welcome(settings, terminal=terminal))
    given = loaded(tmp_path, NUDGE_PAGE_KEY=GIVEN)
    text = welcome(given, terminal=terminal)
    assert GIVEN not in text
    assert f"Authorization: Bearer {GIVEN}" in words_of(text, NUDGE_PAGE_KEY=GIVEN)


def test_the_welcome_tells_how_the_first_admin_signs_in(tmp_path: Path) -> None:
    """The line is there as long as there is somebody to invite."""
    settings = loaded(tmp_path)
    assert "sign in    by the file" in welcome(settings, terminal=False, sign_in="by the file")
    assert "sign in" not in welcome(settings, terminal=True)
