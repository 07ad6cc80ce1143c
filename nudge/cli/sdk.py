"""The command `nudge sdk`: how a page loads the browser SDK."""

from __future__ import annotations

import click

from nudge.api.sdk_files import read_sdk_files
from nudge.cli.common import json_option, load_settings, print_json
from nudge.client.api import split_url


@click.command()
@click.option(
    "--url",
    metavar="URL",
    help="Address of the service as browsers see it; by default that of the settings.",
)
@json_option
def sdk(url: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Print the script tag by which a page loads the browser SDK.

    The path has the version in it and the tag its hash, and neither ever changes: a page that pins
    them keeps what it tested.
    """
    endpoint = split_url(url or load_settings().url).geturl().rstrip("/")
    files = read_sdk_files()
    present = files.versions[files.current]
    if as_json:
        told = {"version": present.version, "integrity": present.integrity}
        print_json(told | {"url": endpoint + present.path, "tag": present.tag(endpoint)})
    else:
        click.echo(present.tag(endpoint))
