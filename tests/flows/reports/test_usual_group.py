"""Three groups through the service: visitors, folds, the lake, and the lift over today's rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from benchmarks.harms_world import NAME, NO_HARM, slot
from benchmarks.lifts_service import Service
from lab.simulate.visitors import generator
from nudge import clock
from nudge.config.slot_change import Edit
from nudge.domain.choosing.requests import DecisionRequest, EventRequest
from nudge.domain.reports.questions import PerformanceQuestion
from nudge.domain.reports.report_table import rows
from nudge.flows.reports.harm_guard import HarmGuard
from nudge.flows.reports.performance import Reports
from nudge.flows.upkeep import apply as applying
from nudge.flows.upkeep.rebuild import NAMES, Rebuild
from nudge.flows.upkeep.verification.verify import verify
from nudge.lake.files.history import History
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

RULE = {"rule": "page:home=500,*=100", "share": 0.3}
VISITORS = 160
FEW = 60


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    store = patient_store(settings)
    yield Service.of(store.client, replace(settings, holdout=0.0), [slot(comparison=RULE)])
    store.close()


def visit(
    service: Service, prefix: str = "u", numbers: Iterable[int] = range(VISITORS)
) -> tuple[Counter[str], Counter[str]]:
    """Visitors of two pages, some of whom pay: exposures and payments by reason."""
    shown: Counter[str] = Counter()
    return shown, add_visits(service, prefix, numbers, shown)


def add_visits(
    service: Service, prefix: str, numbers: Iterable[int], shown: Counter[str]
) -> Counter[str]:
    """Visitors who are counted in `shown` one by one; payments by reason."""
    paid: Counter[str] = Counter()
    sent = []
    for number in numbers:
        rng, who = generator(1, number), f"{prefix}-{number}"
        page = "home" if number % 2 else "recharge"
        made = service.decide(DecisionRequest(who, "web", page, (NAME,))).decisions[NAME]
        shown[made.reason] += 1
        if made.reason == "usual" and prefix == "u":
            wanted = "500" if page == "home" else "100"
            assert (made.variant, made.propensity) == (wanted, 1.0)
        if rng.random() < NO_HARM[made.variant]:
            paid[made.reason] += 1
            fields = {"amount": int(made.variant)}
            sent.append(EventRequest(f"{who}-paid", "paid", who, None, None, fields))
    service.record(sent)
    service.learn()
    service.archive()
    return paid


def until_enough(shown: Counter[str]) -> Iterator[int]:
    """Numbers of visitors until the policy has 21 and the group `usual` has anybody.

    Groups are drawn anew in each run. With a tenth of the visitors the group `usual` reaches 20
    before both hold in less than one of 10^8 runs.
    """
    for number in count():
        if shown["policy"] > 20 and shown["usual"] > 0:
            return
        yield number


def told(service: Service) -> Any:
    """The report as the service has it now."""
    settings = service.settings
    reports = Reports(service.store, service.lake, settings.data_dir / "reports", settings.holdout)
    return reports.make(PerformanceQuestion(NAME)).report


def test_a_lift_over_fewer_than_twenty_people_is_hidden(service: Service) -> None:
    """Each lift with a small group has exposures and no figures, and its sentence says so."""
    change(service, {"share": 0.1}, 1)
    shown: Counter[str] = Counter()
    add_visits(service, "u", until_enough(shown), shown)
    assert 0 < shown["usual"] < 20 < shown["policy"]
    whole = told(service)["whole"]
    assert set(whole["lift_usual"]) == {"hidden", "exposures", "zh", "en"}
    assert whole["lift_usual"]["hidden"]
    assert whole["lift_usual"]["exposures"] == {n: shown[n] for n in ("policy", "usual")}
    assert "不足 20 人" in whole["lift_usual"]["zh"]
    assert "fewer than 20 people" in whole["lift_usual"]["en"]
    for name in ("lift", "usual_over_holdout"):
        assert whole[name] is None or set(whole[name]) == {"hidden", "exposures"}
    assert all(one.get("lift") is None for one in whole["variants"])


def test_three_groups_are_told_apart_from_decision_to_report(service: Service) -> None:
    """The group `usual` is in the lift over today's rule, and in nothing that is learned.

    Neither in the policy's figures, nor in what the learner or the guard counts; journal, lake and
    folds agree on it.
    """
    shown, paid = visit(service)
    report = told(service)
    whole = report["whole"]
    assert whole["exposures"] == shown["policy"]
    by_reason = {name: one["exposures"] for name, one in whole["by_reason"].items()}
    assert by_reason == dict(shown)
    assert whole["lift"]["exposures"] == {n: shown[n] for n in ("policy", "holdout")}
    assert whole["lift_usual"]["exposures"] == {n: shown[n] for n in ("policy", "usual")}
    assert whole["usual_over_holdout"]["exposures"] == {n: shown[n] for n in ("usual", "holdout")}
    assert "与现行规则相比" in whole["lift_usual"]["zh"]
    assert "today's rule" in whole["lift_usual"]["en"]
    first = rows(report | {"as_of": ""})[0]
    assert first["lift_usual_value"] == whole["lift_usual"]["value"]
    learned = [one for one in service.store.counts.totals(NAME) if one.reason == "usual"]
    assert sum(one.conversions for one in learned) == paid["usual"]
    guard = HarmGuard(
        service.store, service.lake, service.settings.data_dir / "reports", service.settings.holdout
    )
    (found, _) = guard.look(service.slot(NAME)).found
    assert found.exposures == (shown["policy"], shown["holdout"])
    assert verify(service.store, service.lake) == []
    before = service.store.counts.totals(NAME)
    rebuild(service)
    assert service.store.counts.totals(NAME) == before
    assert verify(service.store, service.lake) == []


def rebuild(service: Service) -> None:
    """Make all that the folds keep anew, from the lake and the journal."""
    store = service.store
    history = History(service.lake, service.decider.sealer.unseal, store.journal.read)
    for name in NAMES:
        for partition in store.keys.every_partition():
            Rebuild(store, history, "builder").run(name, partition, lambda _: None)


def test_a_lift_over_today_s_rule_begins_anew_with_another_rule(service: Service) -> None:
    """Exposures under the rule of before are left out, and the report says since when.

    Another share of the same rule goes on: the two are pooled.
    """
    first, _ = visit(service, "u", range(FEW))
    change(service, {"share": 0.4}, 1)
    then, _ = visit(service, "v", range(FEW))
    whole = told(service)["whole"]
    assert whole["lift_usual_since_revision"] is None
    assert whole["lift_usual"]["exposures"]["usual"] == (first + then)["usual"]
    change(service, {"rule": "page:*=100"}, 2)
    shown, _ = visit(service, "w", range(FEW))
    whole = told(service)["whole"]
    assert whole["lift_usual_since_revision"] == 3
    assert whole["lift_since_revision"] is None
    assert whole["lift_usual"]["exposures"] == {n: shown[n] for n in ("policy", "usual")}


def change(service: Service, comparison: dict[str, object], seen: int) -> None:
    """Change the slot's table `[comparison]`, and serve it."""
    edit = Edit("test", "another rule", clock.now())
    applying.patch(service.store, NAME, {"comparison": comparison}, seen, edit)
    service.follow()
