"""The command `nudge simulate`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.progress import Progress

from bandits.units import HOUR, MINUTE
from lab.simulate import result
from lab.simulate.driver import Driver, ServiceAccess, SimulationPlan
from lab.simulate.tally import Tally
from nudge.cli.common import (
    data_dir_option,
    err,
    json_option,
    load_settings,
    out,
    print_json,
    progress_bar,
)
from nudge.cli.lab.first_week import WeekOptions, week_options
from nudge.cli.lab.first_week import run as play_first_week
from nudge.cli.lab.offline import LEARNERS, OfflineComparison
from nudge.cli.lab.offline import run as compare
from nudge.client.api import Api, ServiceTarget, find
from nudge.client.figures import Figures
from nudge.clock import monotonic
from nudge.settings.settings import Settings

DEMO_MINUTES = 5
DEMO_BOOST = 3.0
TELL_EVERY = 10.0
SETTLE = 30.0
SLOTS = ("banner", "denomination", "prefill", "payment_retry", "sms_timing")


@click.command()
@click.option(
    "--visitors",
    type=click.IntRange(1),
    help=f"Number of visitors; by default 5,000, with --demo those of {DEMO_MINUTES} minutes, with"
    " --offline the world's own number.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    default=50.0,
    show_default=True,
    help="New visitors a second; 0: as many as the service can serve.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of all randomness.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=8, show_default=True, help="Threads."
)
@click.option(
    "--speed",
    type=click.FloatRange(1),
    default=1800.0,
    show_default=True,
    help="Simulated seconds in a second: 1800 makes an hour 2 s.",
)
@click.option(
    "--boost",
    type=click.FloatRange(0, min_open=True),
    help=f"Factor on visitors who begin to recharge; by default 1, or {DEMO_BOOST:g} with --demo.",
)
@click.option(
    "--demo",
    is_flag=True,
    help=f"Run for {DEMO_MINUTES} minutes and print every {TELL_EVERY:g} s how the policy learns.",
)
@click.option("--no-bar", is_flag=True, help="No progress bar.")
@click.option("--run", "run_name", help="Name of the run; a repeated name changes nothing.")
@click.option("--url", help="URL of the service; by default the one on this machine.")
@click.option("--key", help="API key with the scopes decide, ingest and read.")
@click.option(
    "--offline",
    is_flag=True,
    help="Without the service: compare learners in the world of --world, or tell what the first"
    " week of --slot would cost and bring.",
)
@click.option(
    "--world", type=click.Path(path_type=Path), help="Offline: file such as examples/world.toml."
)
@click.option(
    "--learners",
    default=LEARNERS,
    show_default=True,
    help="Offline: learners, such as auto,mabwiser:LinTS,fixed:50+coffee.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Offline: number of seeds.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Offline: SVG file for the regret curves."
)
@click.option(
    "--by-news",
    is_flag=True,
    help="Offline: publish after tens of visitors at the start, as the service does; else each"
    " batch of the world is full.",
)
@week_options
@data_dir_option
@json_option
def simulate(
    visitors: int | None,
    rate: float,
    seed: int,
    workers: int,
    speed: float,
    boost: float | None,
    demo: bool,  # noqa: FBT001 - click's flags
    no_bar: bool,  # noqa: FBT001 - click's flags
    run_name: str | None,
    url: str | None,
    key: str | None,
    offline: bool,  # noqa: FBT001 - click's flags
    world: Path | None,
    learners: str,
    seeds: int,
    plot: Path | None,
    by_news: bool,  # noqa: FBT001 - click's flags
    week: WeekOptions,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
) -> None:
    """Send simulated visitors through the running service.

    They behave as the field notes say: the banner data_draw converts 10 times as well as
    triple_gift, an SMS at the end of the month 10 times, visitors with a mobile history 5 times;
    50 and 100 are above half of all amounts, and about 60 % of those who begin a recharge leave
    on the way.

    Visitors live on the service's own clock, which cannot be moved; so the time between a choice
    and its payment (minutes to hours) is shortened by --speed. Ctrl-C ends early, with the result.

    With --offline nothing is sent. With --world, learners are compared in a world with known
    truth. With --slot, the slot's first week is played in worlds that a log allows, beside the
    operator's own rule: before going live.
    """
    if offline != (world is not None or week.given) or (world is not None and week.given):
        raise click.UsageError("--offline goes with --world FILE, or with --slot and --log FILE")
    if by_news and world is None:
        raise click.UsageError("--by-news goes with --world: the service always publishes so")
    if week.given:
        play_first_week(week, seed, data_dir, as_json=as_json, bar=not no_bar)
        return
    if world is not None:
        asked = OfflineComparison(
            world, learners, visitors, seeds, plot, bar=not no_bar, by_news=by_news
        )
        compare(asked, as_json=as_json)
        return
    settings = load_settings(data_dir)
    count = visitors or (round((rate or 50) * MINUTE * DEMO_MINUTES) if demo else 5000)
    name = run_name or f"sim-{secrets.token_hex(4)}"
    times = boost or (DEMO_BOOST if demo else 1.0)
    plan = SimulationPlan(name, count, rate, seed, workers, speed, times)
    session = _session(plan, settings, find(settings, url, key))
    err().print(_describe_plan(plan), soft_wrap=True)
    found = _run(session, progress_bar("visitors", shown=not no_bar), demo=demo)
    if as_json:
        print_json(found)
    else:
        out().print(result.table(session.rows))


@dataclass
class _Session:
    """A run of the simulation against a service.

    Attributes:
        ways: access to the service.
        before: figures at the start, by slot.
        rows: result; empty until the end.
    """

    plan: SimulationPlan
    ways: ServiceAccess
    before: dict[str, Figures]
    rows: list[result.VariantResult]


def _session(plan: SimulationPlan, settings: Settings, target: ServiceTarget) -> _Session:
    server = Api(target)
    server.check()
    served = {one["slot"]: one["reward"]["event"] for one in server.get("/v1/slots")["slots"]}
    slots = {name: served[name] for name in SLOTS if name in served}
    # The pages' own key where it is this installation's: what pages may not do, they do not.
    own = settings.page_key if target.key == settings.admin_key else None
    page = Api(replace(target, key=own)) if own else server
    return _Session(plan, ServiceAccess(page, server, slots), result.look(server, slots), [])


def _describe_plan(plan: SimulationPlan) -> str:
    boost = f"; visitors begin {plan.boost:g} times as often as in truth" if plan.boost != 1 else ""
    return (
        f"run {plan.run}: {plan.visitors:,} visitors, an hour in {HOUR / plan.speed:.1f} s{boost}"
    )


def _run(session: _Session, bar: Progress, *, demo: bool) -> dict[str, object]:
    driver, begin = Driver(session.plan, session.ways), monotonic()
    with bar:
        task = bar.add_task("", total=session.plan.visitors, note="")

        def advance(tally: Tally) -> None:
            bar.update(task, completed=tally.visitors, note=_note(tally))

        looks = [advance, *([_make_teller(bar, begin)] if demo else [])]
        tally = driver.run(lambda now: _each(looks, now))
        advance(tally)
    seconds = monotonic() - begin
    caught_up = result.settle(session.ways.server, session.before, tally, SETTLE)
    if not caught_up and not tally.repeated:
        err().print("The service has not counted all of it yet: is its worker running?")
    after = result.look(session.ways.server, session.before)
    session.rows = result.rows(session.before, after, tally)
    return {
        "run": session.plan.run,
        "visitors": tally.visitors,
        "seconds": seconds,
        "interrupted": driver.interrupted,
        "boost": session.plan.boost,
        "events": dict(tally.events),
        "caught_up": caught_up,
        "variants": result.plain(session.rows),
    }


def _each(looks: Iterable[Callable[[Tally], None]], tally: Tally) -> None:
    for look in looks:
        look(tally)


def _note(tally: Tally) -> str:
    return f"{tally.events['paid']:,} paid"


def _make_teller(bar: Progress, begin: float) -> Callable[[Tally], None]:
    """Make a function that prints every few seconds how many got what is best for them."""
    due = [begin + TELL_EVERY]

    def tell(tally: Tally) -> None:
        now = monotonic()
        if now < due[0]:
            return
        due[0] += TELL_EVERY
        found = tally.fitting()
        if found is not None:
            share, chance = found
            bar.console.print(
                f"after {now - begin:4.0f} s: {share:.0%} of the visitors of the last 10 s got the "
                f"banner that is best for them; by chance it would be {chance:.0%}",
                soft_wrap=True,
            )

    return tell
