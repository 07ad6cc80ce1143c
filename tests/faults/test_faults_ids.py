"""Facts and claims under one id, whatever is killed: each is there once, and the fact counts."""

from __future__ import annotations

import time
from collections import Counter

from child_processes import eventually
from fault_site import descendants, installed, slain, webs
from fault_traffic import Line, Paced
from fault_visitors import check_rebuild, settled

from nudge.lake.engine.query import connect
from nudge.lake.files.reader import Lake

POINTS = ("record.before_append", "record.after_append")


def order(line: Line, number: int) -> tuple[str, int]:
    """A visitor sees a page; the order fails, is claimed by the page, and paid, under one id.

    Every call is repeated until it is acknowledged, and once more behind that.
    """
    name, yuan = f"v-{number}", 10 + number % 50
    page = {"channel": "app", "page": "home", "slots": ["made"], "visitor_id": name}
    line.insist("/v1/decisions", page, 200)
    same = {"event_id": f"order-{number}", "visitor_id": name}
    failed = same | {"type": "payment_failed", "reason": "timeout"}
    paid = same | {"type": "paid", "amount": yuan}
    calls = [("", [failed, paid]), (str(line.settings.page_key), [failed, paid | {"amount": 1}])]
    for key, events in (calls if number % 2 else calls[::-1]) * 2:
        told = line.insist("/v1/events", {"events": events}, 202, key).body
        assert (told["accepted"] + told["duplicates"], told["rejected"]) == (2, []), told
    return name, yuan


def test_f02_one_id_counts_once_in_each_class_under_kill_9() -> None:
    """Web processes and the store die while orders come: no fact is lost, none counts twice."""
    with installed() as site:
        serve = site.serve()
        assert eventually(lambda: settled(site), 60), site.logs()
        flow = Paced(site.settings, 20.0, order, threads=4)
        for point in POINTS:
            site.fault(point)
            assert site.struck(point), site.logs()
            time.sleep(1.0)
        for word in ("valkey-server", "nudge work"):
            below = descendants(serve.process.pid).items()
            assert slain(next(pid for pid, command in below if word in command))
            time.sleep(1.0)
        assert slain(webs(serve.process.pid)[0])
        orders = flow.finish(200)
        assert settled(site), site.logs()
        backend = connect(Lake(site.settings.lake_dir))
        rows = backend.table("events").select("event_id", "type", "source").to_pyarrow()
        found = Counter(tuple(row.values()) for row in rows.to_pylist())
        kinds = [(t, s) for t in ("payment_failed", "paid") for s in ("page", "server")]
        numbers = [name.removeprefix("v-") for name, _ in orders]
        assert found == Counter((f"order-{n}", *kind) for n in numbers for kind in kinds)
        rewards = backend.table("rewards").select("conversions", "value").to_pyarrow().to_pylist()
        assert sum(row["conversions"] for row in rewards) == len(orders)
        assert sum(row["value"] for row in rewards) == 100 * sum(yuan for _, yuan in orders)
        check_rebuild(site)
