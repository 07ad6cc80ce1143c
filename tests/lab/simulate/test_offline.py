"""Learners compared offline: the same luck for all, conversions when they come, true shares."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from places import ROOT

import bandits
from bandits.simulation.world import World
from lab.simulate.offline import LAST, POINTS, LearnerRun, compare, play, stages
from lab.simulate.offline_plot import regret_plot
from lab.simulate.offline_result import TOTAL, scores
from lab.simulate.offline_world import Competitor, config_of, load_world, read_competitor
from nudge.cli import cli
from nudge.errors import InvalidConfigError, InvalidRequestError

EXAMPLE = ROOT / "examples" / "world.toml"
SMALL = """
[run]
days = 2
visitors = 3000
batch = 100
seeds = [7]
[context]
city_tier = { "1" = 0.5, "2" = 0.5 }
last_amount = { "0" = 0.5, "50" = 0.5 }
mobile_before = 0.5
[slot.banner]
arms = ["a", "b"]
p = { a = 0.1, b = 0.4 }
window_days = 1
delay = [ { share = 1.0, mean_minutes = 600 } ]
[slot.timing]
arms = ["early", "end"]
p = { early = 0.3, end = 0.2 }
"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "world.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def world(path: Path) -> World:
    return load_world(path)


def played(world: World, *names: str) -> dict[tuple[str, str], LearnerRun]:
    found = compare(world, [read_competitor(name) for name in names], [7], 3000)
    return {(one.learner, one.slot): one for one in found}


def test_shares_are_expected_conversions_of_the_oracles(world: World) -> None:
    """Always the best arm is the oracle, always the other one its part, whatever was drawn."""
    found = scores(list(played(world, "fixed:b+early", "fixed:a", "fixed:b").values()))
    shares = {(one.learner, one.slot): one.share for one in found}
    assert shares["fixed:b+early", TOTAL] == pytest.approx(1)
    assert shares["fixed:a", "banner"] == pytest.approx(0.1 / 0.4)
    assert ("fixed:a", "timing") not in shares, "it names no arm of that slot"
    assert ("fixed:a", TOTAL) not in shares, "so it has no total"
    (regret,) = [one.regret for one in found if (one.learner, one.slot) == ("fixed:a", "banner")]
    assert len(regret) == POINTS + 1
    assert (regret[0], regret[-1]) == pytest.approx((0, 3000 * 0.3))


def test_the_same_comparison_gives_the_same_numbers_and_learning_shows(world: World) -> None:
    """Seeded from end to end; a learner beats uniform, and its last fifth its mean."""
    first, again = (played(world, "beta", "uniform") for _ in range(2))
    for key, one in first.items():
        assert one.expected == again[key].expected
    beta, uniform = first["beta", "banner"], first["uniform", "banner"]
    assert beta.oracle == uniform.oracle == pytest.approx(3000 * 0.4)
    assert uniform.expected / uniform.oracle == pytest.approx(0.625, abs=0.03)
    late = beta.late[0] / beta.late[1]
    assert late > beta.expected / beta.oracle > 0.8
    assert beta.late[1] == pytest.approx(beta.oracle / LAST)


class Spy:
    """A learner that notes what it is told."""

    unknown_rewards = 0

    def __init__(self, learner: Any) -> None:
        self.learner, self.rewards, self.shown = learner, [], {}

    def expose(self, ids: Any, contexts: Any, arms: Any, at: Any) -> None:  # noqa: D102
        self.shown.update(zip(ids.tolist(), arms.tolist(), strict=True))
        self.learner.expose(ids, contexts, arms, at)

    def reward(self, ids: Any, values: Any, at: float) -> None:  # noqa: D102
        self.rewards += [(one, at) for one in ids.tolist()]
        self.learner.reward(ids, values, at)

    def snapshot(self, at: float) -> bytes:  # noqa: D102
        return self.learner.snapshot(at)


def test_a_conversion_is_told_once_and_not_before_it_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly those whose luck was below the probability, with the first batch after they paid."""
    spies: list[Spy] = []
    make = bandits.make_learner

    def spied(*args: Any) -> Spy:
        spies.append(Spy(make(*args)))
        return spies[-1]

    monkeypatch.setattr(bandits, "make_learner", spied)
    stage, seed = next(stages(world, [7], 3000))
    config = config_of(world, "banner", read_competitor("uniform"))
    assert config is not None
    chosen = play(stage, config, seed, 100, lambda _: None)
    (spy,) = spies
    starts = stage.visitors.at[::100]
    come = {i for i in np.flatnonzero(stage.luck < chosen) if stage.paid_at[i] <= starts[-1]}
    assert len(spy.rewards) == len(come) > 100
    assert {one for one, _ in spy.rewards} == come
    for one, at in spy.rewards:
        assert at == starts[np.searchsorted(starts, stage.paid_at[one])]
    arms = np.array([spy.shown[i] for i in range(3000)])
    assert (chosen == stage.truth[np.arange(3000), arms]).all()


@pytest.mark.parametrize(
    ("text", "policy", "arms"),
    [
        ("auto", {"kind": "auto"}, ()),
        ("fixed:50+coffee", {"kind": "fixed"}, ("50", "coffee")),
        ("beta:half_life=7d", {"kind": "beta", "half_life": "7d"}, ()),
        (
            "mabwiser:LinTS:alpha=0.2",
            {"kind": "mabwiser", "learning_policy": "LinTS", "alpha": 0.2},
            (),
        ),
    ],
)
def test_learners_have_short_names(
    text: str, policy: dict[str, object], arms: tuple[str, ...]
) -> None:
    """Kind, then what it needs, then keys of its policy table."""
    assert read_competitor(text) == Competitor(text, policy, arms)


def test_a_world_becomes_a_slots_configuration() -> None:
    """Amounts are numbers and stand first, tiers are levels, the hand rule goes to who may know."""
    world = load_world(EXAMPLE)
    config = config_of(world, "denomination", read_competitor("auto"))
    assert config is not None
    kinds = [(one.name, one.kind) for one in config.context]
    assert kinds[0] == ("last_amount", "number")
    assert ("city_tier", "category") in kinds
    assert ("mobile_before", "flag") in kinds
    assert config.arms[2].attributes == {"amount": 50.0}
    assert config.policy.prior == "last_amount"


@pytest.mark.parametrize("text", ["beta:7", "mabwiser:LinTS:UCB1", "nothing", "beta:depth=3"])
def test_a_learner_that_is_none_is_told(world: World, text: str) -> None:
    """Also what the policy table refuses, with its key."""
    with pytest.raises(InvalidRequestError, match=text.partition(":")[0]):
        compare(world, [read_competitor(text)], [1], 10)


@pytest.mark.parametrize("change", [("days = 2", "days = [2"), ("p = { a", "q = { a")])
def test_a_world_that_does_not_work_is_told_with_its_file(
    path: Path, change: tuple[str, str]
) -> None:
    """When it is loaded, and not in the middle of a run."""
    path.write_text(SMALL.replace(*change))
    with pytest.raises(InvalidConfigError, match=r"world\.toml"):
        load_world(path)


def test_the_plot_has_a_line_for_each_learner_inside_its_axes() -> None:
    """Well-formed whatever the names; the highest point is at the top tick or below."""
    root = ET.fromstring(regret_plot({"a<b": [0, 5, 7], "c": [0, 1, 2]}, 1000, 500))  # noqa: S314 - our own
    lines = root.findall(f"{SVG}polyline")
    places = [
        [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
        for line in lines
    ]
    assert [len(one) for one in places] == [3, 3]
    assert all(40 <= y <= 390 for one in places for _, y in one)
    texts = [one.text for one in root.findall(f"{SVG}text")]
    assert {"a<b", "c", "the world changes", "1,000"} <= set(texts)


def test_the_command_writes_table_json_and_plot(path: Path, tmp_path: Path) -> None:
    """`nudge simulate --offline` needs no service."""
    plot = tmp_path / "regret.svg"
    call = ["simulate", "--offline", "--world", str(path), "--visitors", "200", "--no-bar"]
    call += ["--learners", "uniform,fixed:a+end", "--seeds", "2"]
    done = CliRunner().invoke(cli, [*call, "--plot", str(plot), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["visitors"], found["seeds"]) == (200, [7, 1])
    assert [(one["learner"], one["slot"]) for one in found["scores"]] == [
        (learner, slot)
        for learner in ("uniform", "fixed:a+end")
        for slot in ("banner", "timing", TOTAL)
    ]
    assert "uniform" in plot.read_text()
    assert "200 visitors, 2 seeds" in CliRunner().invoke(cli, call).output
    for wrong in (["--offline"], ["--world", str(path)], [*call[1:], "--plot", "regret.png"]):
        assert CliRunner().invoke(cli, ["simulate", *wrong]).exit_code == 2


def test_f31_the_plot_is_never_the_world(path: Path, tmp_path: Path) -> None:
    """A link to the world's file is the world: it stays as it was."""
    plot, before = tmp_path / "world.svg", path.read_text("utf-8")
    plot.hardlink_to(path)
    call = ["simulate", "--offline", "--world", str(path), "--plot", str(plot)]
    done = CliRunner().invoke(cli, call)
    assert done.exit_code == 2
    assert "one file" in done.output
    assert path.read_text("utf-8") == before


def test_by_news_a_learner_publishes_early_and_then_as_ever(world: World) -> None:
    """Twenty visitors make the first batches, and none is fuller than the world's own."""
    stage, seed = next(stages(world, [7], 3000))
    config = config_of(world, "banner", read_competitor("beta"))
    assert config is not None
    sizes: dict[bool, list[int]] = {False: [], True: []}
    for by_news, found in sizes.items():
        play(stage, config, seed, 100, found.append, by_news=by_news)
    assert sizes[False] == [100] * 30
    assert sizes[True][:22] == [20] * 21 + [21]
    assert max(sizes[True]) == 100
    assert sum(sizes[True]) == 3000


def test_by_news_is_an_option_of_the_comparison(path: Path) -> None:
    """The command plays either protocol offline; the running service has but one."""
    call = ["simulate", "--world", str(path), "--visitors", "400", "--no-bar", "--json"]
    call += ["--learners", "beta", "--by-news"]
    done = CliRunner().invoke(cli, [*call, "--offline"])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(cli, ["simulate", "--by-news"])
    assert done.exit_code == 2
    assert "--world" in done.output
