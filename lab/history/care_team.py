"""The care team of a history: it calls people, and notes what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple

from lab.history.wall_clock import WallClock
from lab.simulate.visitors import generator, pick
from nudge.pages.api_door import REFUSED, ApiDoor

TEAM: Final = 3_000_000_002
"""Number of the team's own random generator."""
LOADS: Final = {"agent1": 7, "agent2": 3}
"""Agent -> cases that the agent takes in one round."""
MOST_OPEN: Final = {"agent1": 24, "agent2": 9}
"""Agent -> cases that the agent has open at once, at most."""
OUTCOMES: Final = {
    "stays": 0.42,
    "promised": 0.22,
    "leaves": 0.10,
    "unreachable": 0.18,
    "no_matter": 0.08,
}
LEFT_OPEN: Final = 0.2
"""Share of cases that an agent takes and does not get to."""
CLOSES: Final = ("stays", "leaves", "no_matter")
NOTES: Final = {
    "stays": "已解释到账时间，客户满意",
    "promised": "客户说月底再看",
    "leaves": "已办理携号转网",
    "unreachable": "无人接听",
    "no_matter": "客户误点",
}


class _Taken(NamedTuple):
    """A case that an agent has taken."""

    id: str
    agent: str
    kind: str


@dataclass
class CareTeam:
    """The team of agents: they take cases, and call once the service knows whose those are.

    Attributes:
        door: of the team's lead.
        wall: clock of the history.
        seed: of all randomness.
    """

    door: ApiDoor
    wall: WallClock
    seed: int
    _open: list[_Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin at the first call."""
        self._rng = generator(self.seed, TEAM)
        self._numbers = count(1)

    def take(self) -> None:
        """Let each agent take cases, as many as there is time for."""
        for agent, most in LOADS.items():
            mine = sum(one.agent == agent for one in self._open)
            for _ in range(min(most, MOST_OPEN[agent] - mine)):
                asked = {"agent": agent, "action_id": self._name("next")}
                answer = self.door.post("/v1/worklist/next", asked, expect={400, 422})
                case = answer.body.get("case")
                if case is None:
                    break
                self._open.append(_Taken(case["id"], agent, case["kind"]))

    def call(self) -> None:
        """Call about the cases that were taken; some an agent does not get to."""
        rows, left = [], []
        for one in self._open:
            if self._rng.random() < LEFT_OPEN:
                left.append(one)
            elif one.kind == "measure" and self._grants(one):
                continue
            else:
                rows.append(self._row(one))
                left += [] if rows[-1]["close"] else [one]
        self._open = left
        if rows:
            self.door.post("/v1/worklist/outcomes", {"rows": rows})

    def _row(self, one: _Taken) -> dict[str, Any]:
        outcome = pick(self._rng, OUTCOMES)
        return {
            "case": one.id,
            "outcome": outcome,
            "agent": one.agent,
            "channel": "call",
            "at": round(self.wall.at, 3),
            "seconds": int(self._rng.integers(40, 420)),
            "reached": outcome != "unreachable",
            "close": outcome in CLOSES,
            "note": NOTES[outcome],
        }

    def _grants(self, one: _Taken) -> bool:
        """Grant a measure; return False where none may be granted, of which the answer says why."""
        body = {"by": one.agent, "action_id": self._name("grant"), "note": "客户同意办理"}
        path = f"/v1/worklist/{one.id}/measure"
        return self.door.post(path, body, expect={409, 412}).status < REFUSED

    def _name(self, what: str) -> str:
        return f"{what}-{self.seed}-{next(self._numbers)}"
