"""Withdrawals from a running service: the worker follows, the scheduler sees the list."""

from __future__ import annotations

from child_processes import eventually
from e2e_service import Service


def event(visitor: str, kind: str, **fields: object) -> dict[str, object]:
    return {"event_id": f"{kind}-{visitor}", "type": kind, "visitor_id": visitor, **fields}


def test_f12_two_ids_of_one_visitor_get_one_sms(service: Service) -> None:
    """One of the two plans is listed, and named when asked again; verify and rebuild agree."""
    ids = ("w-ada", "w-ben")
    given = [event(one, "consent", channel="SMS", given=True) for one in ids]
    assert service.api.post("/v1/events", {"events": given})["accepted"] == len(ids)
    assert service.settled()
    asked = {"customers": [{"visitor_id": one} for one in ids]}
    plans = {one["decision_id"] for one in service.api.post("/v1/sms/timings", asked)["results"]}
    assert None not in plans
    said = [event("w-ada", "identified", other_id="w-ben")]
    assert service.api.post("/v1/events", {"events": said})["accepted"] == 1

    def listed() -> list[str]:
        found = service.api.get("/v1/sms/withdrawals?since=2026-01-01T00:00:00Z")["withdrawals"]
        return [one["decision_id"] for one in found if one["decision_id"] in plans]

    assert eventually(lambda: bool(listed()), 60)
    assert service.settled()
    (gone,) = listed()
    for one in ids:
        answer = service.api.post("/v1/sms/timings", {"visitor_id": one})
        assert {answer["decision_id"], gone} == plans
        assert answer["displaces"] == [gone]
    for command in (["rebuild"], ["verify"]):
        done = service.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    assert listed() == [gone]
