"""Configuration documents: files of the configuration that are applied as slots are.

A document is the text of a file under a revision. What differs only in comments is no change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from nudge.config.documents.contact_file import FILE as CONTACT
from nudge.config.documents.contact_file import dates_file
from nudge.config.documents.funnel_file import FILE as FUNNEL
from nudge.config.documents.lexicon_file import FILE as LEXICON
from nudge.config.documents.measures_file import FILE as MEASURES
from nudge.config.documents.notice_tables import FILE as MONITORS
from nudge.config.documents.rhythm_file import FILE as RHYTHM
from nudge.config.documents.segment_file import FILE as SEGMENTS
from nudge.config.documents.warnings_file import FILE as WARNINGS
from nudge.config.documents.winback_file import FILE as WINBACK
from nudge.config.documents.worklist_file import FILE as WORKLIST
from nudge.config.slot_change import Edit, flat_keys
from nudge.config.table_file import ConfigTables, parse_text, read_text
from nudge.errors import InvalidConfigError

NAMES: Final = (
    *(CONTACT, FUNNEL, LEXICON, MEASURES, MONITORS, RHYTHM, SEGMENTS),
    *(WARNINGS, WINBACK, WORKLIST),
)
"""Documents besides the file of dates, which the contact policy names."""

DocumentAction = Literal["create", "update", "unchanged"]


@dataclass(frozen=True)
class ConfigDocument:
    """A document at one revision.

    Attributes:
        name: of its file.
        revision: from 1; each change is a new one.
        text: of the file, TOML.
    """

    name: str
    revision: int
    text: str


@dataclass(frozen=True)
class DocumentChange:
    """The effect of applying a document.

    Attributes:
        document: the new content.
        action: what it does.
        diff: one line for each key that differs, `key: old -> new`.
        replaces: the revision that is current; 0 without one.
    """

    document: ConfigDocument
    action: DocumentAction
    diff: tuple[str, ...]
    replaces: int

    @property
    def changes(self) -> bool:
        """True where applying the document writes something."""
        return self.action != "unchanged"

    def audit_entry(self, edit: Edit) -> dict[str, object]:
        """Return the audit entry: who, when, what and why."""
        what = {"action": self.action, "diff": list(self.diff)}
        return {"at": edit.at, "who": edit.who, "why": edit.why} | what


def document_names(tables: ConfigTables) -> tuple[str, ...]:
    """Return the names of all documents of a configuration, its file of dates too."""
    dates = dates_file(tables)
    return (*NAMES, dates) if dates else NAMES


def find_documents(path: Path, current: Mapping[str, ConfigDocument]) -> dict[str, str]:
    """Return name -> text of the documents at a path; none where it is a slot's file.

    Args:
        path: a file, or a directory with some.
        current: what is applied; its contact policy names the file of dates where there is none
            beside it.

    Raises:
        InvalidConfigError: a file cannot be read, or the contact policy is no TOML.
    """
    if path.name in NAMES and not path.is_dir():
        return {path.name: read_text(path)}
    directory = path if path.is_dir() else path.parent
    beside = ConfigTables(directory)
    texts = {} if beside.has(CONTACT) else {name: one.text for name, one in current.items()}
    names = document_names(ConfigTables(directory, texts))
    if not path.is_dir():
        names = tuple(name for name in names if name == path.name)
    return {name: read_text(directory / name) for name in names if (directory / name).is_file()}


def plan_documents(
    current: Mapping[str, ConfigDocument], wanted: Mapping[str, str], tables: ConfigTables
) -> list[DocumentChange]:
    """Compute the change of each wanted text; documents that are not named stay.

    Args:
        current: what is applied.
        wanted: name -> text.
        tables: of the directory of the texts, for messages.

    Raises:
        InvalidConfigError: texts are no TOML; each with its line.
    """
    problems: list[str] = []
    found: list[DocumentChange] = []
    for name, text in sorted(wanted.items()):
        try:
            new = flat_keys(parse_text(text, str(tables.place(name))))
            found.append(_change(name, current.get(name), text, new))
        except InvalidConfigError as error:
            problems += error.problems
    if problems:
        raise InvalidConfigError(problems)
    return found


def _change(
    name: str, before: ConfigDocument | None, text: str, new: Mapping[str, object]
) -> DocumentChange:
    if before is None:
        return DocumentChange(ConfigDocument(name, 1, text), "create", (), 0)
    old = flat_keys(parse_text(before.text, name))
    diff = tuple(
        f"{key}: {old.get(key, 'nothing')} -> {new.get(key, 'nothing')}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
    if not diff:
        return DocumentChange(before, "unchanged", (), before.revision)
    document = ConfigDocument(name, before.revision + 1, text)
    return DocumentChange(document, "update", diff, before.revision)
