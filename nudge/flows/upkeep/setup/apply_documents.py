"""Apply configuration documents: checked together, then written, each with an audit entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from nudge.config.documents.configuration import Configuration
from nudge.config.documents.contact_file import FILE as CONTACT
from nudge.config.documents.document import (
    ConfigDocument,
    DocumentChange,
    find_documents,
    plan_documents,
)
from nudge.config.documents.funnel_file import FILE as FUNNEL
from nudge.config.documents.lexicon_file import FILE as LEXICON
from nudge.config.documents.measures_file import FILE as MEASURES
from nudge.config.documents.notice_tables import FILE as MONITORS
from nudge.config.documents.rhythm_file import FILE as RHYTHM
from nudge.config.documents.segment_file import FILE as SEGMENTS
from nudge.config.documents.warnings_file import FILE as WARNINGS
from nudge.config.documents.winback_file import FILE as WINBACK
from nudge.config.documents.worklist_file import FILE as WORKLIST
from nudge.config.slot_change import Edit
from nudge.config.table_file import ConfigTables
from nudge.domain.journal.records import Mark
from nudge.errors import InvalidConfigError
from nudge.flows.upkeep.apply import AUDIT_PARTITION
from nudge.settings.settings import Settings
from nudge.store.store import Store

PARTS: Final = {
    "segments": SEGMENTS,
    "contact": CONTACT,
    "funnel": FUNNEL,
    "monitors": MONITORS,
    "notices": MONITORS,
    "lexicon": LEXICON,
    "warnings": WARNINGS,
    "measures": MEASURES,
    "winback": WINBACK,
    "rule_book": WINBACK,
    "rhythm": RHYTHM,
    "worklist": WORKLIST,
}
"""Part of the configuration -> the file that it is read from."""
_WITHOUT_FILE: Final = ("segments", "rule_book")
"""Parts that are checked without that file as well: they are made of further ones."""


def check_documents(
    settings: Settings,
    directory: Path,
    current: Mapping[str, ConfigDocument],
    changes: Sequence[DocumentChange],
) -> None:
    """Check the whole configuration as it will be.

    Args:
        settings: of the installation.
        directory: of the files that are applied; those beside them count where nothing was applied.
        current: what is applied.
        changes: of `plan_documents`.

    Raises:
        InvalidConfigError: all problems, each with file and key, or with the line.
    """
    if not changes:
        return
    after = {**current, **{one.document.name: one.document for one in changes}}
    wanted = Configuration(replace(settings, config_dir=directory), after)
    problems: list[str] = []
    for part, file in PARTS.items():
        try:
            if part in _WITHOUT_FILE or wanted.tables.has(file):
                getattr(wanted, part)
        except InvalidConfigError as error:
            problems += error.problems
    if problems:
        raise InvalidConfigError(list(dict.fromkeys(problems)))


def apply_documents(store: Store, changes: Sequence[DocumentChange], edit: Edit) -> None:
    """Write the documents that differ; the audit entry is written in one with the revision.

    Args:
        store: of the installation.
        changes: of `plan_documents`, checked.
        edit: who, why and when.

    Raises:
        InvalidConfigError: somebody changed a document meanwhile.
        StoreAwayError: no answer; the same call goes on.
    """
    for change in changes:
        if change.changes and not write_document(store, change, edit):
            cure = "look and apply again"
            raise InvalidConfigError(
                [f"{change.document.name}: somebody changed it meanwhile; {cure}"]
            )


def apply_missing(store: Store, settings: Settings, edit: Edit) -> list[str]:
    """Apply the configuration files that the store has not; the first writer wins.

    Returns:
        Names of files that differ from what is applied; they are left as they are.

    Raises:
        InvalidConfigError: what would be applied does not fit.
        StoreAwayError: no answer.
    """
    directory, current = settings.config_dir, store.documents.current()
    texts = find_documents(directory, {})
    changes = plan_documents(current, texts, ConfigTables(directory))
    missing = [one for one in changes if one.action == "create"]
    if missing:
        check_documents(settings, directory, current, missing)
        for change in missing:
            write_document(store, change, edit)
    return [one.document.name for one in changes if one.action == "update"]


def write_document(store: Store, change: DocumentChange, edit: Edit) -> bool:
    """Write one document; return False where another caller changed it meanwhile."""
    entry, document = change.audit_entry(edit), change.document
    if not store.documents.put(document, change.replaces, entry):
        return False
    fields: dict[str, object] = {"document": document.name, "revision": document.revision}
    fields |= {key: value for key, value in entry.items() if key != "at"}
    mark = Mark("configuration_applied", fields, at=edit.at)
    store.journal.append_mark(AUDIT_PARTITION, mark)
    return True
