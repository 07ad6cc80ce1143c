"""Plan: when to write to a visitor, or why not. A read, the draw in memory, a write.

Without the store nothing is planned: a plan that nobody finds again would be sent twice.
"""

from __future__ import annotations

from nudge.flows.plan.planner import Planner, check

__all__ = ["Planner", "check"]
