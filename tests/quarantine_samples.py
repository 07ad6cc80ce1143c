"""Quarantines for tests: marked, with any bounds."""

from __future__ import annotations

from dataclasses import replace

from nudge.domain.alarms.quarantine import (
    Quarantine,
    QuarantineNote,
    QuarantineScope,
    new_quarantine,
)


def quarantine_of(start: float, end: float, channel: str = "") -> Quarantine:
    """Return a quarantine of exactly this interval, which need not end at a bucket's."""
    note = QuarantineNote("test", start, "payments failed")
    made = new_quarantine((start, end), QuarantineScope(channel), note)
    return replace(made, start=start, end=end)
