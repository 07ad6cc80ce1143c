"""Every error that this package raises on purpose.

Each has a stable `code`, so that a caller can translate it without reading its text.
"""


class BanditsError(Exception):
    """The root of this package's errors."""

    code = "bandits_error"


class ConfigError(BanditsError, ValueError):
    """A configuration that cannot be used.

    Attributes:
        key: dotted path of the offending key, such as `policy.floor`.
        message: what is wrong with it.
        cure: what would be right.
    """

    code = "config_invalid"

    def __init__(self, key: str, message: str, cure: str) -> None:
        super().__init__(f"{key}: {message}. {cure}")
        self.key = key
        self.message = message
        self.cure = cure


class SnapshotError(BanditsError, ValueError):
    """Bytes that are no snapshot, are damaged, or come from a newer version."""

    code = "snapshot_invalid"
