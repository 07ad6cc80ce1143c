"""The commands `nudge apply` and `nudge check`."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.cli.config_path import ConfigPath, read_path
from nudge.clock import now
from nudge.config.documents.configuration import Configuration
from nudge.config.documents.consent_tables import describe_consent
from nudge.config.documents.contact_file import contact_warnings
from nudge.config.documents.document import DocumentChange
from nudge.config.documents.funnel_file import FILE as FUNNEL
from nudge.config.documents.funnel_file import funnel_warnings
from nudge.config.documents.measures_file import FILE as MEASURES
from nudge.config.documents.measures_file import measure_warnings, slot_problems
from nudge.config.documents.message_texts import text_findings
from nudge.config.documents.segment_file import context_warnings
from nudge.config.documents.winback_file import offer_warnings
from nudge.config.documents.worklist_file import worklist_warnings
from nudge.config.slot_change import Change, Edit, plan, refusals
from nudge.config.slot_file import dump_slot, load_slots
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.contact.contact_words import describe_policy
from nudge.domain.slots.flag_values import flag_set_problems, unknown_flags
from nudge.domain.slots.slot import Slot
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidConfigError
from nudge.flows.upkeep.apply import apply as write
from nudge.flows.upkeep.setup.apply_documents import apply_documents, check_documents
from nudge.models.complaints.file import load_complaint_model, own_model
from nudge.settings.settings import Settings, stray_variables
from nudge.store.store import Store
from nudge.wiring.command import open_installation


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the changes without making them.")
@click.option("--history", is_flag=True, help="Show who changed PATH, when and why; write nothing.")
@click.option("--why", default="", help="Reason, for the audit entry.")
@click.option("--who", default=None, help="Author of the change; by default the system's user.")
@data_dir_option
@json_option
def apply(
    path: Path,
    dry_run: bool,  # noqa: FBT001 - click's flags
    history: bool,  # noqa: FBT001 - click's flags
    why: str,
    who: str | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Put slots and configuration into service.

    PATH is a file or a directory: of slots, of the configuration (contact.toml and its file of
    dates, segments.toml, funnel.toml), or both, as in config. A slot's file with a higher revision
    replaces the slot in service; a configuration file that differs becomes a new revision. What has
    no file stays. All processes follow within a second. Nothing is written unless all of it fits.
    """
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        given = read_path(path, installation.store)
        if history:
            _tell_history(given, installation.store, settings.zone, as_json=as_json)
            return
        if refused := refusals(given.slots):
            raise InvalidConfigError(refused)
        check_documents(settings, given.directory, given.current, given.documents)
        _check_slots_of_measures(settings, given, installation.store)
        if not dry_run:
            edit = Edit(mask_numbers(who or getpass.getuser()), mask_numbers(why), now())
            apply_documents(installation.store, given.documents, edit)
            write(installation.store, given.slots, edit)
    if as_json:
        slots = [_plain(one, written=one.changes and not dry_run) for one in given.slots]
        print_json([*(_plain_document(one, dry_run=dry_run) for one in given.documents), *slots])
    else:
        _show_documents(given.documents, dry_run=dry_run)
        _show(given.slots, dry_run=dry_run)


@click.command()
@click.option(
    "--language",
    type=click.Choice(("zh", "en")),
    default="zh",
    show_default=True,
    help="Language of the contact policy in words.",
)
@data_dir_option
@json_option
def check(
    language: str,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Validate settings and slots, and print what is in force, the contact policy in words.

    Secrets are masked. Ends with 1 if there are problems; each one names file, key and cure.
    """
    settings = load_settings(data_dir)
    directory = settings.config_dir / "slots"
    slots = load_slots(directory) if directory.is_dir() else {}
    if refused := refusals(plan({}, slots)):
        raise InvalidConfigError(refused)
    flags = settings.ofrep_slots or ()
    if wrong := flag_set_problems(flags, slots):
        raise InvalidConfigError(wrong)
    found = Configuration(settings)
    rules, told = _check_contact(found, language)
    warnings = [*unknown_flags(flags, slots), *_check_funnel(found), *told]
    warnings += _check_rules(found, slots)
    if (model := own_model(settings.data_dir)).exists():
        load_complaint_model(model)
    warnings += context_warnings(slots.values(), found.segments, settings.people_attributes)
    warnings += _check_measures(found, slots)
    for name, meant in stray_variables().items():
        hint = f"; did you mean {meant}?" if meant else ""
        warnings.append(f"unknown setting {name}{hint}")
    for text in warnings:
        click.echo(f"warning: {text}", err=True)
    if as_json:
        plain = {name: dump_slot(slot) for name, slot in slots.items()}
        print_json({"settings": settings.masked(), "slots": plain, "contact_policy": rules})
        return
    for table in (_settings(settings.masked()), _slots(slots.values())):
        out().print(table)
    for sentence in rules:
        click.echo(sentence)


def _check_slots_of_measures(settings: Settings, given: ConfigPath, store: Store) -> None:
    """Check that what measures name is in service, or is applied with them.

    Raises:
        InvalidConfigError: a slot or a group is not there.
    """
    new = {one.document.name: one.document for one in given.documents}
    if MEASURES not in new:
        return
    place = replace(settings, config_dir=given.directory)
    measures = Configuration(place, {**given.current, **new}).measures
    slots = {**store.slots.current(), **{one.slot.name: one.slot for one in given.slots}}
    if wrong := slot_problems(measures.values(), slots):
        raise InvalidConfigError(wrong)


def _check_measures(found: Configuration, slots: Mapping[str, Slot]) -> list[str]:
    """Return the warnings on the measures.

    Raises:
        InvalidConfigError: they are wrong, or name a slot that is not there.
    """
    measures = found.measures.values()
    if wrong := slot_problems(measures, slots):
        raise InvalidConfigError(wrong)
    return measure_warnings(measures, (*found.segments, *found.settings.people_attributes))


def _check_funnel(found: Configuration) -> list[str]:
    """Return the warnings on the funnel; nothing without its file.

    Raises:
        InvalidConfigError: it is wrong.
    """
    if not found.tables.has(FUNNEL):
        return []
    _ = found.funnel
    return funnel_warnings(found.settings.config_dir)


def _check_rules(found: Configuration, slots: Mapping[str, Slot]) -> list[str]:
    """Return the warnings on win-back and work lists; monitors, words and rules are checked.

    Raises:
        InvalidConfigError: a file is wrong, or two of them name one rule.
    """
    _ = found.monitors, found.lexicon, found.rule_book
    lists = worklist_warnings(found.tables, found.worklist)
    return [*offer_warnings(found.winback, slots), *lists]


def _check_contact(found: Configuration, language: str) -> tuple[list[str], list[str]]:
    """Return the contact policy in words, and the warnings on it; nothing without its file.

    Raises:
        InvalidConfigError: it is wrong, or a text has an error.
    """
    if not found.plans_contacts:
        return [], []
    rules = describe_policy(found.contact, language) + describe_consent(found.tables, language)
    return rules, _contact_warnings(found, language)


def _contact_warnings(found: Configuration, language: str) -> list[str]:
    """Return the warnings on the contact policy, its texts and its days off.

    Raises:
        InvalidConfigError: a text has an error.
    """
    texts = list(text_findings(found.tables, found.contact, language))
    if wrong := [line for one, line in texts if one.level == "error"]:
        raise InvalidConfigError(wrong)
    missing = found.holiday_years.describe_missing(now())
    told = contact_warnings(found.contact, found.settings.zone)
    told = [*told, *(line for _, line in texts)]
    return [*told, missing] if missing else told


def _plain(change: Change, *, written: bool) -> dict[str, object]:
    return {
        "slot": change.slot.name,
        "revision": change.slot.revision,
        "action": change.action,
        "diff": list(change.diff),
        "written": written,
    }


def _tell_history(given: ConfigPath, store: Store, zone: str, *, as_json: bool) -> None:
    names = [one.document.name for one in given.documents]
    found = {name: store.documents.audits(name) for name in names}
    found |= {one.slot.name: store.slots.audits(one.slot.name) for one in given.slots}
    if as_json:
        print_json(found)
        return
    calendar = OperatorCalendar.named(zone)
    for name, entries in found.items():
        for one in entries:
            at, why = calendar.label(int(float(str(one["at"])))), one["why"] or "no reason given"
            told = f"{name} revision {one['revision']}: {one['action']}"
            click.echo(f"{told}, {at}, by {one['who']}: {why}")
            for line in one["diff"] if isinstance(one["diff"], list) else ():
                click.echo(f"  {line}")


def _plain_document(change: DocumentChange, *, dry_run: bool) -> dict[str, object]:
    return {
        "document": change.document.name,
        "revision": change.document.revision,
        "action": change.action,
        "diff": list(change.diff),
        "written": change.changes and not dry_run,
    }


def _show_documents(changes: Iterable[DocumentChange], *, dry_run: bool) -> None:
    for change in changes:
        would = "would " if dry_run and change.changes else ""
        named = f"{change.document.name} revision {change.document.revision}"
        click.echo(f"{named}: {would}{change.action}")
        for line in change.diff:
            click.echo(f"  {line}")


def _show(changes: Iterable[Change], *, dry_run: bool) -> None:
    for change in changes:
        would = "would " if dry_run and change.changes else ""
        click.echo(f"{change.slot.name} revision {change.slot.revision}: {would}{change.action}")
        for line in change.diff if change.action != "stale" else ():
            click.echo(f"  {line}")
        if change.action == "stale" and change.before is not None:
            click.echo(f"  the service has revision {change.before.revision}: left as it is")


def _settings(masked: dict[str, object]) -> Table:
    table = Table("setting", "value", title="Settings")
    for name, value in masked.items():
        table.add_row(name, escape("-" if value is None else str(value)))
    return table


def _slots(slots: Iterable[Slot]) -> Table:
    columns = ("slot", "revision", "policy", "on", "reward", "variants")
    table = Table(*columns, title="Slots")
    for slot in slots:
        reward = f"{slot.terms.event} ({slot.terms.objective})"
        kind, names = str(slot.policy["kind"]), ", ".join(slot.names)
        table.add_row(slot.name, str(slot.revision), kind, slot.terms.on, reward, names)
    return table
