"""Export for Sensors Analytics (神策分析): track events, one JSON object a line.

The format is that of its manual, "数据格式". A decision is `NudgeDecision`; where it was shown,
`NudgeExposure` follows, and where it was rewarded, `NudgeReward`. `distinct_id` is the subject:
no external id is in the lake, and none is in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson

from nudge.domain.basics.money import FEN
from nudge.lake.evaluation.log_columns import Look
from nudge.lake.evaluation.log_file import LogFile

LONGEST: Final = 8191
"""Most bytes of a text; the rest is cut off."""
_PLAIN: Final = ("decision_id", "slot", "slot_revision", "variant", "reason", "propensity")
_ASKED: Final = ("channel", "page", "policy", "policy_version")
_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")
Row = Mapping[str, Any]


def write_sensors(
    log: LogFile, path: Path, attributes: object, look: Look
) -> tuple[int, Mapping[str, int]]:
    """Write every decision with its exposure and reward; return the lines, none left out."""
    del attributes
    lines = 0
    with path.open("wb") as file:
        for batch in log.read(log.columns):
            for row in batch.to_pylist():
                for event in events(row):
                    file.write(orjson.dumps(event) + b"\n")
                    lines += 1
            look(batch.num_rows)
    return lines, {}


def events(row: Row) -> Iterator[dict[str, object]]:
    """Yield the track events of one decision of the joined form."""
    yield _event("NudgeDecision", row, row["at"], _asked(row))
    if row["exposed_at"] is not None:
        yield _event("NudgeExposure", row, row["exposed_at"], {})
    if row["rewarded_at"] is not None:
        reward = {"reward": row["reward"], "conversions": row["conversions"]}
        amount = {"amount_yuan": row["value_fen"] / FEN, "matured": row["matured"]}
        yield _event("NudgeReward", row, row["rewarded_at"], reward | amount)


def _event(name: str, row: Row, at: datetime, more: Mapping[str, object]) -> dict[str, object]:
    return {
        "distinct_id": row["subject"],
        "time": round(at.replace(tzinfo=UTC).timestamp() * 1000),
        "type": "track",
        "event": name,
        "time_free": True,  # history: the importers refuse old times without it
        "lib": _lib(),
        "properties": {"$is_login_id": False, **{n: row[n] for n in _PLAIN}, **more},
    }


def _asked(row: Row) -> dict[str, object]:
    context = {_named(name): _short(value) for name, value in row["context"] if value is not None}
    return {n: row[n] for n in _ASKED} | {"eligible": row["eligible"]} | context


def _named(attribute: str) -> str:
    """Return the name of a property; its prefix keeps it apart from reserved names."""
    return "context_" + _NAME.sub("_", attribute)[:80]


def _short(text: str) -> str:
    return text.encode()[:LONGEST].decode(errors="ignore")


@cache
def _lib() -> dict[str, str]:
    return {"$lib": "nudge", "$lib_version": version("nudge"), "$lib_method": "tools"}
