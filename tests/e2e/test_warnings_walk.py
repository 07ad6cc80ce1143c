"""Warnings in a running service: from what a customer writes to a case that is closed."""

from __future__ import annotations

from typing import Any

from child_processes import eventually
from e2e_service import Service

MISSED_BY_WORDS = "内容空洞，看得人犯困"
"""No phrase of the shipped lexicon; the shipped model takes it for a complaint."""


def say(service: Service, visitor: str, name: str, score: int, text: str) -> None:
    """A customer answers a question of the page."""
    said = {"scene": "billing", "score": score, "text": text, "visitor_id": visitor}
    body = {"events": [{"event_id": name, "type": "feedback", **said}]}
    assert service.api.post("/v1/events", body)["accepted"] == 1


def cases_of(service: Service, visitor: str) -> list[dict[str, Any]]:
    """The customer's cases, the latest first."""
    found: list[dict[str, Any]] = service.api.get(f"/v1/warnings?visitor_id={visitor}")["warnings"]
    return found


def test_a_complaint_that_no_word_tells_is_proposed_with_its_words(service: Service) -> None:
    """The model's proposal has its own level below the rules, and shows what made it."""
    say(service, "proposed", "p1", 7, MISSED_BY_WORDS)
    say(service, "content", "p2", 9, "非常满意，办理很快")
    assert eventually(lambda: bool(cases_of(service, "proposed")), 60)
    (case,) = cases_of(service, "proposed")
    assert (case["level"], case["rule"], case["groups"]) == ("proposal", "proposal", [])
    assert case["complaint"] >= 0.9
    assert case["words"]
    assert all(word in MISSED_BY_WORDS for word in case["words"])
    assert cases_of(service, "content") == []


def test_a_broken_model_stops_no_warning_and_a_new_one_needs_no_restart(service: Service) -> None:
    """Rules go on by words alone, the log tells why, and proposals come back with the file."""
    own = service.data_dir / "models" / "complaints.npz"
    own.parent.mkdir()
    own.write_bytes(b"no model")
    assert service.run("check").returncode == 1
    say(service, "broken", "b1", 7, MISSED_BY_WORDS)
    say(service, "broken", "b2", 7, "我要销户")
    assert eventually(lambda: bool(cases_of(service, "broken")), 60)
    assert [case["rule"] for case in cases_of(service, "broken")] == ["says_leaving"]
    assert "complaint_model_unusable" in service.log.read_text()
    own.unlink()
    say(service, "mended", "b3", 7, MISSED_BY_WORDS)
    assert eventually(lambda: bool(cases_of(service, "mended")), 60)


def act(service: Service, case: str, **step: Any) -> dict[str, Any]:
    """A step of an agent."""
    found: dict[str, Any] = service.api.post(f"/v1/warnings/{case}/actions", step)
    return found


def test_a_warning_is_walked_from_feedback_to_the_week_s_page(service: Service) -> None:
    """Assigned, contacted, with an outcome, closed; ids that are one visitor have one case."""
    say(service, "walked", "w1", 8, "网速太慢，我要销户")
    assert eventually(lambda: bool(cases_of(service, "walked")), 60)
    (case,) = cases_of(service, "walked")
    assert (case["level"], case["state"]) == ("critical", "open")
    merged = {"event_id": "w2", "type": "identified", "visitor_id": "walked", "other_id": "member"}
    assert service.api.post("/v1/events", {"events": [merged]})["accepted"] == 1
    # A signal that overtakes the merger would open a case of its own.
    assert eventually(lambda: len(cases_of(service, "member")) == 1, 60)
    say(service, "member", "w3", 8, "我要销户")
    assert eventually(lambda: [x["signals"] for x in cases_of(service, "member")] == [2], 60), (
        cases_of(service, "member")
    )
    name = case["id"]
    act(service, name, action="assign", to="care_team", by="care_team")
    act(service, name, action="contact", note="打过电话，13812345678")
    act(service, name, action="outcome", outcome="stays")
    closed = act(service, name, action="close")
    assert set(closed["took"]) == {"assigned", "contacted", "outcome", "closed"}
    shown = service.run("warnings", "show", name).stdout
    assert "打过电话" in shown
    assert "13812345678" not in shown
    assert eventually(lambda: cases_of(service, "walked")[0]["state"] == "closed", 60)
    assert service.settled()
    told = service.run("report", "--week", closed["opened"][:10], "--lang", "en")
    assert "Warnings: " in told.stdout, told.stderr
    assert "1 closed" in told.stdout
    assert "Outcomes: stays (1)" in told.stdout
    assert "Leaving (" in told.stdout
    checked = service.run("verify", "--json")
    assert checked.returncode == 0, checked.stdout
