"""Jobs, on one server and on a cluster: asked once, answered once, whoever dies on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from nudge.errors import FencedError
from nudge.settings.settings import Settings
from nudge.store.jobs import jobs
from nudge.store.jobs.jobs import Inquiry, Ticket, TooManyJobsError
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@pytest.fixture(params=["server", "cluster"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    url = {"server": "store_url", "cluster": "cluster_url"}[request.param]
    client = clients.patient(request.getfixturevalue(url))
    yield client
    client.close()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.namespace, 3)


def inquiry(name: str = "j1", about: str = "q") -> Inquiry:
    return Inquiry(name, "report", {"slot": "横幅"}, about)


def took(client: Client, keys: Keys, ttl: float = 5.0) -> Ticket:
    ticket = jobs.take(client, keys, "report", ttl)
    assert ticket is not None
    return ticket


def test_a_question_is_asked_once_and_answered_once(client: Client, keys: Keys) -> None:
    """Asking again changes nothing; one worker gets it; the answer is found by the question."""
    assert jobs.ask(client, keys, inquiry()) == "j1"
    ticket = took(client, keys)
    assert (ticket.id, ticket.question, ticket.about) == ("j1", {"slot": "横幅"}, "q")
    assert jobs.ask(client, keys, inquiry()) == "j1"
    assert jobs.take(client, keys, "report", 5.0) is None
    assert jobs.newest(client, keys, "q") is None
    jobs.go_on(client, keys, ticket, 5.0, 0.5)
    going = jobs.read(client, keys, "j1")
    assert going is not None
    assert (going.state, going.progress, going.open, going.finished) == ("running", 0.5, True, None)
    jobs.finish(client, keys, ticket, b"\x00answer", 17.25, 60.0)
    assert jobs.ask(client, keys, inquiry()) == "j1"
    found = jobs.newest(client, keys, "q")
    assert found is not None
    assert (found.id, found.as_of, found.progress, found.open) == ("j1", 17.25, 1.0, False)
    assert jobs.result(client, keys, "j1") == b"\x00answer"
    assert jobs.take(client, keys, "report", 5.0) is None


def test_who_was_overtaken_writes_nothing(client: Client, keys: Keys) -> None:
    """A lease that ran out goes to the next worker; the first one's answer is refused."""
    jobs.ask(client, keys, inquiry())
    slow = took(client, keys, ttl=0.05)
    time.sleep(0.1)
    quick = took(client, keys)
    assert quick.token > slow.token
    for late in (
        lambda: jobs.go_on(client, keys, slow, 5.0, 0.9),
        lambda: jobs.finish(client, keys, slow, b"late", 1.0, 60.0),
        lambda: jobs.fail(client, keys, slow, "x", "y"),
    ):
        with pytest.raises(FencedError):
            late()
    jobs.finish(client, keys, quick, b"answer", 1.0, 60.0)
    assert jobs.result(client, keys, "j1") == b"answer"
    with pytest.raises(FencedError):
        jobs.finish(client, keys, quick, b"twice", 1.0, 60.0)


def test_a_job_that_ends_its_workers_is_given_up(
    client: Client, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three workers it fails, and the next is served. Who asks anew later begins it again."""
    jobs.ask(client, keys, inquiry())
    for _ in range(jobs.TRIES):
        took(client, keys, ttl=0.001)
        time.sleep(0.01)
    jobs.ask(client, keys, inquiry("j2", "another question"))
    assert took(client, keys).id == "j2"
    failed = jobs.read(client, keys, "j1")
    assert failed is not None
    assert (failed.state, failed.code) == ("failed", "gave_up")
    assert jobs.ask(client, keys, inquiry()) == "j1"
    assert jobs.take(client, keys, "report", 5.0) is None
    assert jobs.ask(client, keys, inquiry(), anew=True) == "j1"
    assert jobs.take(client, keys, "report", 5.0) is None
    monkeypatch.setattr(jobs, "RETRY", 0.0)
    assert jobs.ask(client, keys, inquiry()) == "j1"
    assert jobs.take(client, keys, "report", 5.0) is None
    assert jobs.ask(client, keys, inquiry(), anew=True) == "j1"
    assert took(client, keys).id == "j1"


def test_a_failure_is_told(client: Client, keys: Keys) -> None:
    """Code and message stand in the job; the newest answer stays what it was."""
    jobs.ask(client, keys, inquiry())
    jobs.fail(client, keys, took(client, keys), "broken_lake", "a file is missing")
    failed = jobs.read(client, keys, "j1")
    assert failed is not None
    assert (failed.state, failed.code, failed.message) == (
        "failed",
        "broken_lake",
        "a file is missing",
    )
    assert jobs.newest(client, keys, "q") is None
    assert jobs.read(client, keys, "unknown") is None


def test_an_older_answer_does_not_hide_a_newer_one(client: Client, keys: Keys) -> None:
    """Two jobs on one question: the answer that knows more stays the newest, whoever ends last."""
    jobs.ask(client, keys, inquiry("old"))
    old = took(client, keys)
    jobs.ask(client, keys, inquiry("new"))
    new = took(client, keys)
    jobs.finish(client, keys, new, b"new", 20.0, 60.0)
    jobs.finish(client, keys, old, b"old", 10.0, 60.0)
    found = jobs.newest(client, keys, "q")
    assert found is not None
    assert found.id == "new"


def test_too_many_questions_are_refused(client: Client, keys: Keys) -> None:
    """Whoever asks without end fills no store."""
    for i in range(jobs.MOST):
        jobs.ask(client, keys, inquiry(f"j{i}", f"q{i}"))
    with pytest.raises(TooManyJobsError):
        jobs.ask(client, keys, inquiry("more"))
    assert jobs.ask(client, keys, inquiry("j0", "q0")) == "j0"


def test_a_question_waits_once(client: Client, keys: Keys) -> None:
    """While the lake moves on, one waiting job stands for a question; taken, another may wait."""
    assert jobs.ask(client, keys, inquiry("first")) == "first"
    assert jobs.ask(client, keys, inquiry("second")) == "first"
    assert jobs.ask(client, keys, inquiry("third", "another question")) == "third"
    assert took(client, keys).id == "first"
    assert jobs.ask(client, keys, inquiry("second")) == "second"
