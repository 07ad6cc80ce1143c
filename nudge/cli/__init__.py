"""The command line: each command in a module of its own, loaded when it is asked for."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import NamedTuple

import click

from nudge.errors import InvalidConfigError, NudgeError
from nudge.settings.threads import one_core_each

__all__ = ["cli", "main"]


class Command(NamedTuple):
    """Where a command is, and what the overview says of it.

    Attributes:
        module: to import.
        help: one line.
    """

    module: str
    help: str


COMMANDS = {
    "serve": Command("serve", "Run store, worker and web under one supervisor."),
    "work": Command("serve", "Run the folds: attribute, learn, archive."),
    "apply": Command("slots", "Put slot files into service."),
    "check": Command("slots", "Validate settings and slots, and print what is in force."),
    "keys": Command("keys", "Make, list and revoke API keys."),
    "simulate": Command("simulate", "Send simulated visitors through the running service."),
    "replay": Command("replay", "Send a real campaign log through the running service."),
    "evaluate": Command("evaluate", "Tell what another policy would have got on a log."),
    "funnel": Command("funnel", "Tell where visitors leave the path, and for what reason."),
    "export": Command("export", "Hand the log of a slot to other tools."),
    "load": Command("load", "Bring in what the operator knows."),
    "plan": Command("plan", "Plan an SMS for each customer of a file: when to write, or why not."),
    "import": Command("import_", "Take a historical log in, as a warm start."),
    "erase": Command(
        "erase", "Forget people: their ids, numbers, texts and state, also in the store's log."
    ),
    "reseal": Command("reseal", "Encrypt what the vault holds anew, under its newest key."),
    "explain": Command("explain", "Tell why a decision was made, and repeat its draw."),
    "verify": Command("verify", "Check that journal, lake and folds agree."),
    "backup": Command("backup", "Copy journal and vault, slots and keys to a file in DIR."),
    "restore": Command(
        "backup", "Put a backup back into an empty store; the service must be stopped."
    ),
    "store": Command(
        "store", "Tell whether the store is the one that was known, and accept another."
    ),
    "rebuild": Command(
        "rebuild", "Throw folds' states away and make them anew from lake and journal."
    ),
}


class _Lazy(click.Group):
    """Knows its commands by name and help, so that help needs none of their imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name: the object of that name in its module."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        found = getattr(importlib.import_module(f"nudge.cli.{entry.module}"), name)
        if not isinstance(found, click.Command):
            raise TypeError(f"nudge.cli.{entry.module}.{cmd_name} is no command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nudge")
def cli() -> None:
    """Nudge: decisions for recharge channels, each a draw from a known distribution.

    Settings come from config/nudge.toml and NUDGE_* variables; `nudge check` prints them.
    """


def main() -> None:
    """Run the command line; what went wrong on purpose is told in a line, not a traceback."""
    one_core_each()
    try:
        cli(prog_name="nudge")
    except NudgeError as error:
        click.echo(told(error), err=True)
        sys.exit(1)


def told(error: NudgeError) -> str:
    """The error for people: one line, and one more for each of several problems."""
    problems = error.problems if isinstance(error, InvalidConfigError) else [str(error)]
    if len(problems) == 1:
        return f"nudge: {problems[0]}"
    return "\n".join([f"nudge: {len(problems)} problems", *(f"  {one}" for one in problems)])
