"""The question whether somebody may be contacted, as the SMS page asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nudge.pages.access import door
from nudge.pages.api_door import ApiAnswer
from nudge.pages.translation import gettext as _

CHECK: Final = "/v1/contacts/check"
NOT_FOUND: Final = 404
UNFIT: Final = 422
_NUMBER: Final = re.compile(r"\+?[\d\s()-]{5,25}")
"""The form of a phone number; an id may have it, too."""


@dataclass(frozen=True)
class ContactAnswer:
    """The answer to the question about one person.

    Attributes:
        found: body of the API's answer; None where nobody is known, or the question does not fit.
        error: why there is none, in the reader's words.
        field: of the form, that the error is about.
    """

    found: Mapping[str, Any] | None = None
    error: str = ""
    field: str = "who"


def ask_check(form: Mapping[str, str]) -> ContactAnswer:
    """Ask about the person whom a form names by an id or a number.

    Args:
        form: `who`, `channel` and `purpose`.
    """
    who = form.get("who", "").strip()
    if not who:
        return ContactAnswer(error=_("Give a number or a visitor's id."))
    answer = _asked(form, {"visitor_id": who})
    if answer.status == NOT_FOUND and _NUMBER.fullmatch(who):
        answer = _asked(form, {"msisdn": who})
    if answer.status == UNFIT and {"channel", "purpose"} & answer.body.get("errors", {}).keys():
        return _unfit(answer)
    if answer.status in {NOT_FOUND, UNFIT}:
        return ContactAnswer(error=_("Nobody is known by this number or id."))
    return ContactAnswer(found=answer.body)


def _asked(form: Mapping[str, str], person: Mapping[str, str]) -> ApiAnswer:
    more = {name: form[name] for name in ("channel", "purpose") if form.get(name)}
    return door().post(CHECK, {**person, **more}, expect={NOT_FOUND, UNFIT})


def _unfit(answer: ApiAnswer) -> ContactAnswer:
    wrong = "channel" if "channel" in answer.body["errors"] else "purpose"
    text = _("The contact policy has no such channel or purpose: choose one of the list.")
    return ContactAnswer(error=text, field=wrong)
