"""Splits and erasures that are killed at any point, with worker and store: the same call ends them.

Afterwards each is its own, a rebuild comes to the same bits, and no refusal was ever lifted.
"""

from __future__ import annotations

import json
import urllib.request

import pytest
from child_processes import eventually
from fault_site import Site, installed
from fault_visitors import settled, verify

from nudge import faults

SPLIT = [one for one in faults.POINTS if one.startswith("split.")]
ERASE = [one for one in faults.POINTS if one.startswith("erase.")]
WORKER = ["attribute.before_commit", "attribute.after_commit"]


def call(site: Site, method: str, path: str, body: object = None) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://{site.environ['NUDGE_BIND']}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {site.environ['NUDGE_ADMIN_KEY']}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310 - the same
        found: dict[str, object] = json.loads(reply.read())
        return found


def tell(site: Site, visitor: str, kind: str, name: str, **fields: object) -> None:
    event = {"event_id": name, "type": kind, "visitor_id": visitor, **fields}
    answer = call(site, "POST", "/v1/events", {"events": [event]})
    assert not answer["rejected"], answer


def payments(site: Site, visitor: str) -> list[float]:
    found = call(site, "GET", f"/v1/visitors/{visitor}")["payments"]
    assert isinstance(found, list)
    return sorted(float(one["amount"]) for one in found)


def consents(site: Site, visitor: str) -> dict[str, bool]:
    found = call(site, "GET", f"/v1/visitors/{visitor}")["consents"]
    assert isinstance(found, list)
    return {one["channel"]: one["given"] for one in found}


def rebuilt(site: Site) -> None:
    done = site.run("rebuild", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout[done.stdout.index("[\n") :])
    assert [one["differences"] for one in told if one["differences"]] == []
    verify(site)


def pair(site: Site, a: str, b: str) -> None:
    """Two visitors who are taken for one, and go on."""
    tell(site, a, "paid", f"{a}1", amount=10)
    tell(site, b, "paid", f"{b}1", amount=100)
    tell(site, a, "consent", f"{a}c", channel="sms", given=False)
    tell(site, a, "identified", f"{a}i", other_id=b)
    tell(site, a, "paid", f"{a}2", amount=20)
    tell(site, b, "paid", f"{b}2", amount=200)


def test_f09_a_split_that_is_killed_is_done_by_the_same_call() -> None:
    """Killed at each of its points, and with the worker killed in between."""
    with installed() as site:
        site.serve()
        assert eventually(lambda: settled(site), 90), site.logs()
        for n, point in enumerate([*SPLIT, *WORKER]):
            a, b = f"a{n}", f"b{n}"
            pair(site, a, b)
            site.fault(point)
            first = site.run("people", "split", a, b)
            assert (first.returncode != 0) == (point in SPLIT), first.stderr
            again = site.run("people", "split", b, a, "--json")
            assert again.returncode == 0, again.stdout + again.stderr
            assert eventually(lambda: settled(site), 60), site.logs()
            assert payments(site, a) == [10, 20]
            assert payments(site, b) == [100, 200]
            assert (consents(site, a), consents(site, b)) == ({"sms": False}, {})
        rebuilt(site)
        assert payments(site, "a0") == [10, 20]
        assert call(site, "DELETE", "/v1/visitors/a0")["found"]
        assert payments(site, "b0") == [100, 200]


@pytest.mark.parametrize("point", ERASE)
def test_f16_an_erasure_that_is_killed_keeps_the_refusal(point: str) -> None:
    """A file that is loaded again afterwards lifts nothing; nor does a rebuild."""
    with installed() as site:
        site.serve()
        assert eventually(lambda: settled(site), 90), site.logs()
        tell(site, "v", "identified", "i", msisdn="13812345678")
        tell(site, "v", "consent", "c", channel="sms", given=False)
        site.fault(point)
        assert site.run("erase", "v", "--yes").returncode != 0
        assert site.run("erase", "v", "--yes").returncode == 0
        file = site.directory / "customers.csv"
        file.write_text(
            "visitor_id,msisdn,consent_sms,tier\nv,13812345678,yes,1\nw,13812345678,1,2\n"
        )
        assert site.run("load", "visitors", str(file)).returncode == 0
        assert eventually(lambda: settled(site), 60), site.logs()
        for visitor in ("v", "w"):
            assert consents(site, visitor) == {"sms": False}
        rebuilt(site)
        assert consents(site, "v") == {"sms": False}
