"""The command `nudge slots rollback`."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.clock import now
from nudge.config.slot_change import Edit
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError
from nudge.flows.upkeep.rollback import hold_policy, let_go
from nudge.store.store import Store
from nudge.wiring.command import open_installation


@click.group()
def slots() -> None:
    """Set a slot's policy back to an earlier version."""


@slots.command()
@click.argument("slot")
@click.option("--version", type=click.IntRange(1), help="Version to serve again.")
@click.option("--release", is_flag=True, help="Let the policy go: the learner goes on.")
@click.option("--why", default="", help="Reason, for the audit.")
@data_dir_option
@json_option
def rollback(
    slot: str,
    version: int | None,
    release: bool,  # noqa: FBT001 - click's flags
    why: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Serve an earlier version of SLOT's policy again, and publish nothing else until --release.

    Another mode of the slot lets the policy go as well. A repeated call changes nothing.
    """
    if release == (version is not None):
        raise InvalidRequestError("give either --version or --release")
    edit = Edit(mask_numbers(getpass.getuser()), mask_numbers(why), now())
    with open_installation(load_settings(data_dir)) as installation:
        told = _change(installation.store, slot, version, edit)
    if as_json:
        print_json(told)
    else:
        click.echo(f"{slot}: {told['action']}")


def _change(store: Store, slot: str, version: int | None, edit: Edit) -> dict[str, object]:
    known = store.slots.current().get(slot)
    seen = None if known is None else known.revision
    if version is not None:
        hold = hold_policy(store, slot, version, seen, edit)
        return {"slot": slot, "action": f"version {version} is held", "held": hold.plain}
    done = "let go" if let_go(store, slot, seen, edit) else "nothing was held"
    return {"slot": slot, "action": done, "held": None}
