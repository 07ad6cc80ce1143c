"""The setup of work lists, as forms and rows use it: names with titles in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_login import current_user

from nudge.pages.access import door
from nudge.pages.translation import spoken

Choices = Sequence[tuple[str, str]]
"""Name and title of each choice."""


@dataclass(frozen=True)
class WorkSetup:
    """The setup of work lists.

    Attributes:
        assignees: to whom a case may go: agents, teams, people.
        agents: those among them who take cases of their own.
        teams: those among them who are teams.
        outcomes: of a case.
        rules: name -> title, of all rules that open cases.
        channels: of the contact policy.
        stages: of the funnel.
        me: name among the assignees of who is signed in; empty for somebody else.
    """

    assignees: Choices
    agents: Choices
    teams: Choices
    outcomes: Choices
    rules: Mapping[str, str]
    channels: Sequence[str]
    stages: Sequence[str]
    me: str = ""

    @property
    def names(self) -> Mapping[str, str]:
        """Titles of assignees and outcomes by their names."""
        return dict([*self.assignees, *self.outcomes])

    @property
    def is_agent(self) -> bool:
        """Whether who is signed in takes cases of their own."""
        return self.me in dict(self.agents)


def read_setup() -> WorkSetup:
    """Return the setup, as the API tells it to who is signed in."""
    return setup_of(door().get("/v1/worklist/setup").body, current_user.name)


def setup_of(told: Mapping[str, Any], user: str) -> WorkSetup:
    """Return the setup for a user.

    Args:
        told: as the API tells it.
        user: name of the account; an agent's account has the agent's name.
    """
    people = told["assignees"]
    return WorkSetup(
        _choices(people),
        _choices([one for one in people if one["kind"] == "agent"]),
        _choices([one for one in people if one["kind"] == "team"]),
        _choices(told["outcomes"]),
        dict(_choices(told["rules"])),
        told["channels"],
        told["stages"],
        user if any(one["name"] == user and one["kind"] != "team" for one in people) else "",
    )


def _choices(entries: Sequence[Mapping[str, Any]]) -> Choices:
    return [(one["name"], spoken(one["title"]) or one["name"]) for one in entries]
