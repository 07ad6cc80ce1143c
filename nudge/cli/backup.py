"""The commands `nudge backup` and `nudge restore`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import click
from rich.progress import Progress

from nudge.cli.common import data_dir_option, load_settings, progress_bar
from nudge.processes import embedded
from nudge.processes.claim import ServeError, alone
from nudge.settings.settings import Settings
from nudge.store.keeping import backup as backing
from nudge.store.keeping import backup_file
from nudge.wiring.command import Installation, open_installation

T = TypeVar("T")


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@data_dir_option
def backup(directory: Path, data_dir: Path | None) -> None:
    """Copy journal and vault, slots and keys to a file in DIR.

    The service may keep running. Keep the secrets (secrets.toml or NUDGE_SECRET_KEY) elsewhere:
    without them the backup is unreadable. Afterwards copy the lake, like any directory.
    """
    settings = load_settings(data_dir)
    with (
        _reachable(settings, stopped=False),
        open_installation(settings) as installation,
        progress_bar("backup") as bar,
    ):
        frames = _with_progress(bar, installation.store.backup.frames())
        path, count = backup_file.write(directory, frames)
    click.echo(f"{path}: {count} records and keys, {path.stat().st_size:,} bytes")


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="DIR")
@click.option("--replace", is_flag=True, help="Remove the store's contents first.")
@data_dir_option
def restore(path: Path, replace: bool, data_dir: Path | None) -> None:  # noqa: FBT001 - click's flags
    """Put a backup back into an empty store; the service must be stopped.

    The lake must be in its place. Run `nudge rebuild` afterwards: the folds wait for it.
    """
    settings = load_settings(data_dir)
    with _reachable(settings, stopped=True), open_installation(settings) as installation:
        total = backup_file.check(path)
        if replace:
            installation.store.backup.remove()
        with progress_bar("restore") as bar:
            _restore_frames(installation, _with_progress(bar, backup_file.read(path), total))
        installation.store.identity.adopt(settings.store_note)
        wrong = installation.store.identity.recognise(settings.store_note)
    click.echo(f"{total} records and keys restored; now run `nudge rebuild`")
    if wrong:
        click.echo(f"{wrong.reason}: records newer than the backup are at most in the lake;")
        click.echo("then run `nudge store accept`, and `nudge rebuild` once more")


def _restore_frames(installation: Installation, found: Iterable[backing.Frame]) -> None:
    from nudge.lake.files.reader import Lake  # noqa: PLC0415 - pyarrow, which help does not need

    installation.store.backup.restore(found, Lake(installation.settings.lake_dir).last)


def _with_progress(bar: Progress, found: Iterable[T], total: int | None = None) -> Iterator[T]:
    task = bar.add_task("", total=total, note="")
    for one in found:
        yield one
        bar.advance(task)


@contextmanager
def _reachable(settings: Settings, *, stopped: bool) -> Iterator[None]:
    """Run the embedded store during the context, unless `nudge serve` runs it already.

    Raises:
        ServeError: the service runs, but must be stopped.
    """
    with ExitStack() as stack:
        if settings.redis_url is None:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                stack.enter_context(alone(settings))
            except ServeError:
                if stopped:
                    raise
            else:
                stack.callback(embedded.start(settings).stop)
        yield
