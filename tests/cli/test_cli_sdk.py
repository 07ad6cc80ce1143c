"""`nudge sdk`: the script tag of the browser SDK."""

from __future__ import annotations

import json

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
