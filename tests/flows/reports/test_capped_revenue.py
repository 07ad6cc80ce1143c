"""A slot whose objective is revenue, through the service: one enormous payment, cut and told."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.harms_world import NAME, slot
from benchmarks.lifts_service import Service
from nudge.domain.choosing.requests import DecisionRequest, EventRequest
from nudge.domain.reports.questions import PerformanceQuestion
from nudge.flows.reports.performance import Reports
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

VISITORS = 48
LARGE = 10_000


def test_one_enormous_payment_is_cut_and_told_in_the_report(settings: Settings) -> None:
    """Of 23 payments of 50 yuan and one of 10,000 that one counts for the cap."""
    store = patient_store(settings)
    reward = {"event": "paid", "objective": "revenue", "window": "1d"}
    service = Service.of(store.client, replace(settings, holdout=0.0), [slot(reward=reward)])
    paid = []
    for number in range(VISITORS):
        who = f"u-{number}"
        service.decide(DecisionRequest(who, "web", "home", (NAME,)))
        amount = LARGE if number == VISITORS - 1 else 50
        if number % 2:
            fields = {"amount": amount}
            paid.append(EventRequest(f"{who}-paid", "paid", who, None, None, fields))
    service.record(paid)
    service.learn()
    service.archive()
    reports = Reports(store, service.lake, settings.data_dir / "reports", 0.0)
    whole = reports.make(PerformanceQuestion(NAME)).report["whole"]
    assert isinstance(whole, dict)
    assert whole["capped"] == {"cap": 250.0, "exposures": 1, "yuan": LARGE - 250.0}
    store.close()
