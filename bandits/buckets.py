"""Time buckets: 5 minutes for 7 days, then hours to 90 days, then days."""

MINUTE = 60
HOUR = 3600
DAY = 86400
FINE = 5 * MINUTE
FINE_FOR = 7 * DAY
HOURS_FOR = 90 * DAY


def width_of(at: float, watermark: float) -> int:
    """The width in seconds of the bucket that holds `at` when the journal stands at `watermark`.

    A whole hour (day) changes its width at once, when its *end* is 7 (90) days old. So what is
    compacted twice ends where compacting once, later, would have put it.
    """
    if watermark - (at // DAY + 1) * DAY >= HOURS_FOR:
        return DAY
    if watermark - (at // HOUR + 1) * HOUR >= FINE_FOR:
        return HOUR
    return FINE


def bucket_of(at: float, watermark: float) -> int:
    """The start in seconds of that bucket: 5 minutes for 7 days, hours for 90 days, then days."""
    width = width_of(at, watermark)
    return int(at // width) * width
