"""A real campaign goes through the running service."""

from __future__ import annotations

import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from child_processes import free_port
from e2e_service import MAPPING, SAMPLE, Service, serving

from nudge.lake.engine.query import performance

SLOT = "hillstrom"


@pytest.fixture(scope="module")
def result(service: Service) -> Any:
    """The output of `nudge replay --json` for the sample."""
    return _replay(service)


def test_replay_completes_and_the_service_has_counted_what_was_sent(result: Any) -> None:
    """Every row is asked, a third of them matches, and the service's figures are what was sent."""
    assert result["rows"] == 3000
    assert not result["interrupted"]
    assert result["service"]["caught_up"]
    assert 800 < result["served"]["rows"] < 1200
    assert sum(part["rows"] for part in result["tenths"]) == result["served"]["rows"]


def test_log_rates_are_those_of_the_file(result: Any) -> None:
    """The baselines are recounted from the log itself: all rows, by variant."""
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    mens = [int(row["visit"]) for row in rows if row["segment"] == "Mens E-Mail"]
    assert result["log"]["mens_email"]["rows"] == len(mens)
    assert result["log"]["mens_email"]["rate"] == pytest.approx(sum(mens) / len(mens))


def test_performance_equals_the_recount_from_the_lake(service: Service, result: Any) -> None:
    """The service's own figures and a recount of the lake's rows agree exactly, by reason too."""
    del result
    assert service.settled()
    told = service.performance("hillstrom")
    recount = performance(service.lake, "hillstrom")
    drawn = {
        row.variant: (row.exposures, row.conversions) for row in recount if row.reason == "policy"
    }
    assert {
        row["variant"]: (row["exposures"], row["conversions"]) for row in told["variants"]
    } == drawn
    for reason, row in told["by_reason"].items():
        found = [one for one in recount if one.reason == reason]
        assert row["exposures"] == sum(one.exposures for one in found)
        assert row["conversions"] == sum(one.conversions for one in found)


def test_same_run_again_changes_nothing(service: Service, result: Any) -> None:
    """A replay of the same name is a repetition: same draws, no exposure and no reward added."""
    before = service.performance("hillstrom")
    again = _replay(service)
    assert service.settled()
    after = service.performance("hillstrom")
    assert again["repeated"] == 3000
    assert again["served"] == result["served"]
    assert _counts(after) == _counts(before)


def test_verify_finds_no_difference(service: Service, result: Any) -> None:
    """Journal, lake and totals tell the same story, by the command line's own check."""
    del result
    assert service.settled()
    done = service.run("verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_exported_log_gives_the_same_performance_elsewhere(
    service: Service, result: Any, tmp_path: Path
) -> None:
    """Re-imported into an empty service: equal totals, and an equal report by every cut of it."""
    del result
    assert service.settled()
    file = tmp_path / "log.csv"
    assert service.run("export", "--format", "csv", "--slot", SLOT, str(file)).returncode == 0
    with (
        tempfile.TemporaryDirectory(prefix="nudge-e2e-") as directory,
        serving(Path(directory) / "data", free_port()) as other,
    ):
        applied = other.run("apply", str(MAPPING.with_name("slot.toml")))
        assert applied.returncode == 0, applied.stderr
        done = other.run("import", str(file), "--slot", SLOT)
        assert done.returncode == 0, done.stderr
        assert other.settled()
        first, second = service.performance(SLOT), other.performance(SLOT)
        assert _sums(second["variants"]) == _sums(first["variants"])
        assert _counts(second) == _counts(first)
        for by in ("channel", "context.mens,context.newbie"):
            whole, again = _report(service, by), _report(other, by)
            assert _sums(again["whole"]["variants"]) == _sums(whole["whole"]["variants"])
            assert _segments(again) == _segments(whole)
        checked = other.run("verify")
        assert checked.returncode == 0, checked.stdout + checked.stderr


def _counts(told: Any) -> dict[str, list[float]]:
    """Reason -> the totals of this second; rates are the report's and come later."""
    names = ("exposures", "conversions", "revenue")
    return {reason: [row[name] for name in names] for reason, row in told["by_reason"].items()}


def _sums(variants: Any) -> dict[str, tuple[int, int | None]]:
    """Variant -> exposures, and conversions where there are people enough to tell them."""
    return {one["variant"]: (one["exposures"], one.get("conversions")) for one in variants}


def _segments(report: Any) -> dict[str, Any]:
    """Segment -> the sums of its variants, as far as they are told."""
    return {
        json.dumps(one["segment"], sort_keys=True): _sums(one.get("variants", ()))
        for one in report["segments"]
    }


def _report(service: Service, by: str) -> Any:
    until = time.monotonic() + 60.0
    path = f"/v1/slots/{SLOT}/performance"
    while not (found := service.api.get(path, {"by": by}))["report"]:
        assert time.monotonic() < until
        time.sleep(0.2)
    return found["report"]


def _replay(service: Service) -> Any:
    done = service.run("replay", str(SAMPLE), "--mapping", str(MAPPING), "--run", "e2e", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
