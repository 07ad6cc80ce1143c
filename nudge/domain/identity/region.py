"""The region of a number by its first digits: province, city and carrier.

A ported number keeps the digits of its first carrier, and people move with theirs: all of this is
approximate. The tables are large, so they are imported when needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from nudge.domain.identity.number import Number

MOBILE: Final = re.compile(r"\+861[3-9]\d{9}\Z", re.ASCII)
"""A mobile number of China."""
HEAD: Final = 10
"""Characters that tell its region: the country and seven digits."""
KIND: Final = 8
"""Characters that tell what kind of number it is: the country and five digits."""
LENGTH: Final = 14
LANGUAGE: Final = "zh"
REGIONS: Final = ("广西", "内蒙古", "新疆", "宁夏", "西藏")
"""The autonomous regions, which the tables write without 自治区 as often as with it."""
Table = Mapping[str, Mapping[str, str]]
PLACE: Final = re.compile(
    rf"(?:(?P<region>{'|'.join(REGIONS)})(?:\w*?自治区)?|(?P<province>.+?)(?:省|自治区))?"
    r"(?:(?P<city>.+?)(?:市|地区|盟)?)?\Z"
)


def region_of(number: Number) -> dict[str, str]:
    """Return `province`, `city` and `carrier`, as far as the digits tell them, in Chinese."""
    if MOBILE.match(number.e164):
        # Files have them by the million, and those of one head are of one place.
        return dict(_region_of_head(number.e164[:HEAD]))
    return _looked_up(number.e164)


@lru_cache(maxsize=1 << 17)
def _region_of_head(head: str) -> dict[str, str]:
    """Return the region of a mobile number of China by its head: that of `_looked_up`.

    It takes a tenth of the time: the library asks for each table what kind of number it is.
    """
    if not _is_mobile(head[:KIND]):
        return _looked_up(head + "0" * (LENGTH - HEAD))
    places, carriers = _tables()
    place, name = _longest(places, head[1:]), _longest(carriers, head[1:])
    return {**province_and_city(place), **({"carrier": name} if name else {})}


@lru_cache(maxsize=1 << 14)
def _is_mobile(head: str) -> bool:
    import phonenumbers  # noqa: PLC0415

    found = phonenumbers.parse(head + "0" * (LENGTH - KIND))
    return phonenumbers.number_type(found) == phonenumbers.PhoneNumberType.MOBILE


@cache
def _tables() -> tuple[Table, Table]:
    """Return the library's tables of places and of carriers: digits -> language -> text."""
    from phonenumbers.carrierdata import CARRIER_DATA  # noqa: PLC0415 - see above
    from phonenumbers.geodata import GEOCODE_DATA  # noqa: PLC0415

    return GEOCODE_DATA, CARRIER_DATA


def _longest(table: Table, digits: str) -> str:
    """Return the text of the longest beginning of the digits that the table has in Chinese."""
    for length in range(len(digits), 0, -1):
        found = table.get(digits[:length])
        if found is not None and LANGUAGE in found:
            return found[LANGUAGE]
    return ""


def _looked_up(e164: str) -> dict[str, str]:
    import phonenumbers  # noqa: PLC0415 - see above
    from phonenumbers import carrier, geocoder  # noqa: PLC0415

    found = phonenumbers.parse(e164)
    place = geocoder.description_for_number(found, LANGUAGE)
    name = carrier.name_for_number(found, LANGUAGE)
    return {**province_and_city(place), **({"carrier": name} if name else {})}


@lru_cache(maxsize=1 << 12)
def province_and_city(place: str) -> Mapping[str, str]:
    """Return province and city of a description such as 江苏省南京市; empty without a city."""
    found = PLACE.match(place)
    city = found["city"] if found else ""
    if not city or not place.endswith(("市", "州", "地区", "盟")):
        return {}
    province = (found["region"] or found["province"] or "") if found else ""
    return {"province": province or city, "city": city}
