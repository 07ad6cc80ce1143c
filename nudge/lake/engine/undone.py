"""Imports that were taken back: their rows stay in the lake, and no report sees them.

A lake is lossless, so nothing is removed. A mark says, in each partition, behind which position
an import's rows count again: it may have been imported anew since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ibis.backends.duckdb import Backend

from nudge.lake.engine.sql import select
from nudge.lake.files.reader import Source

UNDONE: Final = "undone_imports"
"""Table of partition, position, name and slot."""
IDS: Final = "undone_ids"
"""Table of the decisions that do not count."""
HIDDEN: Final = ("decisions", "exposures", "rewards")
TYPE: Final = "import_undone"
FIND: Final = f"""
    SELECT "partition", max(position) AS upto, fields['import'] AS name, fields['slot'] AS slot
    FROM marks WHERE type = '{TYPE}' GROUP BY ALL
"""  # noqa: S608 - constants only
FIND_IDS: Final = f"""
    SELECT d.decision_id FROM decisions d JOIN {UNDONE} u ON d."partition" = u."partition"
    AND d.slot = u.slot AND d.source = concat('import:', u.name) AND d.position < u.upto
"""  # noqa: S608 - the same


def hide_undone(backend: Backend, tables: Mapping[str, Sequence[Source]]) -> None:
    """Replace the views of the lake's tables by those without what was taken back.

    Args:
        backend: that has the views of the whole tables.
        tables: their sources.
    """
    backend.raw_sql(f"CREATE TABLE {UNDONE} AS {FIND}")
    if not undone_imports(backend):
        return
    backend.raw_sql(f"CREATE TABLE {IDS} AS {FIND_IDS}")
    for table in HIDDEN:
        whole = f"({select(table, tables[table])}) t"
        without = f"SELECT t.* FROM {whole} ANTI JOIN {IDS} u ON t.decision_id = u.decision_id"  # noqa: S608 - the same
        backend.raw_sql(f"CREATE OR REPLACE VIEW {table} AS {without}")


def undone_imports(backend: Backend) -> list[tuple[int, int, str, str]]:
    """Return partition, position, name and slot of all that was taken back, in order."""
    found = backend.raw_sql(f"SELECT * FROM {UNDONE} ORDER BY ALL").fetchall()  # noqa: S608 - the same
    return [tuple(row) for row in found]
