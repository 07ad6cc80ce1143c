"""The commands `nudge serve` and `nudge work`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import structlog

from lab.shop.payment_news import register_ingest_key
from lab.shop.shop_files import find_shop_files
from nudge.cli.common import data_dir_option, load_settings
from nudge.cli.demo_history import make_demo_history
from nudge.clock import now
from nudge.config.slot_change import Edit, plan, refusals
from nudge.config.slot_file import load_slots
from nudge.errors import NudgeError
from nudge.flows.accounts.first_admin import invite_first_admin
from nudge.flows.upkeep.apply import apply
from nudge.flows.upkeep.setup.apply_documents import apply_missing
from nudge.flows.upkeep.setup.page_key import register_page_key as register_key
from nudge.processes.supervise import Program, programs
from nudge.processes.supervise import serve as supervise
from nudge.processes.welcome import NO_PAGES
from nudge.settings.settings import Settings
from nudge.wiring.command import open_installation

log = structlog.get_logger()

DEMO_VISITORS = 10_000_000
"""Visitors of a demonstration, so many that it runs until Ctrl-C."""
DEMO_PACE = ("--rate", "1", "--boost", "1")
"""Pace of live visitors behind a history: more and more eager ones would make its figures jump."""
DEMO_WEB = "lab.shop.web:create_app()"
LINK_FILE = "first-admin-link"
"""File of the data directory with the link that signs the first admin in."""
DEMO_PAGES = {"example": "/example"}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="TCP port, instead of NUDGE_BIND's.")
@data_dir_option
@click.option("--no-examples", is_flag=True, help="Do not apply config on start.")
@click.option(
    "--demo",
    is_flag=True,
    help="Send simulated visitors, so that figures move, and serve the example shop at /example;"
    " their data are their own (DATA_DIR-demo). The first start makes a month of history.",
)
@click.option("--no-history", is_flag=True, help="With --demo: begin without a history.")
def serve(
    port: int | None,
    data_dir: Path | None,
    no_examples: bool,  # noqa: FBT001 - click's flags
    demo: bool,  # noqa: FBT001 - click's flags
    no_history: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Run store, worker and web under one supervisor.

    The store is an embedded one in the data directory, unless NUDGE_REDIS_URL names another.
    Slot files in config/slots that are new, or have a higher revision, are applied first, and
    configuration files that the store has not. Ctrl-C stops everything.
    """

    def prepare(settings: Settings) -> None:
        if demo and not no_history:
            make_demo_history(settings)
        look_at_store(settings)
        register_page_key(settings)
        if not no_examples:
            apply_configured(settings)
        if demo:
            register_shop_key(settings)

    settings = load_settings(data_dir, port, "serve", demo=demo)
    if not demo:
        sys.exit(supervise(settings, prepare, None, NO_PAGES, invite))
    pages = DEMO_PAGES if find_shop_files().there else {}
    pace = () if no_history else DEMO_PACE
    sys.exit(supervise(settings, prepare, _demo_programs(settings, pace), pages, invite))


def _demo_programs(settings: Settings, pace: Sequence[str]) -> list[Program]:
    """List the programs: worker, web with the shop and, once they are ready, simulated visitors."""
    command = [sys.executable, "-m", "nudge", "simulate", "--demo", "--no-bar"]
    command += ["--visitors", str(DEMO_VISITORS), *pace]
    return [*programs(settings, DEMO_WEB), Program("visitors", command, later=True, once=True)]


def invite(settings: Settings, terminal: bool) -> str:  # noqa: FBT001 (`Invite`)
    """Return how the first admin signs in; empty where an admin has a password.

    What is printed elsewhere than on a terminal stays in files, and logs travel: there the link
    stands in a file of its owner alone.
    """
    file = settings.data_dir / LINK_FILE
    try:
        with open_installation(settings) as installation:
            link = invite_first_admin(installation.store)
    except NudgeError as error:
        log.warning("no_invitation", error=str(error), cure="run `nudge users link admin`")
        return ""
    file.unlink(missing_ok=True)
    if link is None:
        return ""
    url = f"{settings.url}{link.path}"
    if terminal:
        return f"{url} (the first admin, once, within 24 hours)"
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(f"{url}\n", "utf-8")
    return f"by the link in {file} (the first admin, once, within 24 hours)"


def look_at_store(settings: Settings) -> None:
    """Check that the store is the known one before the first write; print a warning if not."""
    with open_installation(settings) as installation:
        wrong = installation.store.identity.recognise(settings.store_note)
    if wrong:
        log.warning("wrong_store", reason=wrong.reason, error=str(wrong))


def register_page_key(settings: Settings) -> None:
    """Put the pages' key into the store, where it can be listed and revoked."""
    with open_installation(settings) as installation:
        register_key(installation.store, settings)


def register_shop_key(settings: Settings) -> None:
    """Put the key of the example shop's server into the store."""
    with open_installation(settings) as installation:
        register_ingest_key(installation.store, settings)


def apply_configured(settings: Settings) -> None:
    """Apply config/slots, and the configuration that the store has not; refusals are warnings.

    Raises:
        InvalidConfigError: a file is invalid.
    """
    directory, edit = settings.config_dir / "slots", Edit("nudge serve", "start", now())
    with open_installation(settings) as installation:
        for name in apply_missing(installation.store, settings, edit):
            file = settings.config_dir / name
            told = "differs from what is applied, and that counts"
            click.echo(f"warning: {file}: {told}; run `nudge apply {file}`", err=True)
        if not directory.is_dir():
            return
        changes = plan(installation.store.slots.current(), load_slots(directory))
        for line in refusals(changes):
            log.warning("slot_left_out", problem=f"{directory}/{line}")
        good = [change for change in changes if change.changes and not refusals([change])]
        apply(installation.store, good, edit)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@data_dir_option
@click.option("--no-examples", is_flag=True, help="Leave a store that has no slot as it is.")
def work(names: tuple[str, ...], data_dir: Path | None, no_examples: bool) -> None:  # noqa: FBT001 - click's flags
    """Run the folds: attribute, learn, archive, monitor.

    Without a NAME, all of them. Several workers share the partitions; when one dies, the others
    take over. A store that never had a slot gets those of config/slots.
    """
    from nudge.wiring.worker import work as run  # noqa: PLC0415 - pyarrow and scipy, which serve does not need

    settings = load_settings(data_dir, process="worker")
    sys.exit(run(settings, list(names), first_slots=not no_examples))
