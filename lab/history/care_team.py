"""The care team of a history: it calls people, and notes what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from lab.history.wall_clock import WallClock
from lab.simulate.visitors import generator, pick
from nudge.pages.api_door import ApiDoor

TEAM: Final = 3_000_000_002
"""Number of the team's own random generator."""
LOADS: Final = {"agent1": 7, "agent2": 3}
"""Agent -> cases that the agent takes in one round."""
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


@dataclass
class CareTeam:
    """The team of agents.

    Attributes:
        door: of the team's lead.
        report: has a server report an event at its moment.
        seed: of all randomness.
    """

    door: ApiDoor
    wall: WallClock
    report: Callable[[dict[str, Any]], None]
    seed: int

    def __post_init__(self) -> None:
        """Begin at the first call."""
        self._rng = generator(self.seed, TEAM)
        self._numbers = count(1)

    def work(self) -> int:
        """Let each agent take cases and call; return how many cases were taken."""
        return sum(self._take(agent) for agent, most in LOADS.items() for _ in range(most))

    def _take(self, agent: str) -> bool:
        name = f"next-{next(self._numbers)}"
        asked = {"agent": agent, "action_id": name}
        case = self.door.post("/v1/worklist/next", asked).body["case"]
        if case is None:
            return False
        if case["kind"] == "measure":
            self._grant(case["id"], agent)
        elif self._rng.random() >= LEFT_OPEN:
            self._call(case["id"], agent)
        return True

    def _call(self, case: str, agent: str) -> None:
        outcome = pick(self._rng, OUTCOMES)
        row = {
            "case": case,
            "outcome": outcome,
            "agent": agent,
            "channel": "call",
            "at": round(self.wall.at, 3),
            "seconds": int(self._rng.integers(40, 420)),
            "reached": outcome != "unreachable",
            "close": outcome in CLOSES,
            "note": NOTES[outcome],
        }
        self.door.post("/v1/worklist/outcomes", {"rows": [row]})

    def _grant(self, case: str, agent: str) -> None:
        name = f"grant-{next(self._numbers)}"
        body = {"by": agent, "action_id": name, "note": "客户同意办理"}
        # 409: no measure may be granted now, and the answer says why.
        self.door.post(f"/v1/worklist/{case}/measure", body, expect={409, 412})
