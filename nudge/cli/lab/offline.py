"""The command `nudge simulate --offline`: learners compared in a world with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bandits.simulation.world import World
from lab.simulate.offline import compare
from lab.simulate.offline_plot import regret_plot
from lab.simulate.offline_result import TOTAL, Score, scores, table
from lab.simulate.offline_world import config_of, load_world, read_competitor
from nudge.cli.common import out, print_json, progress_bar, same_file
from nudge.errors import InvalidConfigError, InvalidRequestError
from nudge.lake.files import disk

LEARNERS = "auto,beta,uniform"


@dataclass(frozen=True)
class OfflineComparison:
    """A comparison of learners, as the command line describes it.

    Attributes:
        world: path of the file with the known truth.
        learners: names of the learners, separated by commas.
        visitors: visitors of a run; None takes the world's own number.
        seeds: number of seeds.
        plot: path of the SVG file to write; None writes none.
        bar: show progress.
        by_news: publish young learners early, as the service does.
    """

    world: Path
    learners: str = LEARNERS
    visitors: int | None = None
    seeds: int = 1
    plot: Path | None = None
    bar: bool = True
    by_news: bool = False


def run(asked: OfflineComparison, *, as_json: bool) -> None:
    """Compare the learners and print their scores.

    Raises:
        InvalidConfigError: the world is invalid, or the plot cannot be written.
        InvalidRequestError: a learner's configuration is invalid.
    """
    if asked.plot is not None and asked.plot.suffix != ".svg":
        raise click.UsageError(f"--plot {asked.plot}: write a file that ends with .svg")
    if asked.plot is not None and same_file(asked.world, asked.plot):
        raise click.UsageError("--world and --plot are one file; name another plot")
    world = load_world(asked.world)
    seeds = _seeds(world, asked.seeds)
    visitors = asked.visitors or int(world.tables["run"]["visitors"])
    found = _scores(world, asked, seeds, visitors)
    if asked.plot is not None:
        _plot(asked.plot, world, found, visitors)
    if as_json:
        plain = [one.plain for one in found]
        print_json({"visitors": visitors, "seeds": seeds, "scores": plain})
    else:
        out().print(table(found, visitors, len(seeds)))


def _seeds(world: World, count: int) -> list[int]:
    """List `count` seeds: first the world's own, then other whole numbers."""
    own = [int(seed) for seed in world.tables["run"].get("seeds", [])]
    more = [seed for seed in range(1, count + len(own) + 1) if seed not in own]
    return [*own, *more][:count]


def _scores(
    world: World, asked: OfflineComparison, seeds: Sequence[int], visitors: int
) -> list[Score]:
    names = dict.fromkeys(filter(None, map(str.strip, asked.learners.split(","))))
    competitors = [read_competitor(name) for name in names]
    plays = [(c, s) for c in competitors for s in world.slots if config_of(world, s, c)]
    idle = [c.name for c in competitors if c not in [one for one, _ in plays]]
    if idle or not plays:
        raise InvalidRequestError(
            f"{', '.join(idle) or 'no learner'}: plays in no slot of the world"
        )
    with progress_bar("visitors", shown=asked.bar) as bar:
        task = bar.add_task("", total=len(plays) * len(seeds) * visitors, note="")
        found = compare(
            world,
            competitors,
            seeds,
            visitors,
            lambda n: bar.advance(task, n),
            by_news=asked.by_news,
        )
        return scores(found)


def _plot(path: Path, world: World, found: Sequence[Score], visitors: int) -> None:
    curves = {one.learner: one.regret for one in found if one.slot == TOTAL}
    change = world.tables.get("change", {}).get("at_visitor")
    try:
        disk.write_text(path, regret_plot(curves, visitors, change))
    except OSError as error:
        raise InvalidConfigError([f"{path}: cannot be written: {error}"]) from error
