"""Jobs, on one server and on a cluster: asked once, answered once, whoever dies on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from nudge.errors import FencedError
from nudge.settings.settings import Settings
from nudge.store.jobs import jobs
from nudge.store.jobs.jobs import Inquiry, Ticket, TooManyJobsError
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys


@pytest.fixture(params=["server", "cluster"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    url = {"server": "store_url", "cluster": "cluster_url"}[request.param]
    store = Store(clients.patient(request.getfixturevalue(url)), Keys(settings.namespace, 3))
    yield store
    store.close()


def inquiry(name: str = "j1", about: str = "q") -> Inquiry:
    return Inquiry(name, "report", {"slot": "横幅"}, about)


def took(store: Store, ttl: float = 5.0) -> Ticket:
    ticket = store.jobs.take("report", ttl)
    assert ticket is not None
    return ticket


def test_a_question_is_asked_once_and_answered_once(store: Store) -> None:
    """Asking again changes nothing; one worker gets it; the answer is found by the question."""
    assert store.jobs.ask(inquiry()) == "j1"
    ticket = took(store)
    assert (ticket.id, ticket.question, ticket.about) == ("j1", {"slot": "横幅"}, "q")
    assert store.jobs.ask(inquiry()) == "j1"
    assert store.jobs.take("report", 5.0) is None
    assert store.jobs.newest("q") is None
    store.jobs.go_on(ticket, 5.0, 0.5)
    going = store.jobs.read("j1")
    assert going is not None
    assert (going.state, going.progress, going.open, going.finished) == ("running", 0.5, True, None)
    store.jobs.finish(ticket, b"\x00answer", 17.25, 60.0)
    assert store.jobs.ask(inquiry()) == "j1"
    found = store.jobs.newest("q")
    assert found is not None
    assert (found.id, found.as_of, found.progress, found.open) == ("j1", 17.25, 1.0, False)
    assert store.jobs.result("j1") == b"\x00answer"
    assert store.jobs.take("report", 5.0) is None


def test_who_was_overtaken_writes_nothing(store: Store) -> None:
    """A lease that ran out goes to the next worker; the first one's answer is refused."""
    store.jobs.ask(inquiry())
    slow = took(store, ttl=0.05)
    time.sleep(0.1)
    quick = took(store)
    assert quick.token > slow.token
    for late in (
        lambda: store.jobs.go_on(slow, 5.0, 0.9),
        lambda: store.jobs.finish(slow, b"late", 1.0, 60.0),
        lambda: store.jobs.fail(slow, "x", "y"),
    ):
        with pytest.raises(FencedError):
            late()
    store.jobs.finish(quick, b"answer", 1.0, 60.0)
    assert store.jobs.result("j1") == b"answer"
    with pytest.raises(FencedError):
        store.jobs.finish(quick, b"twice", 1.0, 60.0)


def test_a_job_that_ends_its_workers_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three workers it fails, and the next is served. Who asks anew later begins it again."""
    store.jobs.ask(inquiry())
    for _ in range(jobs.TRIES):
        took(store, ttl=0.001)
        time.sleep(0.01)
    store.jobs.ask(inquiry("j2", "another question"))
    assert took(store).id == "j2"
    failed = store.jobs.read("j1")
    assert failed is not None
    assert (failed.state, failed.code) == ("failed", "gave_up")
    assert store.jobs.ask(inquiry()) == "j1"
    assert store.jobs.take("report", 5.0) is None
    assert store.jobs.ask(inquiry(), anew=True) == "j1"
    assert store.jobs.take("report", 5.0) is None
    monkeypatch.setattr(jobs, "RETRY", 0.0)
    assert store.jobs.ask(inquiry()) == "j1"
    assert store.jobs.take("report", 5.0) is None
    assert store.jobs.ask(inquiry(), anew=True) == "j1"
    assert took(store).id == "j1"


def test_a_failure_is_told(store: Store) -> None:
    """Code and message stand in the job; the newest answer stays what it was."""
    store.jobs.ask(inquiry())
    store.jobs.fail(took(store), "broken_lake", "a file is missing")
    failed = store.jobs.read("j1")
    assert failed is not None
    assert (failed.state, failed.code, failed.message) == (
        "failed",
        "broken_lake",
        "a file is missing",
    )
    assert store.jobs.newest("q") is None
    assert store.jobs.read("unknown") is None


def test_an_older_answer_does_not_hide_a_newer_one(store: Store) -> None:
    """Two jobs on one question: the answer that knows more stays the newest, whoever ends last."""
    store.jobs.ask(inquiry("old"))
    old = took(store)
    store.jobs.ask(inquiry("new"))
    new = took(store)
    store.jobs.finish(new, b"new", 20.0, 60.0)
    store.jobs.finish(old, b"old", 10.0, 60.0)
    found = store.jobs.newest("q")
    assert found is not None
    assert found.id == "new"


def test_too_many_questions_are_refused(store: Store) -> None:
    """A caller who asks without end fills no store."""
    for i in range(jobs.MOST):
        store.jobs.ask(inquiry(f"j{i}", f"q{i}"))
    with pytest.raises(TooManyJobsError):
        store.jobs.ask(inquiry("more"))
    assert store.jobs.ask(inquiry("j0", "q0")) == "j0"


def test_a_question_waits_once(store: Store) -> None:
    """While the lake moves on, one waiting job stands for a question; taken, another may wait."""
    assert store.jobs.ask(inquiry("first")) == "first"
    assert store.jobs.ask(inquiry("second")) == "first"
    assert store.jobs.ask(inquiry("third", "another question")) == "third"
    assert took(store).id == "first"
    assert store.jobs.ask(inquiry("second")) == "second"
