"""The setup of work lists as people's forms need it: whom, what and how. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nudge.domain.care.case_view import PROPOSAL_TITLE
from nudge.domain.care.warning_rule import PROPOSAL, CaseKind, WarningPolicy
from nudge.domain.worklist.work_policy import WorkPolicy

AGENT: Final = "agent"
TEAM: Final = "team"
PERSON: Final = "person"
ASSIGNEES: Final = (AGENT, TEAM, PERSON)
"""Kinds of those to whom a case may be assigned; a person is listed in warnings.toml alone."""


def setup_view(
    policy: WarningPolicy, work: WorkPolicy, channels: Sequence[str], stages: Sequence[str]
) -> dict[str, Any]:
    """Return the setup of work lists as JSON.

    Args:
        policy: of warnings, with the rules of all cases.
        work: policy of work lists.
        channels: of the contact policy.
        stages: of the funnel, in order.
    """
    return {
        "assignees": list(_assignees(policy, work)),
        "outcomes": [
            _titled(name, title) | {"reached": name in policy.reached, "kept": name in policy.kept}
            for name, title in policy.outcomes.items()
        ],
        "rules": [_titled(one.name, one.title) | {"kind": one.kind.value} for one in policy.rules]
        + [_titled(PROPOSAL, PROPOSAL_TITLE) | {"kind": CaseKind.WARNING.value}],
        "channels": list(channels),
        "stages": list(stages),
    }


def _assignees(policy: WarningPolicy, work: WorkPolicy) -> Iterator[dict[str, Any]]:
    for team in work.teams:
        yield _titled(team.name, team.title) | {"kind": TEAM, "team": team.name}
    for agent in work.agents:
        yield _titled(agent.name, agent.title) | {"kind": AGENT, "team": agent.team}
    for name in policy.agents:
        if name not in work.names:
            yield _titled(name, {}) | {"kind": PERSON, "team": ""}


def _titled(name: str, title: Mapping[str, str]) -> dict[str, Any]:
    """Return a name with its titles in both languages; a title that is missing is the name."""
    other = next(iter(title.values()), name)
    return {"name": name, "title": {one: title.get(one, other) for one in ("zh", "en")}}
