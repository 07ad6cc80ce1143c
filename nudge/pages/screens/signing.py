"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, render_template

from nudge.pages.access import open_page

blueprint = Blueprint("signing", __name__)


@blueprint.get("/login")
@open_page
def login() -> str:
    """Return the page of the sign-in."""
    return render_template("login.html")
