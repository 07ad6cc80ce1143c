"""Start and settings of Spark sessions."""

from __future__ import annotations

import tempfile
from typing import Any, Final

from nudge.lake.files.errors import EngineMissingError

_CURE: Final = "pip install 'nudge[spark]', and Java 17 or newer; or leave NUDGE_LAKE_ENGINE out"
_SETTINGS: Final = {
    # Timestamps of the lake are UTC and have no zone; nothing may move them.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.ansi.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# A cluster's machines must find the driver; a Spark on this machine is reached from here only.
_LOCAL_SETTINGS: Final = {
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_WAREHOUSE: Final = "spark.sql.warehouse.dir"


def start_session(master: str) -> Any:  # noqa: ANN401 - of an optional library
    """Start a session for one connection, in the one Spark of this process.

    Args:
        master: URL of Spark's, such as `spark://host:7077` or `local[*]`.

    Raises:
        EngineMissingError: Spark or Java is not installed.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise EngineMissingError(f"Spark is not installed ({error}): {_CURE}") from error
    local = master.startswith("local")
    builder = SparkSession.builder.master(master).appName("nudge")
    # Spark makes an empty directory for tables of its own: not in whatever directory we run in.
    own = _LOCAL_SETTINGS | {_WAREHOUSE: f"{tempfile.gettempdir()}/nudge-spark"} if local else {}
    for name, value in (_SETTINGS | own).items():
        builder = builder.config(name, value)
    try:
        # Each connection has views of its own.
        session = builder.getOrCreate().newSession()
    except Exception as error:
        # Without Java it says that a gateway process has exited, and nothing of Java.
        text = str(error).partition("\n")[0]
        raise EngineMissingError(f"Spark does not start ({text}): {_CURE}") from error
    for name, value in _SETTINGS.items():
        if name.startswith("spark.sql."):
            session.conf.set(name, value)
    return session
