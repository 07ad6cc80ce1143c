"""Rules over several contacts in `config/contact.toml`: their values, and what contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

from nudge.config.slot_rules import Problem
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.contact.contact import NEVER_WITH, ONLY_AFTER
from nudge.domain.contact.pressure_rules import (
    CONTENT,
    SEQUENCE_KINDS,
    ContentLimit,
    RollingLimit,
    SequenceRule,
)

Table = Mapping[str, Any]
EXEMPT: Final = "is exempt, so that no rule holds it back; name another purpose"


def limit_of(one: Table) -> RollingLimit:
    """Return a limit of `[[limits]]`."""
    channels, purposes = frozenset(one["channels"]), frozenset(one["purposes"])
    return RollingLimit(one["most"], one["within"], channels, purposes)


def content_limit_of(table: Table) -> ContentLimit | None:
    """Return the limit of `[content]`; None where it names no time."""
    return ContentLimit(table.get("most", 1), table["within"]) if "within" in table else None


def content_problems(table: Table) -> Iterator[Problem]:
    """Yield what `[content]` lacks."""
    if "most" in table and "within" not in table:
        yield "content.within", "is missing; write a duration up to 31 days, or leave most out"


def sequence_of(one: Table) -> SequenceRule:
    """Return a rule of `[[sequences]]`."""
    (kind,) = SEQUENCE_KINDS & one.keys()
    return SequenceRule(kind, one["contact"], one[kind], one.get("within", inf))  # type: ignore[arg-type]


def limit_problems(data: Table) -> Iterator[Problem]:
    """Yield the channels and purposes of limits that the policy lacks."""
    for i, one in enumerate(data["limits"]):
        for key in ("channels", "purposes"):
            known = [each["name"] for each in data[key]]
            for name in one[key]:
                if name not in known:
                    text = f"{name!r} is none of the {key}; {suggestion(name, known)}"
                    yield f"limits[{i}].{key}", text


def sequence_problems(data: Table) -> Iterator[Problem]:
    """Yield what sequences name and the policy lacks, and rules that can never hold."""
    exempt = {one["name"]: one["exempt"] for one in data["purposes"]}
    for i, one in enumerate(data["sequences"]):
        (kind,) = SEQUENCE_KINDS & one.keys()
        bound = ("contact", kind) if kind == NEVER_WITH else ("contact",)
        for key in ("contact", kind):
            wrong = _wrong_sort(one[key], exempt, exempt_is_wrong=key in bound)
            if wrong is not None:
                yield f"sequences[{i}].{key}", wrong
        if kind == ONLY_AFTER and one["contact"] == one[kind]:
            yield f"sequences[{i}].{kind}", "is the contact itself; name another one"


def _wrong_sort(sort: str, exempt: Mapping[str, bool], *, exempt_is_wrong: bool) -> str | None:
    """Return what is wrong with a purpose or a tag; None where nothing is."""
    if sort.startswith(CONTENT):
        return None if sort != CONTENT else 'is an empty tag; write one such as "content:spring"'
    if sort not in exempt:
        cure = suggestion(sort, exempt)
        return f'{sort!r} is no purpose; {cure} A tag is written as "content:spring"'
    return EXEMPT if exempt_is_wrong and exempt[sort] else None
