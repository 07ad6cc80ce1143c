"""The command `nudge model`."""

from __future__ import annotations

from pathlib import Path

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.model.slot_model import slot_model
from nudge.errors import NotFoundError
from nudge.store.service.catalogue import Catalogue
from nudge.wiring.command import open_installation


@click.command()
@click.argument("slot")
@click.option("--lang", type=click.Choice(("zh", "en")), default="en", show_default=True)
@data_dir_option
@json_option
def model(slot: str, lang: str, data_dir: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Tell in words what the policy of a slot shows to whom, and why.

    It is the policy that was published last; the same as GET /v1/slots/SLOT/model.
    """
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        served = installation.store.catalogue.refresh(Catalogue.empty()).slots.get(slot)
    if served is None:
        raise NotFoundError(f"slot {slot!r} is not configured")
    found = slot_model(served, settings.holdout, OperatorCalendar.named(settings.zone))
    if as_json:
        print_json(found)
        return
    for one in found["sentences"]:
        click.echo(one[lang])
