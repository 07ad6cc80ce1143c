"""Files and commands with numbers in every column and option, and a store that dies meanwhile."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

from e2e_service import Service, children
from number_traffic import Caller
from places import ROOT

COLUMNS: Final = {
    "load": (
        "visitor_id",
        "msisdn",
        "consent_sms",
        "consent_sms_at",
        "city",
        "note",
        "last_amount",
    ),
    "plan": ("visitor_id", "zone", "purpose", "city", "note", "msisdn"),
    "import": (
        *("at", "subject", "channel", "page", "eligible", "pmf", "u", "variant", "propensity"),
        *("reason", "policy", "policy_version", "slot_revision", "exposed_at", "reward"),
        *("conversions", "value_fen", "rewarded_at", "context"),
    ),
    "evaluate": ("variant", "propensity", "reward", "city"),
    "replay": ("row", "segment", "mens", "womens", "newbie", "visit", "conversion", "spend"),
}
USUAL: Final = {
    "visitor_id": "of-a-file",
    "consent_sms": "yes",
    "city": "x",
    "at": "2026-11-01T00:00:00Z",
    "channel": "web",
    "page": "home",
    "eligible": '["data_draw"]',
    "pmf": "[1.0]",
    "variant": "data_draw",
    "propensity": "1.0",
    "reward": "0",
    "segment": "Mens E-Mail",
    "mens": "1",
    "womens": "0",
    "newbie": "0",
    "visit": "1",
    "conversion": "1",
    "spend": "5",
}


def table(caller: Caller, kind: str, path: Path) -> Path:
    """A CSV with a row for each column, in which that one holds a number."""
    columns = COLUMNS[kind]
    lines = [",".join(columns)]
    for spoilt in (None, *columns, *columns):
        cells = {name: USUAL.get(name, "") for name in columns}
        if spoilt:
            cells[spoilt] = str(caller.numbers.spelled())
        lines.append(",".join(f'"{one.replace(chr(34), chr(34) * 2)}"' for one in cells.values()))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def walk_files(service: Service, caller: Caller, out: Path) -> None:
    """Run every command with files and options that hold numbers; its output is kept in `out`."""
    work = out.with_name("in")
    work.mkdir()
    mapping = ROOT / "examples" / "hillstrom" / "mapping.toml"
    made = {kind: table(caller, kind, work / f"{kind}.csv") for kind in COLUMNS}
    slot = work / "slots" / "numbers.toml"
    slot.parent.mkdir()
    shipped = (ROOT / "config" / "slots" / "banner.toml").read_text("utf-8")
    slot.write_text(shipped.replace('"banner"', '"numbers"', 1) + f"\n# {caller.numbers.next()}\n")
    one = caller.numbers.next
    commands = [
        ("load", "visitors", str(made["load"])),
        ("plan", str(made["plan"]), str(work / "plans.csv")),
        ("import", str(made["import"]), "--slot", "banner"),
        ("import", str(made["import"]), "--slot", "banner", "--teach-only", "--name", one()),
        ("evaluate", "--log", str(made["evaluate"]), "--target", f"always:{one()}", "--json"),
        ("replay", str(made["replay"]), "--mapping", str(mapping)),
        ("apply", str(slot), "--why", one()),
        ("keys", "create", "--scope", "read", "--name", one()),
        ("explain", one()),
        ("erase", "--yes", one()),
        ("funnel", "--by", one()),
        ("export", "--format", one(), "--slot", one(), str(out / "x.csv")),
        *(
            ("export", "--format", kind, "--slot", "banner", str(out / f"of.{kind}"))
            for kind in ("csv", "parquet", "dsjson")
        ),
        ("backup", str(out / "backup")),
        ("verify",),
        ("check",),
        (one(),),
    ]
    kill_store(service)
    caller.events()
    for number, command in enumerate(commands):
        done = service.run(*command)
        (out / f"said-{number}.txt").write_text(f"{done.stdout}\n{done.stderr}")


def kill_store(service: Service) -> None:
    """Kill the store: it starts again, and what came meanwhile waits in the spool."""
    for pid in children(service.pid):
        if b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
