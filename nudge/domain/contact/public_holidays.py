"""Public holidays of a country: the only module that imports the package holidays.

The package is imported with the first call: it costs about 0.2 s and 5 MB, and a country as much
again, which a web process that plans nothing does not pay.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

_CODE: Final = re.compile(r"[A-Z]{2}\Z")


@lru_cache(maxsize=1024)
def public_holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of a year; none for an unknown country, region or year.

    A weekend inside a holiday is left out, since these days are off anyway.

    Args:
        country: ISO 3166 code of two letters.
        region: code of a part of it (ISO 3166-2, without the country), or None.
        year: any.
    """
    import holidays  # noqa: PLC0415 (only who asks pays for it)

    try:
        found = holidays.country_holidays(country, region, years=year, expand=False)
    except (NotImplementedError, ValueError, OverflowError):
        return frozenset()
    return frozenset(found)


def regions(country: str) -> tuple[str, ...] | None:
    """Return the regions of a country (code of two letters); None for an unknown country.

    The list of all countries is not read, since that loads all of them.
    """
    import holidays  # noqa: PLC0415 (only who asks pays for it)

    if not _CODE.match(country):
        # The package knows countries by other names too, and whatever else is in it.
        return None
    try:
        found = holidays.country_holidays(country)
    except NotImplementedError:
        return None
    return tuple(found.subdivisions)
