"""An outage from the journal to the snapshot: alarm, quarantine, notice, and the release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from receivers import HttpReceiver, http_receiver

from benchmarks.outages import CAUSE, CLOSE, DRAW, play_outage, watched_settings
from benchmarks.outages_site import Outage
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

OUTAGE = Outage(122, 182)


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


def test_an_outage_of_a_method_is_named_told_and_teaches_nothing(
    settings: Settings, http: HttpReceiver
) -> None:
    """One alarm names stage and method; the snapshots are those of a quiet day until a release.

    An hour at 25 visits a minute. Noise: the range of forty quiet days of as many minutes, some 4.3
    standard deviations wide, with .4 of it more on each side: a further quiet day leaves that once
    in ten thousand. Behind the release no bit tells of the quarantine. Whether the notice of the
    end is out by then is chance; none comes twice. `python -m benchmarks outages` is the long form.
    """
    settings = watched_settings(replace(settings, partitions=2), http.port)
    store = patient_store(settings)
    try:
        run = play_outage(store, settings, OUTAGE, 1, 25.0)
    finally:
        store.close()
    assert (run.cause, run.alarms) == (CAUSE, 1)
    assert run.found is not None
    assert run.found <= 15
    assert abs(run.off) <= CLOSE
    assert run.covered
    low, high = run.noise
    room = 0.4 * (high - low) + DRAW
    assert low - room <= run.left <= high + room, run
    assert run.is_moved, run
    assert run.equal
    kinds = [post.body["kind"] for post in http.posts]
    assert kinds in (["opened"], ["opened", "resolved"])
    assert "微信支付" in http.posts[0].body["message"]
