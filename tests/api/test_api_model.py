"""GET /v1/slots/{slot}/model, and the command `nudge model`, which says the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_web import Web
from click.testing import CliRunner

from bandits.policies.snapshot import dump
from nudge.api.schemas.model import ModelSchema
from nudge.cli import cli
from nudge.errors import NotFoundError
from nudge.flows.folds.learner_fit import fit_learner
from nudge.store.folds.counts import CountRow

NOW = 1_790_000_000


def publish(web: Web) -> None:
    """Publish a policy that learned from 4,000 exposures on two channels."""
    slot = web.service.store.slots.current()["banner"]
    cells = ("1.1.1", "2.1.1")
    rows = [
        CountRow(NOW - 3600, cell, name, (500, 100 if place == best else 25, 0, 0))
        for best, cell in enumerate(cells)
        for place, name in enumerate(slot.names)
    ]
    lease = web.service.store.snapshots.acquire("banner", "test", 30.0)
    assert lease
    policy = fit_learner(slot, rows, [0], float(NOW), 1)
    web.service.store.snapshots.publish(lease, dump(policy), float(NOW), [])
    web.service.refresh()


def test_a_model_is_told_before_and_after_the_first_snapshot(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer has its schema, and the command tells the same figures and sentences."""
    first: Any = web.get("/v1/slots/banner/model").json
    assert first["learned"] is None
    assert not ModelSchema().validate(first)
    publish(web)
    told: Any = web.get("/v1/slots/banner/model").json
    assert not ModelSchema().validate(told)
    assert told["policy"] == {"kind": "auto", "version": 1}
    assert told["learned"]["exposures"] == 4000
    assert {one["attribute"] for one in told["values"]} == {"channel", "stage", "city_tier"}
    for name, value in web.service.settings.to_environ().items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()
    same = runner.invoke(cli, ["model", "banner", "--json"])
    assert json.loads(same.stdout) == told
    chinese = runner.invoke(cli, ["model", "banner", "--lang", "zh"])
    assert chinese.stdout.splitlines() == [one["zh"] for one in told["sentences"]]
    missing = runner.invoke(cli, ["model", "none"])
    assert isinstance(missing.exception, NotFoundError)


def test_a_slot_that_is_not_there_has_no_model(web: Web) -> None:
    """An unknown slot is 404, and no key but a reader's may ask."""
    assert web.get("/v1/slots/none/model").status_code == 404
    assert web.get("/v1/slots/banner/model", "decide").status_code == 403
