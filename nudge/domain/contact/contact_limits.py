"""Rolling limits and limits on one content: stretches that are full, wherever they begin. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import inf, nextafter

from nudge.domain.contact.contact import CAP_ROLLING, SAME_CONTENT, Contact
from nudge.domain.contact.contact_calendar import Block
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.pressure_rules import ContactKind, ContentLimit, RollingLimit


def limit_blocks(
    policy: ContactPolicy, counted: Sequence[Contact], kind: ContactKind, start: float, end: float
) -> Iterator[Block]:
    """Yield the blocks of the limits that hold in any stretch of a length.

    Args:
        policy: of the installation.
        counted: contacts that count, made and planned, in any order.
        kind: of the contact that is asked about.
        start: seconds, of the window that is looked at.
        end: seconds, of that window.
    """
    for limit, times in _held(policy, counted, kind):
        within = limit.within
        near = sorted(at for at in times if start - within < at < end + within)
        reason = SAME_CONTENT if isinstance(limit, ContentLimit) else CAP_ROLLING
        # So many contacts in a stretch leave no room for one more, as far as a stretch holds it
        # together with the first of them, or with the last.
        for first, last in zip(near, near[limit.most - 1 :], strict=False):
            if last - first < within:
                yield reason, nextafter(last - within, inf), first + within


def is_unlimited(
    policy: ContactPolicy, counted: Sequence[Contact], kind: ContactKind, at: float
) -> bool:
    """Return whether these limits block nothing from a moment (seconds) on.

    `counted` holds the contacts that count, made and planned.
    """
    return all(
        sum(at - one < limit.within for one in times) < limit.most
        for limit, times in _held(policy, counted, kind)
    )


def _held(
    policy: ContactPolicy, counted: Sequence[Contact], kind: ContactKind
) -> Iterator[tuple[RollingLimit | ContentLimit, Iterable[float]]]:
    """Yield each limit on a kind of contact with the times of the contacts that it counts."""
    for limit in policy.find_terms(kind).limits:
        yield limit, [one.at for one in counted if limit.covers(one)]
    if policy.content is not None and kind.content:
        yield policy.content, [one.at for one in counted if one.content == kind.content]
