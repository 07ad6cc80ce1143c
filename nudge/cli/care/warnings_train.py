"""The command `nudge warnings train`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nudge.cli.common import data_dir_option, json_option, load_settings, print_json
from nudge.cli.file_summary import FileOptions, FileSummary, file_options
from nudge.errors import InvalidConfigError

if TYPE_CHECKING:  # pyarrow and scikit-learn, which most commands do not need
    from nudge.lake.intake.input_file import InputFile
    from nudge.models.complaints.course import Course
    from nudge.models.complaints.label_columns import LabelColumns
    from nudge.models.complaints.training import LabelledText

THRESHOLD: Final = -0.5
WORDS: Final = 12
"""Proposed words of a language that are listed for people."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of the model; by default models/complaints.npz in the data directory.",
)
@click.option(
    "--threshold",
    default=THRESHOLD,
    show_default=True,
    help="Highest rating of a complaint, for files with ratings in place of labels.",
)
@file_options
@data_dir_option
@json_option
def train(
    file: Path,
    out: Path | None,
    threshold: float,
    data_dir: Path | None,
    as_json: bool,  # noqa: FBT001 - click's flags
    options: FileOptions,
) -> None:
    """Train the complaint model on labelled texts, and print its figures in five folds.

    FILE is CSV or Parquet with the columns text and label (complaint or other), or text and
    rating. Each language with 50 texts of each label gets a model. Phone numbers in texts are
    masked before anything else.
    """
    from nudge.config.documents.lexicon_file import load_lexicon  # noqa: PLC0415 - see above
    from nudge.models.complaints.course import run_course  # noqa: PLC0415 - the same
    from nudge.models.complaints.file import model_bytes, own_model  # noqa: PLC0415 - the same
    from nudge.models.complaints.label_columns import LabelColumns  # noqa: PLC0415 - the same

    settings = load_settings(data_dir)
    source = options.open(file)
    columns = LabelColumns.of(str(file), source.columns, threshold)
    summary = FileSummary.of(source, options)
    course = run_course(list(_rows(source, columns, summary)), load_lexicon(settings.config_dir))
    path = out or own_model(settings.data_dir)
    content = model_bytes(course.model)
    _write(path, content)
    _tell(course, summary, path, len(content), as_json=as_json)
    raise SystemExit(summary.exit_code)


def _rows(source: InputFile, columns: LabelColumns, summary: FileSummary) -> Iterator[LabelledText]:
    """Yield the rows that can be used; the others are told."""
    for batch in source.batches(("text", columns.label)):
        summary.refuse_each(batch.refused)
        for line, row in zip(batch.lines, batch.rows, strict=True):
            found = columns.row(row)
            if isinstance(found, str):
                summary.refuse(line, found)
            else:
                summary.taken += 1
                yield found


def _write(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one, never a part."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        wrong = f"{path}: cannot be written ({error.strerror}); give another --out"
        raise InvalidConfigError([wrong]) from error


def _tell(course: Course, summary: FileSummary, path: Path, size: int, *, as_json: bool) -> None:
    if as_json:
        figures = {tongue: one._asdict() for tongue, one in course.figures.items()}
        words = {
            tongue: [one._asdict() for one in many] for tongue, many in course.proposals.items()
        }
        found = {"model": str(path), "bytes": size, "figures": figures, "proposals": words}
        print_json({**summary.plain, **found, "left_out": course.left_out})
        return
    click.echo(summary.sentence())
    for tongue, one in course.figures.items():
        click.echo(
            f"{tongue}: {one.texts:,} texts, {one.complaints:,} complaints; in five folds accuracy "
            f"{one.accuracy:.3f}, precision {one.precision:.3f} where half of the complaints are "
            f"found, Brier score {one.brier:.3f}"
        )
        lacking = ", ".join(word.word for word in course.proposals[tongue][:WORDS])
        click.echo(f"{tongue}: words that the lexicon lacks: {lacking or 'none'}")
    for tongue, texts in course.left_out.items():
        click.echo(f"{tongue}: no model, since {texts:,} texts are too few")
    click.echo(f"{path}: {size:,} bytes")
    summary.tell_refused()
