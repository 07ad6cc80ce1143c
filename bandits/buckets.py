"""Time buckets: 5 minutes for 7 days, then hours to 90 days, then days."""

from bandits.units import DAY, HOUR, MINUTE

FINE = 5 * MINUTE
FINE_FOR = 7 * DAY
HOURS_FOR = 90 * DAY


def width_of(at: float, watermark: float) -> int:
    """Return the width, in seconds, of the bucket that holds `at` at this watermark.

    All buckets of an hour (a day) widen together, when the *end* of the hour (day) is 7 (90) days
    old. So compacting twice gives the same buckets as compacting once, later.

    Args:
        at: time of the exposure in seconds.
        watermark: time up to which the journal is complete, in seconds.
    """
    if watermark - (at // DAY + 1) * DAY >= HOURS_FOR:
        return DAY
    if watermark - (at // HOUR + 1) * HOUR >= FINE_FOR:
        return HOUR
    return FINE


def bucket_of(at: float, watermark: float) -> int:
    """Return the start, in seconds, of the bucket that holds `at` at this watermark.

    Buckets are 5 minutes wide for 7 days, an hour to 90 days, then a day.
    """
    width = width_of(at, watermark)
    return int(at // width) * width
