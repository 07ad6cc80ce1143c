"""Errors of the package, each with a stable `code` that callers can translate."""


class BanditsError(Exception):
    """Root of the errors of the package."""

    code = "bandits_error"


class ConfigError(BanditsError, ValueError):
    """Error of a configuration that is invalid.

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
    """Error of bytes that are not a snapshot, are damaged, or come from a newer version."""

    code = "snapshot_invalid"
