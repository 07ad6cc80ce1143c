"""Make `tests/data/old_data.tar.gz` and `.json` with an older checkout; see tests/data/README.md.

PYTHONPATH=tests python tests/e2e/make_old_data.py CHECKOUT
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from child_processes import free_port
from old_data import SLOTS, Installation

DATA = Path(__file__).parents[1] / "data"
VISITORS = 48
MANY = 20
IDS = count(1)
EXPLAINED = (
    "policy denomination",
    "holdout banner",
    "only_eligible prefill",
    "policy payment_retry",
    "sms",
    "sms from a file",
    "one of many",
    "learned",
)
LEFT_OUT = ("spool", "metrics", "reports", "cache")
"""Directories that hold nothing that lasts."""


def main() -> None:
    """Run the older version, tell what it tells, and pack what it leaves."""
    root = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory(prefix="nudge-old-") as directory:
        config = small(root / "config", Path(directory) / "config")
        data_dir = Path(directory) / "data"
        old = Installation(str(root / ".venv/bin/python"), root, config, data_dir, free_port())
        with old.serving():
            decisions = traffic(old) | merged(old)
            old.settle()
            facts = {
                "decisions": {kind: old.told("explain", decisions[kind]) for kind in EXPLAINED},
                "totals": old.totals(),
                "visitors": {name: old.visitor(name) for name in ("v1", "v2", "v7", "known-2")},
                "slots": {slot: old.get(f"/v1/slots/{slot}")["revision"] for slot in SLOTS},
            }
            assert old.told("verify") == []
            before = old.state()
        keep = Path(directory) / "kept"
        shutil.copytree(old.data_dir, keep)
        with old.serving():
            assert old.totals() == facts["totals"]
            assert old.state() == before
            rebuilt = old.told("rebuild")
            facts["entries"] = sum(x["entries"] for x in rebuilt if x["fold"] == "learn")
            assert not any(one["differences"] for one in rebuilt), rebuilt
            assert old.state() == before
            assert old.told("verify") == []
        pack(keep, DATA / "old_data.tar.gz")
    (DATA / "old_data.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def small(shipped: Path, own: Path) -> Path:
    """The shipped configuration, with fewer draws: snapshots are most of the archive."""
    shutil.copytree(shipped, own)
    for path in (own / "slots").iterdir():
        path.write_text(path.read_text().replace("[policy]\n", "[policy]\ndraws = 16\n"))
    return own


def traffic(old: Installation) -> dict[str, str]:
    """Send a little of everything; some decisions by what is particular about them."""
    kept: dict[str, str] = {}
    for channel, given in (("sms", True), ("call", False)):
        # What is known of who refused is kept for ten years: so long does the test hold.
        names = [f"v{n}" for n in range(VISITORS)] + [f"many-{n}" for n in range(MANY)]
        names += ["late-1", "gone-1", "cookie-1"]
        tell(old, *(consent(name, channel, given=given) for name in names))
    customers = old.data_dir.with_name("customers.csv")
    rows = [f"known-{n},1390000{n:04d},{n % 3 + 1},growth,true,false" for n in range(12)]
    header = "visitor_id,msisdn,city_tier,stage,consent_sms,consent_call"
    customers.write_text("\n".join((header, *rows)) + "\n")
    old.told("load", "visitors", customers)
    for n in range(VISITORS):
        kept |= visit(old, n)
    old.settle()
    for n in range(0, VISITORS, 4):
        kept |= retry(old, n)
    return kept | texts(old, customers)


def visit(old: Installation, n: int) -> dict[str, str]:
    """A visitor sees home and the recharge page, and some of them pay."""
    name = f"v{n}"
    msisdn = {"msisdn": f"1380000{n:04d}"} if n % 3 == 0 else {}
    home = decide(old, name, "home", "denomination", "prefill", "banner", **msisdn)
    again = decide(old, name, "home", "denomination", "banner")
    assert again["banner"]["decision_id"] == home["banner"]["decision_id"]
    seen = [event(name, "shown", decision_id=home["banner"]["decision_id"])]
    if n % 2:
        seen.append(event(name, "clicked", decision_id=home["banner"]["decision_id"]))
        recharge = decide(old, name, "recharge", "denomination", "prefill")
        seen.append(event(name, "step", step="pay_tapped"))
        seen.append(event(name, "prefill_kept", decision_id=recharge["prefill"]["decision_id"]))
    if n % 4 == 1:
        seen.append(event(name, "paid", amount=50 + n, msisdn=f"1380000{n:04d}"))
    if n % 4 == 0:
        seen.append(event(name, "payment_failed", reason="timeout", method="wechat"))
    if n % 8 == 7:
        seen.append(event(name, "feedback", scene="paid", score=n % 10, text=f"好用 {n}"))
        seen.append(event(name, "benefit_granted", group="coffee"))
    tell(old, *seen)
    return {f"{one['reason']} {slot}": one["decision_id"] for slot, one in home.items()}


def retry(old: Installation, n: int) -> dict[str, str]:
    """An offer after a failed payment; half of them then pay."""
    (offer,) = decide(old, f"v{n}", "pay", "payment_retry").values()
    if n % 8 == 0:
        tell(old, event(f"v{n}", "paid", amount=30))
    return {f"{offer['reason']} payment_retry": offer["decision_id"]}


def texts(old: Installation, customers: Path) -> dict[str, str]:
    """SMS planned over HTTP and from a file, sent and clicked; many visitors in one call."""
    asked = {"customers": [{"visitor_id": f"v{n}", "slots": ["banner"]} for n in range(10)]}
    plans = [one for one in old.post("/v1/sms/timings", asked)["results"] if one["decision_id"]]
    out = customers.with_name("plans.csv")
    old.told("plan", customers, out, "--processes", 1)
    for one in plans[:4]:
        name, decision = one["visitor_id"], one["decision_id"]
        kinds = ("sms_sent", "sms_delivered")
        tell(old, *(event(name, kind, decision_id=decision) for kind in kinds))
        tell(old, event(name, "sms_clicked", token=one["link_token"]))
    many = {
        "channel": "app",
        "page": "home",
        "slots": ["banner", "denomination"],
        "visitors": [{"visitor_id": f"many-{n}"} for n in range(MANY)],
    }
    first = old.post("/v1/decisions", many)["results"][0]["decisions"]["banner"]["decision_id"]
    with out.open() as lines:
        row = next(one for one in csv.DictReader(lines) if one["decision_id"])
    return {
        "sms": plans[-1]["decision_id"],
        "sms from a file": row["decision_id"],
        "one of many": first,
    }


def merged(old: Installation) -> dict[str, str]:
    """Two visitors turn out to be one; another is forgotten; snapshots were published meanwhile."""
    decide(old, "cookie-1", "home", "denomination", "banner")
    old.settle()
    tell(old, event("cookie-1", "identified", other_id="v2"))
    tell(old, event("v2", "paid", amount=100))
    old.settle()
    decide(old, "gone-1", "home", "denomination", "banner")
    old.told("erase", "gone-1", "--yes")
    time.sleep(3)  # the web takes the snapshot that was published on start
    late = decide(old, "late-1", "recharge", "denomination", "banner")
    tell(old, event("late-1", "shown", decision_id=late["banner"]["decision_id"]))
    return {"learned": late["denomination"]["decision_id"]}


def decide(
    old: Installation, visitor: str, page: str, *slots: str, **more: str
) -> dict[str, dict[str, Any]]:
    """The answer for the slots of a page."""
    body = {"visitor_id": visitor, "channel": "wap", "page": page, "slots": list(slots), **more}
    found: dict[str, dict[str, Any]] = old.post("/v1/decisions", body)["decisions"]
    return found


def consent(visitor: str, channel: str, *, given: bool) -> dict[str, object]:
    """The visitor's word on a channel."""
    return event(visitor, "consent", channel=channel, given=given)


def event(visitor: str, kind: str, **fields: object) -> dict[str, object]:
    """One event."""
    return {"event_id": f"e{next(IDS)}", "type": kind, "visitor_id": visitor, **fields}


def tell(old: Installation, *events: dict[str, object]) -> None:
    """Send events, which are taken."""
    answer = old.post("/v1/events", {"events": list(events)})
    assert answer["accepted"] == len(events), answer


def pack(source: Path, target: Path) -> None:
    """Pack a data directory; the same files give the same bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path in files(source):
            member = tarfile.TarInfo(path.relative_to(source).as_posix())
            content = path.read_bytes()
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))
    target.write_bytes(gzip.compress(raw.getvalue(), 9, mtime=0))


def files(source: Path) -> Iterator[Path]:
    """The files that last, by name."""
    for path in sorted(source.rglob("*")):
        own = path.relative_to(source)
        if path.is_file() and own.parts[0] not in LEFT_OUT and path.suffix not in {".log", ".1"}:
            yield path


if __name__ == "__main__":
    main()
