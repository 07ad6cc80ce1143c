"""The command line: each command has a module of its own, which is imported on demand."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import NamedTuple

import click

from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidConfigError, NudgeError
from nudge.settings.private import make_files_private
from nudge.settings.threads import one_core_each

__all__ = ["cli", "main"]


class Command(NamedTuple):
    """An entry of the overview: a command's module below `nudge.cli`, and its line of help."""

    module: str
    help: str


COMMANDS = {
    "serve": Command("serve", "Run store, worker and web under one supervisor."),
    "work": Command("serve", "Run the folds: attribute, learn, archive, monitor."),
    "apply": Command("slots", "Put slots and configuration into service."),
    "slots": Command("slot_policy", "Set a slot's policy back to an earlier version."),
    "quarantine": Command(
        "alarms.quarantine", "Mark intervals that teach nothing, release or discard them."
    ),
    "alarms": Command("alarms.alarms", "List alarms, and say what was done about them."),
    "warnings": Command(
        "care.warnings",
        "Tell who is about to leave, and what was done; teach the model of complaints.",
    ),
    "worklist": Command(
        "care.worklist",
        "Tell whose turn it is; assign, hand over, export to call centres, import outcomes.",
    ),
    "rhythm": Command(
        "care.rhythm",
        "Tell the rhythm of purchases: who still comes, and when the next one is expected.",
    ),
    "winback": Command(
        "care.winback", "Tell who left the path and whom to call, and whom a contact brings back."
    ),
    "measures": Command(
        "care.measures",
        "Tell what is due for whom in each stage, and grant it: one benefit of a group, once.",
    ),
    "segment": Command(
        "people.segment",
        "Tell who belongs to which segment, since when, and how many did each day.",
    ),
    "check": Command(
        "slots",
        "Validate settings and slots, and print what is in force, the contact policy in words.",
    ),
    "contact": Command(
        "people.contact", "Check the text of an SMS before it goes out, and read replies to one."
    ),
    "consent": Command("people.consent", "Export proofs of consent, of one visitor or of all."),
    "keys": Command("keys", "Make, list and revoke API keys."),
    "users": Command("users", "Add users of the pages, and give them roles, links and passwords."),
    "sdk": Command("sdk", "Print the script tag by which a page loads the browser SDK."),
    "simulate": Command("lab.simulate", "Send simulated visitors through the running service."),
    "history": Command(
        "lab.history",
        "Make a month of simulated history, with an outage, warnings and lists in it.",
    ),
    "replay": Command("lab.replay", "Send a real campaign log through the running service."),
    "evaluate": Command(
        "reports.evaluate", "Estimate what another policy would have earned on a log."
    ),
    "funnel": Command(
        "reports.funnel", "Show where visitors leave the path, and for which reasons."
    ),
    "experience": Command(
        "reports.experience", "Show how visitors score scenes, and the words of low scores."
    ),
    "report": Command("reports.report", "Summarise a week of all slots on one page of plain text."),
    "notices": Command("alarms.notices", "Test the notices of alarms, and list what was sent."),
    "model": Command(
        "reports.model", "Tell in words what the policy of a slot shows to whom, and why."
    ),
    "export": Command("export", "Export the log of a slot for other tools."),
    "load": Command("people.load", "Load the operator's data about visitors."),
    "plan": Command(
        "plans.plan", "Plan an SMS for each visitor of a file: a send time, or the reason for none."
    ),
    "import": Command(
        "import_", "Import a historical log, as a warm start; or take an import back."
    ),
    "erase": Command(
        "people.erase",
        "Forget people: their ids, numbers, texts and state, also in the store's log.",
    ),
    "people": Command("people.people", "Take apart two visitors who were taken for one."),
    "reseal": Command("reseal", "Encrypt the vault's contents anew, under its newest key."),
    "explain": Command("explain", "Explain a decision, and repeat its draw."),
    "verify": Command("verify", "Check that journal, lake and folds agree."),
    "backup": Command("backup", "Copy journal and vault, slots and keys to a file in DIR."),
    "restore": Command(
        "backup", "Put a backup back into an empty store; the service must be stopped."
    ),
    "store": Command("store", "Check that the store is the known one, or accept another."),
    "rebuild": Command("rebuild", "Rebuild the state of folds from lake and journal."),
}


class _Lazy(click.Group):
    """A group that knows its commands by name and help, so that help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands, in the order in which users meet them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name: the object of that name in its module."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        found = getattr(importlib.import_module(f"nudge.cli.{entry.module}"), name)
        if not isinstance(found, click.Command):
            raise TypeError(f"nudge.cli.{entry.module}.{cmd_name} is not a command")
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what it says of a wrong option repeats nobody's number."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = mask_numbers(error.message)  # type: ignore[misc] # shown, not compared
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview of the commands."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nudge")
def cli() -> None:
    """Nudge: decisions for recharge channels, each a draw from a known distribution.

    Settings come from config/nudge.toml and NUDGE_* variables; `nudge check` prints them.
    """
    from nudge.logs.configuration import configure  # noqa: PLC0415 - the overview logs nothing

    make_files_private()

    configure("command")


def main() -> None:
    """Run the command line; an expected error is one line, not a traceback."""
    one_core_each()
    try:
        cli(prog_name="nudge")
    except NudgeError as error:
        click.echo(describe_error(error), err=True)
        sys.exit(1)


def describe_error(error: NudgeError) -> str:
    """Describe an error in one line, and in one more for each of several problems."""
    found = error.problems if isinstance(error, InvalidConfigError) else [str(error)]
    problems = [mask_numbers(one) for one in found]
    if len(problems) == 1:
        return f"nudge: {problems[0]}"
    return "\n".join([f"nudge: {len(problems)} problems", *(f"  {one}" for one in problems)])
