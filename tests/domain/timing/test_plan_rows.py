"""Rows of a file to plan: what each asks, with numbers masked."""

from __future__ import annotations

from places import CONFIG

from nudge.config.documents.input_rules import load_input_rules
from nudge.domain.timing.plan_request import PlanRequest
from nudge.domain.timing.plan_rows import PlanTerms
from nudge.settings.settings import load

RULES = load_input_rules(load({"NUDGE_SECRET_KEY": "s" * 32, "NUDGE_CONFIG_DIR": str(CONFIG)}))
NUMBER = "13812345678"


def test_numbers_are_masked_in_the_tag_and_in_the_context_and_counted() -> None:
    """A number in a tag of content counts as one in an attribute does, as over HTTP."""
    tagged = {"visitor_id": "v", "content": f"spring {NUMBER}"}
    both = {**tagged, "note": f"call {NUMBER}"}
    for row, masked in ((tagged, 1), (both, 2)):
        (found,) = PlanTerms(RULES, "reminder").read_each([row])
        assert isinstance(found, PlanRequest)
        assert NUMBER not in f"{found.content} {found.context}"
        assert found.masked == masked
