"""The first page until the overview is there: the slots, by name."""

from __future__ import annotations

from flask import Blueprint, render_template

from nudge.pages.access import door

blueprint = Blueprint("start", __name__)


@blueprint.get("/")
def start() -> str:
    """Return the list of slots."""
    return render_template("start.html", slots=door().get("/v1/slots").body["slots"])
