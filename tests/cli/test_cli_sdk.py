"""`nudge sdk`: the script tag of the browser SDK."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from nudge import cli as entry
from nudge.api.sdk_files import read_sdk_files
from nudge.settings.settings import Settings


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, ["sdk", *words], env=settings.to_environ())


def test_the_tag_names_version_and_hash(settings: Settings) -> None:
    """A page can paste the line: the address as browsers see it, and the hash of that version."""
    done = run(settings, "--url", "https://nudge.example/")
    present = read_sdk_files().versions[read_sdk_files().current]
    assert done.exit_code == 0, done.output
    assert done.output == (
        f'<script src="https://nudge.example/sdk/{present.version}/nudge.js" '
        f'integrity="{present.integrity}" crossorigin="anonymous"></script>\n'
    )


def test_programs_get_the_parts(settings: Settings) -> None:
    """`--json` has each part by itself; without `--url` the address is that of the settings."""
    told = json.loads(run(settings, "--json").output)
    assert told["url"] == f"{settings.url}/sdk/{told['version']}/nudge.js"
    assert told["integrity"] in told["tag"]


@pytest.mark.parametrize("url", ["nonsense", "ftp://nudge.example", "https://"])
def test_an_address_that_is_none_is_refused(settings: Settings, url: str) -> None:
    """A page with such a tag would load nothing: the message says what to write."""
    done = run(settings, "--url", url)
    assert done.exit_code != 0
    assert "write http://HOST:PORT" in done.output + str(done.exception)


def test_an_address_cannot_leave_its_attribute(settings: Settings) -> None:
    """The line is pasted into pages: what HTML would read as more is escaped."""
    done = run(settings, "--url", 'https://nudge.example/"><script>')
    assert done.output.count("<script") == 1
