"""Export for Vowpal Wabbit: lines that `vw --dsjson --cb_explore_adf` trains on.

The format is that of VW's wiki, page DSJSON. `_label_Action` counts the line's actions from 1,
`_labelIndex` from 0; a cost is a negative reward; `a` and `p` begin with the action that was taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from nudge.lake.evaluation.log_arrays import RawBatch
from nudge.lake.evaluation.log_columns import Columns, Look, usable_rows
from nudge.lake.evaluation.log_file import LogFile

NEEDED: Final = (
    *("decision_id", "at", "variant", "propensity", "reward", "eligible", "pmf", "context"),
    *("channel", "page", "reason", "exposed_at", "matured"),
)
Row = Mapping[str, Any]


def write_dsjson(
    log: LogFile, path: Path, attributes: Mapping[str, Mapping[str, object]], look: Look
) -> tuple[int, Mapping[str, int]]:
    """Write the decisions that may be evaluated, one line each.

    Args:
        log: log to write.
        path: path of the file.
        attributes: variant -> attributes, which become features of the action.
        look: called with the number of rows after each batch that was read.

    Returns:
        Number of lines; reason -> number of decisions left out.
    """
    lines, start = 0, 1
    left_out: dict[str, int] = {}
    with path.open("wb") as file:
        for batch in log.read(NEEDED):
            part = RawBatch(log.name, batch, np.arange(start, start + batch.num_rows))
            kept, why = usable_rows(part, Columns())
            for row in part.where(kept).batch.to_pylist():
                file.write(orjson.dumps(line(row, attributes)) + b"\n")
                lines += 1
            left_out = {name: left_out.get(name, 0) + count for name, count in why.items()} | {
                name: count for name, count in left_out.items() if name not in why
            }
            start += batch.num_rows
            look(batch.num_rows)
    return lines, left_out


def line(row: Row, attributes: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Convert one decision of the joined form to a line."""
    names, pmf = row["eligible"], row["pmf"]
    taken = names.index(row["variant"])
    order = [taken, *(i for i in range(len(names)) if i != taken)]
    cost = -row["reward"] if row["reward"] else 0.0
    return {
        "_label_cost": cost,
        "_label_probability": row["propensity"],
        "_label_Action": taken + 1,
        "_labelIndex": taken,
        "o": [{"v": row["reward"], "EventId": row["decision_id"], "ActionTaken": False}],
        "Timestamp": _timestamp(row["at"]),
        "Version": "1",
        "EventId": row["decision_id"],
        "a": [i + 1 for i in order],
        "c": {
            "Context": dict(_features(row)),
            "_multi": [{"Action": _action(name, attributes.get(name, {}))} for name in names],
        },
        "p": [pmf[i] for i in order],
        "VWState": {"m": "nudge"},
    }


def _features(row: Row) -> Iterator[tuple[str, str]]:
    # As words: 50 as a category and not as a size, as the slot's cells have it too.
    yield "channel", row["channel"]
    yield "page", row["page"]
    for name, value in sorted(row["context"]):
        if value is not None and name not in {"channel", "page"}:
            yield name, value


def _action(name: str, attributes: Mapping[str, object]) -> dict[str, object]:
    known = {key: value for key, value in attributes.items() if value is not None}
    return {"variant": name, **known}


def _timestamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds") + "Z"
