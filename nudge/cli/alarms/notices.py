"""The commands `nudge notices`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click
from rich.markup import escape
from rich.table import Table

from nudge.cli.common import data_dir_option, json_option, load_settings, out, print_json
from nudge.domain.alarms.delivery import Delivery, Notice, NoticeKind, delivery_view
from nudge.domain.alarms.notice_address import address_label
from nudge.domain.alarms.notice_policy import NoticePolicy
from nudge.domain.alarms.notice_texts import proof_text
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.settings.notice_secrets import notice_secrets
from nudge.wiring.command import applied_configuration, open_installation

MOST: Final = 50
"""Deliveries that are listed by default."""


class _Proof(NamedTuple):
    """A test notice and what became of it."""

    person: str
    address: str
    notice_id: str
    problem: str | None


@click.group()
def notices() -> None:
    """Test the notices of alarms, and list what was sent."""


@notices.command()
@click.option("--person", help="Name of one person; by default everybody.")
@data_dir_option
@json_option
def test(
    person: str | None,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Send a test notice to each address now, and tell what became of it.

    Secrets are read from the variables NOTICE_... of this command: run it in the environment of the
    worker. The exit status is 1 where an address did not take it.
    """
    settings = load_settings(data_dir)
    policy = applied_configuration(settings).notices
    found = []
    for one in _proofs(policy, _names(policy, person)):
        found.append(one)
        if not as_json:
            end = "sent" if one.problem is None else f"not sent: {one.problem}"
            click.echo(f"{one.person}  {one.address}  {end}")
    if as_json:
        print_json([one._asdict() for one in found])
    if any(one.problem for one in found):
        raise SystemExit(1)


def _names(policy: NoticePolicy, person: str | None) -> tuple[str, ...]:
    if not policy.people:
        raise click.ClickException("nobody is listed; add [[people]] to config/monitors.toml")
    if person is not None and person not in policy.people:
        known = ", ".join(policy.people)
        raise click.BadParameter(f"nobody of that name; use one of {known}", param_hint="--person")
    return tuple(policy.people) if person is None else (person,)


def _proofs(policy: NoticePolicy, names: tuple[str, ...]) -> Iterator[_Proof]:
    from nudge.notices.sender import Sender  # noqa: PLC0415 - apprise, which help does not need

    sender, run = Sender(notice_secrets()), secrets.token_hex(8)
    for addressee in policy.addressees(names):
        notice = Notice(NoticeKind.TEST, addressee, (), run)
        problem = sender.send(notice, proof_text(notice, policy.people[addressee.person].language))
        yield _Proof(addressee.person, address_label(addressee.url), notice.id, problem)


@notices.command("list")
@click.option("--alarm", help="Id of an alarm; by default all.")
@click.option("--all", "everything", is_flag=True, help=f"More than the latest {MOST}.")
@data_dir_option
@json_option
def list_(
    alarm: str | None,
    everything: bool,  # noqa: FBT001 - click's flags
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """List the notices that were sent, or tried, the latest first."""
    settings = load_settings(data_dir)
    calendar = OperatorCalendar.named(settings.zone)
    with open_installation(settings) as installation:
        every = installation.store.deliveries.read().values()
    found = sorted(_about(every, alarm), key=lambda one: -one.last)
    views = [delivery_view(one, calendar) for one in (found if everything else found[:MOST])]
    if as_json:
        print_json(views)
        return
    table = Table()
    for title in ("time", "kind", "person", "address", "outcome", "tries", "alarms"):
        table.add_column(title, overflow="fold")
    for one in views:
        cells = (one["last_try"], one["kind"], one["person"], one["address"])
        told = " ".join(filter(None, (one["outcome"], one["detail"])))
        table.add_row(
            *(escape(str(cell)) for cell in cells),
            escape(told),
            str(one["attempts"]),
            escape(" ".join(one["alarms"])),
        )
    out().print(table)


def _about(deliveries: Iterable[Delivery], alarm: str | None) -> list[Delivery]:
    return [
        one
        for one in deliveries
        if alarm is None or any(occasion.alarm == alarm for occasion in one.notice.occasions)
    ]
