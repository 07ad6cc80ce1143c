"""Where a number is from: province, city and carrier, by its first digits.

A number that was ported keeps the digits of its first carrier, and people move with theirs: all of
this is approximate. The tables are large, so they are imported when they are needed.
"""

from __future__ import annotations

import re
from typing import Final

from nudge.domain.number import Number

LANGUAGE: Final = "zh"
PLACE: Final = re.compile(r"(?:(?P<province>.+?)(?:省|自治区))?(?:(?P<city>.+?)(?:市|地区|盟)?)?\Z")


def region_of(number: Number) -> dict[str, str]:
    """`province`, `city` and `carrier` as far as the digits tell them, in Chinese."""
    import phonenumbers  # noqa: PLC0415 - see above
    from phonenumbers import carrier, geocoder  # noqa: PLC0415

    found = phonenumbers.parse(number.e164)
    place = geocoder.description_for_number(found, LANGUAGE)
    known = placed(place) | {"carrier": carrier.name_for_number(found, LANGUAGE)}
    return {name: value for name, value in known.items() if value}


def placed(place: str) -> dict[str, str]:
    """Province and city of a description such as 江苏省南京市 or 北京市; empty without a city."""
    found = PLACE.match(place)
    city = found["city"] if found else ""
    if not city or not place.endswith(("市", "州", "地区", "盟")):
        return {}
    return {"province": (found["province"] if found else "") or city, "city": city}
