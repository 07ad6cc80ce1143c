"""Configurations of learners, from a world file and the learners' names."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bandits.config import LearnerConfig, read_config
from bandits.errors import ConfigError
from bandits.simulation.world import World
from nudge.errors import InvalidConfigError, InvalidRequestError

PRIORS = ("auto", "logistic")
"""Kinds of policy that accept a prior rule."""
CATEGORIES = 9
"""Largest number that is the name of a level (a city tier); larger ones are amounts."""


@dataclass(frozen=True)
class Competitor:
    """A learner to compare.

    Attributes:
        name: name as it was given.
        policy: policy table, as in a slot's file.
        arms: arms of a learner of kind `fixed`, one for each slot that it knows.
    """

    name: str
    policy: Mapping[str, object]
    arms: tuple[str, ...] = field(default=())


def read_competitor(text: str) -> Competitor:
    """Parse a learner from its name on the command line.

    A name is `KIND`, `fixed:ARM+ARM...` or `mabwiser:POLICY`, followed by any `:key=value` of its
    policy table, such as `beta:half_life=7d` or `mabwiser:LinTS:alpha=0.2`.

    Raises:
        InvalidRequestError: the name is invalid.
    """
    kind, *parts = text.strip().split(":")
    given = [part.partition("=") for part in parts if "=" in part]
    options: dict[str, object] = {key: _value(value) for key, _, value in given}
    named = [part for part in parts if "=" not in part]
    if len(named) > 1 or (named and kind not in {"fixed", "mabwiser"}):
        cure = "write auto, beta, uniform, fixed:50+coffee or mabwiser:LinTS:alpha=0.2"
        raise InvalidRequestError(f"unknown learner {text!r}; {cure}")
    if kind == "mabwiser" and named:
        options["learning_policy"] = named[0]
    arms = tuple("".join(named).split("+")) if kind == "fixed" else ()
    return Competitor(text.strip(), {"kind": kind, **options}, arms)


def _value(text: str) -> object:
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value


def load_world(path: Path) -> World:
    """Load a world from its file, and try it with two visitors.

    Raises:
        InvalidConfigError: the file cannot be read, or a table of it is invalid.
    """
    try:
        world = World(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidConfigError([f"{path}: cannot be read as TOML: {error}"]) from error
    try:
        rng = np.random.default_rng(0)
        few = world.sample(rng, 2)
        for slot in world.slots:
            world.play(slot, few, np.zeros(2, dtype=np.int64), rng)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        cure = "compare it with examples/world.toml"
        raise InvalidConfigError([f"{path}: is not a world ({error!r}); {cure}"]) from error
    return world


def config_of(world: World, slot: str, competitor: Competitor) -> LearnerConfig | None:
    """Build the learner's configuration in a slot; None if it names no arm of the slot.

    Arms that are numbers are amounts. Amounts come first in the context: with too many cells, a
    learner may drop attributes from the end.

    Raises:
        InvalidRequestError: the configuration is invalid.
    """
    policy = dict(competitor.policy)
    if policy["kind"] == "fixed":
        known = [arm for arm in competitor.arms if arm in world.arms(slot)]
        if not known:
            return None
        policy["arm"] = known[0]
    prior = world.tables["slot"][slot].get("prior")
    if prior is not None and policy["kind"] in PRIORS:
        policy.setdefault("prior", prior)
    context = [_attribute(name, law) for name, law in world.tables.get("context", {}).items()]
    context.sort(key=lambda one: one["kind"] != "number")
    arms = [_arm(name) for name in world.arms(slot)]
    try:
        return read_config({"arms": arms, "context": context, "policy": policy})
    except ConfigError as error:
        raise InvalidRequestError(f"{competitor.name}, slot {slot}: {error}") from error


def _arm(name: str) -> dict[str, object]:
    return {"name": name, "attributes": {"amount": float(name)} if name.isdigit() else {}}


def _attribute(name: str, law: object) -> dict[str, object]:
    """Convert an attribute of the world to the form of a slot's file."""
    if not isinstance(law, Mapping):
        return {"name": name, "kind": "flag"}
    values = [str(value) for value in law]
    if all(v.isdigit() for v in values) and max(map(int, values)) > CATEGORIES:
        cuts = sorted(int(v) for v in values if int(v) > 0)
        return {"name": name, "kind": "number", "cells": cuts}
    return {"name": name, "kind": "category", "cells": values}
