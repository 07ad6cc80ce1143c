"""Visitor: what is known of a person, and its erasure. Ids stand in forms, never in addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, redirect, render_template, request

from nudge.pages.access import door, may
from nudge.pages.api_door import api_path
from nudge.pages.csv_file import csv_answer
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("visitor", __name__)

OK: Final = 200
MISSING: Final = frozenset({404, 422})
Row = Mapping[str, Any]
TABLES: Final[Mapping[str, Sequence[str]]] = {
    "payments": ("at", "amount"),
    "contacts": ("at", "channel", "purpose", "content", "receipt"),
    "reach": ("purpose", "channel", "from", "reason"),
    "consents": ("at", "channel", "given"),
    "proofs": ("at", "channel", "given", "text_version", "source", "word", "ended"),
    "failures": ("at", "reason", "method"),
    "refunds": ("at", "refund_of", "amount", "payment_known"),
}
"""Lists of the API's answer that are tables, with their columns."""


@blueprint.get("/visitor")
def ask() -> str:
    """Return the form that asks for a visitor."""
    return render_template("visitor.html", visitor="", found=None, error="")


@blueprint.get("/visitor/case/<case>")
def of_case(case: str) -> str | Response:
    """Return what is known of the visitor of a case: whoever works on it needs no other id."""
    found = door().get(api_path("/v1/worklist/{}/visitor", case)).body
    if request.args.get("format") == "csv":
        return _file(found, request.args.get("table", ""))
    return render_template("visitor.html", visitor="", found=found, error="", case=case)


@blueprint.post("/visitor")
def show() -> str | Response:
    """Return what is known of a visitor; a table of it as a file where one is asked for."""
    name = request.form.get("visitor_id", "").strip()
    found = _find(name)
    if found is None:
        error = _("Nobody is known by this id.") if name else _("Give an id or a phone number.")
        return render_template("visitor.html", visitor=name, found=None, error=error)
    table = request.form.get("table", "")
    if table:
        return _file(found, table)
    return render_template("visitor.html", visitor=name, found=found, error="")


@blueprint.get("/visitor/erase")
@blueprint.get("/visitor/erased")
def begin() -> Response:
    """Lead to the form: an address holds nobody's id, so a link cannot ask."""
    return redirect("/visitor", 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


@blueprint.post("/visitor/erase")
def preview() -> str | Response:
    """Return what an erasure would take away, with the form that confirms it."""
    return _preview(request.form.get("visitor_id", "").strip())


@blueprint.post("/visitor/erased")
def erase() -> str | Response:
    """Erase a visitor once the id was typed again, and tell what was erased."""
    name = request.form.get("visitor_id", "").strip()
    if not name or request.form.get("typed", "").strip() != name:
        return _preview(name, _("This is not the id. Type it exactly as above."))
    told = door().change("DELETE", api_path("/v1/visitors/{}", name), None).body
    if told["found"]:
        done = _("The visitor is erased: %(ids)s ids, %(numbers)s phone numbers, %(texts)s texts.")
        flash(done % {key: told[key] for key in ("ids", "numbers", "texts")})
    else:
        flash(_("Nobody is known by this id, so nothing was erased."))
    return redirect("/visitor", 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here


def _preview(name: str, error: str = "") -> str | Response:
    if not may("eraseVisitor"):
        abort(403)
    found = _find(name)
    if found is None:
        return redirect("/visitor", 303)  # type: ignore[return-value]  # werkzeug's Response is Flask's here
    return render_template("visitor_erase.html", visitor=name, found=found, error=error)


def _find(name: str) -> Row | None:
    if not name:
        return None
    answer = door().get(api_path("/v1/visitors/{}", name), expect=MISSING)
    return answer.body if answer.status == OK else None


def _file(found: Row, table: str) -> Response:
    if table == "attributes":
        return csv_answer("visitor-attributes", ("attribute", "value"), found[table].items())
    if table not in TABLES:
        abort(404)
    names = TABLES[table]
    rows = [[_plain(one.get(name)) for name in names] for one in found.get(table, ())]
    return csv_answer(f"visitor-{table}", names, rows)


def _plain(value: object) -> object:
    return spoken(value) if isinstance(value, Mapping) else value
