"""The report of a replay: the served policy over time, against the log's own rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lab.replay.drive import ReplayProgress, ReplayRun
from lab.replay.rates import Rate, by_variant, over_time, rate_of, uniform
from nudge.client.api import Api
from nudge.client.figures import Figures, figures, since, wait_for


@dataclass(frozen=True)
class ServiceFigures:
    """Figures that the service itself is_counted for a run.

    Attributes:
        caught_up: the service has is_counted all exposures and conversions that were sent.
        figures: increase during the run, by variant.
    """

    caught_up: bool
    figures: Figures


@dataclass(frozen=True)
class ReplayReport:
    """The report of a replay.

    Attributes:
        run: name of the run.
        rows: number of rows read.
        skipped: number of rows whose variant is not a variant of the slot.
        interrupted: ended by Ctrl-C.
        seconds: duration.
        reasons: number of decisions by reason.
        repeated: number of rows that an earlier run of this name had sent.
        served: rate of all matched rows.
        thirds: rates of the thirds of the run, in order.
        tenths: rates of the tenths of the run, in order.
        log: the log's own rate of each variant.
        uniform: mean of the rates in `log`.
        best: variant with the highest rate in `log`; empty without rows.
        service: figures that the service is_counted.
    """

    run: str
    slot: str
    rows: int
    skipped: int
    interrupted: bool
    seconds: float
    reasons: Mapping[str, int]
    repeated: int
    served: Rate
    thirds: list[Rate]
    tenths: list[Rate]
    log: Mapping[str, Rate]
    uniform: Rate
    best: str
    service: ServiceFigures

    @property
    def plain(self) -> dict[str, object]:
        """The report as JSON."""
        return asdict(self)


def catch_up(
    api: Api, slot: str, before: Figures, progress: ReplayProgress, timeout: float
) -> ServiceFigures:
    """Wait until the service has is_counted all that was sent, at most `timeout` seconds.

    A repetition adds less, by design, and an unknown amount: there is no wait for it.
    """
    looks: list[Figures] = []

    def is_counted() -> bool:
        looks.append(since(before, figures(api, slot)))
        return all(
            one.exposures == progress.shown[name] and one.conversions == progress.converted[name]
            for name, one in looks[-1].items()
        )

    done = wait_for(is_counted, 0 if progress.repeated else timeout)
    return ServiceFigures(done, looks[-1])


def report(
    run: ReplayRun, progress: ReplayProgress, service: ServiceFigures, seconds: float
) -> ReplayReport:
    """Build the report of a run."""
    rows = progress.outcomes
    log = by_variant(rows)
    return ReplayReport(
        run=run.name,
        slot=run.mapping.slot,
        rows=progress.rows,
        skipped=progress.skipped,
        interrupted=progress.interrupted,
        seconds=seconds,
        reasons=dict(progress.reasons),
        repeated=progress.repeated,
        served=rate_of(one for one in rows if one.matched),
        thirds=over_time(rows, 3),
        tenths=over_time(rows, 10),
        log=log,
        uniform=uniform(log.values()),
        best=max(log, key=lambda name: log[name].rate or 0.0, default=""),
        service=service,
    )


def report_table(made: ReplayReport) -> RenderableType:
    """Format the report for people."""
    return Group(_rates(made), _service(made), *map(Text, _notes(made)))


def _rates(made: ReplayReport) -> Table:
    table = Table(title=f"{made.slot}: {made.rows:,} rows in {made.seconds:.0f} s", box=SIMPLE)
    table.add_column("what", no_wrap=True)
    for name in ("rows", "converted", "rate", "95 % interval"):
        table.add_column(name, justify="right")
    for parts, name in ((made.tenths, "tenth"), (made.thirds, "third")):
        for i, rate in enumerate(parts, 1):
            table.add_row(f"served, {name} {i}", *_cells(rate))
        table.add_section()
    table.add_row("served, all matched rows", *_cells(made.served))
    table.add_section()
    for variant, rate in made.log.items():
        mark = " (best single)" if variant == made.best else ""
        table.add_row(f"always {variant}{mark}", *_cells(rate))
    table.add_row("uniform", *_cells(made.uniform))
    return table


def _cells(rate: Rate) -> tuple[str, str, str, str]:
    mean = "-" if rate.rate is None else f"{rate.rate:.4f}"
    return f"{rate.rows:,}", f"{rate.converted:,}", mean, f"{rate.low:.4f} - {rate.high:.4f}"


def _service(made: ReplayReport) -> Table:
    table = Table(
        title="As the service counts this run (drawn by the policy, and shown)", box=SIMPLE
    )
    table.add_column("variant")
    for name in ("exposures", "conversions", "share now"):
        table.add_column(name, justify="right")
    for name, one in made.service.figures.items():
        share = "-" if one.share is None else f"{one.share:.3f}"
        table.add_row(name, f"{one.exposures:,}", f"{one.conversions:,}", share)
    return table


def _notes(made: ReplayReport) -> list[str]:
    notes = [f"run {made.run}; decisions by reason: {dict(made.reasons)}"]
    if made.skipped:
        notes.append(f"{made.skipped:,} rows were skipped: the slot lacks their variant.")
    if made.interrupted:
        notes.append("Ended by Ctrl-C: this is the result until then.")
    if made.repeated:
        notes.append(f"{made.repeated:,} rows had been sent by an earlier run of this name.")
    elif not made.service.caught_up:
        text = "The service has not is_counted all of it yet: is its worker running (`nudge work`)?"
        notes.append(text)
    return notes
