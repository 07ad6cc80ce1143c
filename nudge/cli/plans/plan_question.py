"""The question of `nudge plan`: IN, OUT and options, all checked before anything is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge.cli.common import load_settings, same_file
from nudge.cli.file_summary import FileOptions
from nudge.cli.plans.plan_part import keep, part_of
from nudge.cli.plans.plan_share import SIZE, PlanShare, SharePlanner, make_planner
from nudge.clock import now
from nudge.domain.contact.pressure_rules import MAX_TAG
from nudge.domain.people.loading import ID, MSISDN, column_problems
from nudge.domain.slots.slot import Slot, TrialTerms
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.batch_trials import Batch, TrialOutlook, find_pilot_share
from nudge.domain.timing.plan_columns import unused_columns
from nudge.domain.timing.plan_request import SMS
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.values.words import parse_word
from nudge.errors import InvalidConfigError, UnknownSlotError
from nudge.wiring.command import Installation, open_installation

if TYPE_CHECKING:  # pyarrow, which the command's help does not need
    from nudge.lake.intake.input_file import InputFile


LOOKED: Final = 2_000
"""Rows of which the trials are told before the first plan."""
TOLD: Final = 0.0005
"""Least share of a window that is told."""


@dataclass(frozen=True)
class PlanQuestion:
    """A question that may be worked on.

    Attributes:
        share: input, options and pieces.
        unused: column of IN that changes no plan -> what to do.
        short: the gateway's hours may not suffice for all of IN.
        trials: the trials among the first rows.
        batches: later batches that gain from them.
    """

    file: InputFile
    share: PlanShare
    unused: Mapping[str, str]
    short: bool
    trials: TrialOutlook
    batches: int

    @property
    def told(self) -> str:
        """The sentence about the trials, before the first plan; empty where there are none."""
        found = self.trials
        if not found.share:
            return ""
        largest = sorted(found.windows.items(), key=lambda one: -one[1])
        windows = ", ".join(f"{name} {share:.1%}" for name, share in largest if share >= TOLD)
        behind = f"the {self.batches} batches behind gain from them"
        cost = f"they cost about {max(found.cost, 0.0):.1%} of what all plans bring"
        return f"{found.share:.1%} of the plans are trials ({windows}): {cost}; {behind}"


def check_question(
    source: Path,
    out: Path,
    purpose: str,
    slots: tuple[str, ...],
    options: FileOptions,
    data_dir: Path | None,
    *,
    pilot: bool = False,
    content: str = "",
) -> PlanQuestion:
    """Check everything that can be wrong before the first plan; plan nothing.

    Raises:
        UsageError: the command line is wrong.
        InvalidConfigError: IN cannot be used, or OUT.part has plans of another command.
        StoreAwayError: no answer.
    """
    if same_file(source, out):
        raise click.UsageError(f"IN and OUT are one file, {out}; name another OUT")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"{out.parent} is no directory; make it, or name another OUT")
    file = options.open(source)
    attributes = [name for name in file.columns if name not in (ID, MSISDN)]
    problems = column_problems(file.columns, attributes)
    if problems:
        raise InvalidConfigError([f"{source}: {one}" for one in problems])
    file.check_ids(ID)
    settings = load_settings(data_dir)
    with open_installation(settings) as installation:
        meant = _purpose(installation, purpose)
        head: dict[str, object] = {"purpose": meant, "slots": list(slots)}
        head |= {"encoding": options.encoding, "delimiter": options.delimiter}
        head |= {"data directory": str(settings.data_dir.absolute()), "pilot": pilot}
        tag = _content(content)
        head |= {"content": tag} if tag else {}
        part = part_of(out, source, head)
        share = PlanShare(source, part, options, meant, slots, Batch(file.rows), data_dir, tag)
        desk = _desk(installation, share, file.unit)
        slot = desk.catalogue.slots[SLOT].slot
        if pilot:
            batch = Batch(file.rows, _pilot_share(slot))
            share, desk = replace(share, batch=batch), replace(desk, batch=batch)
        part.check()
        if options.strict:
            _check_rows(file, desk)
        names = (SLOT, *slots)
        asked = [desk.catalogue.slots[name].slot for name in names]
        unused = unused_columns(file.columns, asked, desk.planner.segments)
        count = math.ceil(desk.batch.size)
        short = desk.planner.is_short(desk.catalogue, meant, SMS, count, now())
        behind = (slot.trials or TrialTerms()).batches - (0 if pilot else 1)
        return PlanQuestion(file, share, unused, short, _look_ahead(file, desk), behind)


def _content(written: str) -> str:
    if not written:
        return ""
    try:
        return mask_numbers(parse_word(written, MAX_TAG))
    except ValueRefusedError as error:
        raise click.BadParameter(str(error), param_hint="--content") from error


def _pilot_share(slot: Slot) -> float:
    share = find_pilot_share(slot)
    if not share:
        text = f"{SLOT} allows no trials; give [trials] most a share above 0"
        raise click.BadParameter(text, param_hint="--pilot")
    return share


def _look_ahead(file: InputFile, desk: SharePlanner) -> TrialOutlook:
    """Look at the trials among the first rows of the file."""
    from nudge.lake.export.plan_table import visitor_pieces  # noqa: PLC0415 - pyarrow

    first = next(visitor_pieces(file, LOOKED), None)
    return desk.look_ahead(first()) if first else TrialOutlook(0, 0.0, {}, 0.0)


def write_repeats(question: PlanQuestion) -> None:
    """Find rows of visitors who had a row before, once for all processes."""
    from nudge.lake.export.plan_repeats import find_repeats  # noqa: PLC0415 - pyarrow

    share = question.share
    if not share.part.repeats.exists():
        with open_installation(load_settings(share.data_dir)) as installation:
            keep(share.part.repeats, find_repeats(question.file, installation.rules, share.purpose))


def _purpose(installation: Installation, purpose: str) -> str:
    try:
        return installation.rules.purposes.parse(purpose)
    except ValueRefusedError as error:
        raise click.BadParameter(str(error), param_hint="--purpose") from error


def _desk(installation: Installation, share: PlanShare, unit: str) -> SharePlanner:
    wrong = [name for name in share.slots if name == SLOT]
    if wrong or len(set(share.slots)) < len(share.slots):
        text = f"name each slot once; {SLOT} is always answered"
        raise click.BadParameter(text, param_hint="--slot")
    try:
        return make_planner(installation, share, unit)
    except UnknownSlotError as error:
        known = sorted(set(installation.store.slots.current()) - {SLOT})
        if SLOT in str(error):
            raise
        cure = f"use one of {', '.join(known)}"
        raise click.BadParameter(f"{error}; {cure}", param_hint="--slot") from error


def _check_rows(file: InputFile, desk: SharePlanner) -> None:
    """Check that no row would be refused.

    Raises:
        InvalidConfigError: naming the first that would be.
    """
    from nudge.lake.export.plan_table import visitor_pieces  # noqa: PLC0415 - pyarrow

    for piece in visitor_pieces(file, SIZE):
        found = piece()
        for read, line in zip(desk.terms.read_each(found.rows), found.lines, strict=True):
            if isinstance(read, str):
                text = f"{file.unit} {line:,}: {read}; nothing was planned (--strict)"
                raise InvalidConfigError([f"{file.name}: {text}"])
