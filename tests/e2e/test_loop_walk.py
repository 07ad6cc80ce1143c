"""The closed loop over HTTP: what was found, assigned, reached and kept stands in the figures."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from child_processes import eventually, free_port
from e2e_service import Service, serving
from places import ROOT

IDS = count()
CONTACT = """
complaint_pause = "180d"
[[channels]]
name = "call"
consent = "required"
[[channels]]
name = "sms"
consent = "required"
[[purposes]]
name = "winback"
[[purposes]]
name = "promotion"
[[purposes]]
name = "payment_failed"
[[purposes]]
name = "reminder"
"""
"""A contact policy without quiet hours: the test has no time of the day."""
MEASURES = """
[[measures]]
name = "reward"
title = { zh = "唤醒奖励", en = "Reward" }
when = { attribute = "payments", at_least = 1 }
within = "3d"
group = "retention"
held_share = 0
"""
WORKLIST = """
[[teams]]
name = "care"
title = { zh = "客户关怀组", en = "Customer care" }
[[agents]]
name = "ann"
team = "care"
capacity = 5
[[agents]]
name = "bo"
team = "care"
capacity = 5
[[assignments]]
when = { kinds = ["warning", "winback"] }
to = "care"
[costs]
hour = 36
contacts = { call = 0.5 }
"""


@pytest.fixture(scope="module")
def looped() -> Iterator[Service]:
    """A service of its own: two agents, nobody held out, no quiet hours, delays of seconds."""
    with tempfile.TemporaryDirectory(prefix="nudge-loop-") as directory:
        config = Path(directory) / "config"
        shutil.copytree(ROOT / "config", config)
        for name, text in (("contact", CONTACT), ("measures", MEASURES), ("worklist", WORKLIST)):
            (config / f"{name}.toml").write_text(text, "utf-8")
        change(config / "winback.toml", "held_share = 0.1", "held_share = 0.0")
        change(config / "winback.toml", 'after = "1h"', 'after = "2s"')
        change(config / "funnel.toml", 'gap = "30m"', 'gap = "2s"')
        change(config / "warnings.toml", 'after = "24h"', 'after = "1s"')
        change(config / "slots" / "retention_offer.toml", "holdout = 0.05", "holdout = 0.0")
        data, port = Path(directory) / "data", free_port()
        with serving(data, port, NUDGE_CONFIG_DIR=str(config)) as running:
            yield running


def change(path: Path, old: str, new: str) -> None:
    """Change a value of a shipped file; it has to be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def tell(service: Service, visitor: str, kind: str, **fields: object) -> None:
    """One event of a server, which is taken."""
    event = {"event_id": f"l{next(IDS)}", "type": kind, "visitor_id": visitor, **fields}
    answer = service.api.post("/v1/events", {"events": [event]})
    assert (answer["accepted"], answer["rejected"]) == (1, []), answer


def case_of(service: Service, visitor: str, kind: str) -> dict[str, Any]:
    """The visitor's open case of a kind, once an agent has it.

    The visitor is heard of again and again: in a silent partition no time passes.
    """

    def found() -> list[dict[str, Any]]:
        cases: list[dict[str, Any]] = service.api.get(f"/v1/worklist?kind={kind}")["cases"]
        return [one for one in cases if one["assignee"] in ("ann", "bo")]

    for _ in range(30):
        tell(service, visitor, "consent", channel="call", given=True)
        if eventually(lambda: bool(found()), 3):
            break
    (case,) = found()
    return case


def act(service: Service, case: str, **step: object) -> dict[str, Any]:
    """A step of an agent."""
    done: dict[str, Any] = service.api.post(f"/v1/worklist/{case}/actions", step)
    return done


def figures(service: Service, kind: str, by: str = "agent") -> dict[str, Any]:
    """The figures of the closed loop, once all that happened is in them."""
    assert service.settled()

    def answer() -> Any:
        return service.api.get(f"/v1/worklist/loop?kind={kind}&by={by}")

    def is_told() -> bool:
        found = answer()
        return "whole" in found and steps(found)["kept"] == 1

    assert eventually(is_told, 90), answer()
    told: dict[str, Any] = answer()
    return told


def steps(found: dict[str, Any]) -> dict[str, int]:
    """Cases by step."""
    return {one["step"]: one["cases"] for one in found["whole"]["steps"]}


def test_a_low_score_is_found_assigned_reached_granted_and_kept(looped: Service) -> None:
    """Each step of an agent, the measure's cost and the payment stand in the figures."""
    tell(looped, "scored", "paid", amount=50)
    tell(looped, "scored", "feedback", scene="billing", score=2)
    case = case_of(looped, "scored", "warning")
    agent = case["assignee"]
    act(looped, case["id"], action="contact", channel="call", seconds=100, reached=True, by=agent)
    granted = looped.api.post(f"/v1/worklist/{case['id']}/measure", {"by": agent})
    assert granted["granted"] is not None, granted
    tell(looped, "scored", "paid", amount=100)
    act(looped, case["id"], action="outcome", outcome="stays", by=agent)
    act(looped, case["id"], action="close", by=agent)
    found = figures(looped, "warning")
    names = ("found", "assigned", "contacted", "reached", "granted", "said", "kept")
    assert steps(found) == dict.fromkeys(names, 1)
    money = found["whole"]["money"]
    assert (money["contact_cost"], money["time_cost"], money["revenue"]) == (0.5, 1.0, 100.0)
    assert [one["value"] for one in found["groups"]] == [agent]
    assert found["whole"]["holdout"]["why"] == "nobody_held"
    told = looped.run("worklist", "loop", "--kind", "warning", "--lang", "zh")
    assert "共发现 1 单" in told.stdout, told.stderr


def test_a_failed_payment_ends_in_win_back_and_comes_back(looped: Service) -> None:
    """Failed, left, on the list, contacted, with an outcome by event, and paid: all are seen."""
    tell(looped, "failed", "step", step="method", amount=50)
    tell(looped, "failed", "payment_failed", reason="timeout", method="wechat")
    case = case_of(looped, "failed", "winback")
    assert eventually(lambda: [one["id"] for one in listed(looped)] == [case["id"]], 60)
    tell(looped, "failed", "contacted", channel="call", purpose="winback")
    tell(looped, "failed", "winback_outcome", outcome="promised")
    assert eventually(lambda: state(looped, case["id"]) == "outcome", 60)
    tell(looped, "failed", "paid", amount=50)
    assert eventually(lambda: state(looped, case["id"]) == "closed", 60)
    assert eventually(lambda: listed(looped) == [], 60)
    found = figures(looped, "winback", "stage")
    told = steps(found)
    assert [told[name] for name in ("found", "assigned", "contacted", "reached", "kept")] == [1] * 5
    assert (told["granted"], told["said"]) == (0, 0)
    assert found["whole"]["money"]["revenue"] == 50.0
    effect = looped.api.get("/v1/winback/effect?by=stage")
    until = time.monotonic() + 90.0
    while "effect" not in effect and time.monotonic() < until:
        time.sleep(0.2)
        effect = looped.api.get("/v1/winback/effect?by=stage")
    assert effect["effect"]["verdict"] == "cannot_answer"
    checked = looped.run("verify", "--json")
    assert checked.returncode == 0, checked.stdout


def listed(service: Service) -> list[dict[str, Any]]:
    """The list of win-back."""
    found: list[dict[str, Any]] = service.api.get("/v1/winback")["winback"]
    return found


def state(service: Service, case: str) -> str:
    """The state of a case."""
    found: dict[str, Any] = service.api.get(f"/v1/worklist/{case}")
    return str(found["state"])
