"""Options of commands that read files, and what they tell of the rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from nudge.errors import InvalidConfigError
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.encodings import SHOWN, named_encoding

if TYPE_CHECKING:  # pyarrow, which most commands do not need
    from nudge.lake.intake.input_file import InputFile

TOLD: Final = 10
"""Most refused rows that are listed for people."""
KEPT: Final = 1_000
"""Most refused rows that are listed for programs."""
DELIMITERS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class FileOptions:
    """Options of a command that reads a file.

    Attributes:
        strict: stop at the first row that is refused.
        encoding: of a CSV file; recognised where None.
        delimiter: of a CSV file; recognised where None.
    """

    strict: bool = False
    encoding: str | None = None
    delimiter: str | None = None

    def open(self, path: Path) -> InputFile:
        """Open a file in the form that was named.

        Raises:
            InvalidConfigError: the file cannot be used; with the cure.
        """
        from nudge.lake.intake.input_file import open_input  # noqa: PLC0415 - pyarrow

        return open_input(path, self.encoding, self.delimiter)


@dataclass
class FileSummary:
    """Counter of a file's rows: taken + refused + known = rows.

    Attributes:
        name: of the file.
        form: in words: "CSV, UTF-8, separated by comma".
        unit: what the numbers of its rows count: "line" or "row".
        strict: the first refused row is an error.
        taken: rows that were used.
        refused: rows that were left out.
        known: rows that had been taken before.
        bad: the first refused rows.
        warned: cells that were left out of rows that were used.
        warnings: the first of these.
        masked: phone numbers that were masked in cells of free words.
    """

    name: str
    form: str
    unit: str = "line"
    strict: bool = False
    taken: int = 0
    refused: int = 0
    known: int = 0
    bad: list[BadRow] = field(default_factory=list)
    warned: int = 0
    warnings: list[BadRow] = field(default_factory=list)
    masked: int = 0

    @classmethod
    def of(cls, file: InputFile, options: FileOptions) -> FileSummary:
        """Return the counter of a file of which nothing was read yet."""
        return cls(file.name, file.form, file.unit, options.strict)

    @property
    def rows(self) -> int:
        """Rows that were read."""
        return self.taken + self.refused + self.known

    @property
    def exit_code(self) -> int:
        """0 where no row was refused, else 1."""
        return 1 if self.refused else 0

    def refuse(self, line: int, problem: str, rows: int = 1) -> None:
        """Count a row that is left out, or several in a run.

        Raises:
            InvalidConfigError: the command is strict.
        """
        one = BadRow(line, problem, rows)
        if self.strict:
            text = f"{self.name}: {self._told(one)} (stopped here by --strict)"
            raise InvalidConfigError([text])
        self.refused += rows
        if len(self.bad) < KEPT:
            self.bad.append(one)

    def warn(self, line: int, problem: str) -> None:
        """Count a cell that was left out: the rest of its row is used."""
        self.warned += 1
        if len(self.warnings) < KEPT:
            self.warnings.append(BadRow(line, problem))

    def refuse_each(self, bad: Iterable[BadRow]) -> None:
        """Count rows that the reader left out.

        Raises:
            InvalidConfigError: the command is strict.
        """
        for one in bad:
            self.refuse(*one)

    @property
    def plain(self) -> dict[str, object]:
        """The counts for JSON."""
        counts = {"taken": self.taken, "refused": self.refused, "known": self.known}
        told = [
            {self.unit: one.line, "rows": one.rows, "problem": one.problem}
            for one in sorted(self.bad)
        ]
        found = {"rows": self.rows, **counts, "form": self.form, "problems": told}
        if self.warned:
            cells = [{self.unit: one.line, "problem": one.problem} for one in self.warnings]
            found |= {"warned": self.warned, "warnings": cells}
        return found | ({"numbers_masked": self.masked} if self.masked else {})

    def sentence(self) -> str:
        """Return the counts in a line for people."""
        known = f", {self.known:,} known before" if self.known else ""
        counts = f"{self.taken:,} taken, {self.refused:,} refused{known}"
        return f"{self.name}: {self.rows:,} rows ({self.form}): {counts}"

    def tell_refused(self) -> None:
        """List the first refused rows on stderr."""
        for one in sorted(self.bad)[:TOLD]:
            click.echo(f"{self.name}: {self._told(one)}", err=True)
        more = self.refused - sum(one.rows for one in sorted(self.bad)[:TOLD])
        if more:
            click.echo(f"{self.name}: and {more:,} more rows", err=True)

    def tell_warnings(self) -> None:
        """List the first cells that were left out, on stderr."""
        for one in self.warnings[:TOLD]:
            click.echo(f"{self.name}: {self._told(one)}; the rest of the row was used", err=True)
        if self.masked:
            told = f"{self.masked:,} phone numbers were masked in cells of other columns"
            click.echo(f"{self.name}: {told}", err=True)
        if self.warned > TOLD:
            click.echo(f"{self.name}: and {self.warned - TOLD:,} more such cells", err=True)

    def _told(self, one: BadRow) -> str:
        until = "" if one.rows == 1 else f" to {one.line + one.rows - 1:,}"
        return f"{self.unit} {one.line:,}{until}: {one.problem}"


def file_options(command: Command) -> Callable[..., Any]:
    """Add `--strict`, `--encoding` and `--delimiter`; the command gets them as `options`."""

    @functools.wraps(command)
    def taking(*args: object, strict: bool, **rest: Any) -> object:  # noqa: ANN401 - the command's own
        form = {name: rest.pop(name) for name in ("encoding", "delimiter")}
        return command(*args, options=FileOptions(strict, **form), **rest)

    found: Callable[..., Any] = taking
    for option in reversed(_OPTIONS):
        found = option(found)
    return found


def _encoding(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    found = None if value is None else named_encoding(value)
    if value is not None and found is None:
        raise click.BadParameter(f"use one of {', '.join(SHOWN)}")
    return found


def _delimiter(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    found = None if value is None else DELIMITERS.get(value.lower(), value)
    if found is None:
        return None
    plain = len(found) == 1 and (found == "\t" or found.isprintable()) and found.isascii()
    if not plain or found.isalnum() or found in "\" '":
        raise click.BadParameter("give one character, or comma, semicolon, tab, pipe")
    return found


_OPTIONS: Final = (
    click.option("--strict", is_flag=True, help="Stop at the first row that is refused."),
    click.option(
        "--encoding",
        callback=_encoding,
        help="Encoding of a CSV file, instead of the recognised one.",
    ),
    click.option(
        "--delimiter",
        callback=_delimiter,
        help="Separator of a CSV file's cells, instead of the recognised one.",
    ),
)
