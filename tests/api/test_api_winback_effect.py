"""The effect of win-back over HTTP: live cases against the holdout, in all and by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event as Stop
from threading import Thread
from typing import Any

import numpy as np
import pytest
from api_web import Web
from funnel_traffic import DAY, START, Timed, written
from loop_traffic import opened, paid
from werkzeug.test import TestResponse

from nudge.wiring.stores import patient_store
from nudge.workers.reports.effect_answers import effect_kind
from nudge.workers.reports.report_loop import ReportLoop

PEOPLE = 1_500
PERIOD = f"from={START!r}&to={START + 2 * DAY!r}&kept_within=1d"


def cases() -> Iterator[Timed]:
    """A third are held out; a contact brings back those whose payment failed."""
    rng = np.random.default_rng(9)
    for person in range(PEOPLE):
        held, failed = bool(rng.random() < 1 / 3), bool(rng.random() < 0.5)
        stage, amount = ("pay" if failed else "home"), float(rng.choice([10.0, 50.0, 100.0]))
        record = opened(person, float(person), held=held, stage=stage, amount=amount)
        yield START + person, record
        if rng.random() < 0.15 + 0.3 * (failed and not held):
            yield paid(person, person + 5_000.0)
    yield paid(100_000, 40 * DAY)
    yield paid(100_001, 40 * DAY)


@pytest.fixture
def busy(web: Web) -> Iterator[Web]:
    """A lake of live cases, and a worker that answers about their effect, in a thread."""
    settings = web.service.settings
    written(settings.lake_dir, cases())
    store, stop = patient_store(settings), Stop()
    loop = ReportLoop(store, effect_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield web
    stop.set()
    thread.join()
    store.close()


def asked(web: Web, query: str) -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 120.0
    while (response := web.get(f"/v1/winback/effect?{query}")).status_code == 202:
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def test_the_effect_is_told_in_all_and_by_stage(busy: Web) -> None:
    """Failed payments gain, others do not; each stage has a verdict in words."""
    found: Any = asked(busy, f"{PERIOD}&by=stage").json
    assert found["effect"]["people"] == PEOPLE
    assert found["effect"]["verdict"] in {"helps", "helps_some"}
    verdicts = {one["value"]: one["holdout"]["verdict"] for one in found["groups"]}
    assert verdicts == {"pay": "helps", "home": "no_difference"}
    assert set(found["definition"]) >= {"increment", "difference"}


@pytest.mark.parametrize("query", ["by=agent", "kind=winback", "kept_within=never", "a=b"])
def test_a_question_that_makes_no_sense_is_refused(web: Web, query: str) -> None:
    """An unknown word or parameter is a 4xx that names it."""
    response = web.get(f"/v1/winback/effect?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.text
