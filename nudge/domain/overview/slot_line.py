"""The line of a slot on the overview: what its newest report says in short. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Plain = Mapping[str, Any]
SAID: Final = ("zh", "en")


def slot_line(report: Plain, as_of: str | None) -> dict[str, Any]:
    """Return the line of a slot.

    Args:
        report: of the whole slot over all of its time.
        as_of: time until which the report knows everything.
    """
    whole = report["whole"]
    verdict = whole["verdict"]
    return {
        "slot": report["slot"],
        "as_of": as_of,
        "exposures": whole.get("exposures", 0),
        "verdict": {"kind": verdict["kind"], "reason": verdict["reason"]},
        "since": verdict["since"],
        "leader": verdict["leader"],
        "mismatch": bool((whole.get("mismatch") or {}).get("found")),
        "lift": _told(whole.get("lift")),
        "lift_usual": _told(whole.get("lift_usual")),
        **{tongue: verdict[tongue] for tongue in SAID},
    }


def _told(lift: Plain | None) -> dict[str, float | None] | None:
    """Return a lift with its interval; None where it is hidden or cannot be told."""
    if not lift or lift["hidden"] or lift.get("value") is None:
        return None
    return {name: lift[name] for name in ("value", "low", "high")}
