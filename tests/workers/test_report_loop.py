"""The report worker prepares what may be asked next, and gives way to what is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any

import pytest

from nudge.settings.settings import Settings
from nudge.store.jobs.jobs import Inquiry
from nudge.store.store import Store
from nudge.wiring.stores import patient_store
from nudge.workers.reports import report_loop
from nudge.workers.reports.report_loop import JobAnswer, QuestionKind, ReportLoop, Tell


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = patient_store(settings)
    yield opened
    opened.close()


def test_a_question_does_not_wait_until_all_is_prepared(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that comes while ten million rows are summed up is answered first."""
    monkeypatch.setattr(report_loop, "REST", 0.0)
    stop, done = Event(), list[str]()

    def answer(question: Mapping[str, Any], _: Tell) -> JobAnswer:
        done.append(f"answered {question['slot']}")
        return JobAnswer(b"{}", 1.0)

    def prepare(tell: Tell) -> None:
        tell(0.0)
        done.append("began")
        if len(done) == 1:
            store.jobs.ask(Inquiry("j1", "report", {"slot": "banner"}, "q"))
        tell(0.0)
        done.append("prepared")
        stop.set()

    ReportLoop(store, QuestionKind("report", answer, 60.0, prepare), 5.0).run(stop)
    assert done == ["began", "answered banner", "began", "prepared"]


def test_a_question_waits_until_it_is_taken(store: Store) -> None:
    """A question that another worker answers keeps nobody from preparing."""
    assert not store.jobs.waits("report")
    store.jobs.ask(Inquiry("j1", "report", {}, "q"))
    assert store.jobs.waits("report")
    assert not store.jobs.waits("evaluate")
    assert store.jobs.take("report", 5.0) is not None
    assert not store.jobs.waits("report")
