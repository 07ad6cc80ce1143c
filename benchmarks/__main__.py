"""`make bench`: every benchmark, or those that are named; each prints its own table."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """Return the benchmarks: every other module of this directory with a `main`.

    To add one, write a module with

    - `main(arguments) -> int`: takes the options of the command line (`options.option_parser`)
      and returns the exit code, 1 where a bound of its own is broken;
    - `BASELINE`: the row or column of its printed table that the others are compared with;
    - a small form, `--small`: the smallest sizes at which every line still runs, in about a second.
      The suite runs it (tests/benchmarks), so a benchmark that nothing keeps alive fails there.
      One that needs a service starts it on a free port of loopback, with `web_workers` 1, and ends
      it; the longest parts belong to the full form.

    A module without `main` belongs to those that import it: the suite refuses one that none does.
    """
    here = Path(__file__).parent
    found = {p.stem for p in here.glob("*.py") if "\ndef main(" in p.read_text("utf-8")}
    return sorted(found - {"__main__"})


def main() -> int:
    """Run them in order; the exit code is 2 where a name is unknown, 1 where a bound is broken."""
    # Before numpy is loaded: figures are of one core, as `nudge work` uses it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    known = names()
    given = sys.argv[1:]
    # Options stand behind the one benchmark that takes them; `--small` is taken by all.
    behind = next((i for i, one in enumerate(given) if one.startswith("-")), len(given))
    wanted, options = given[:behind] or known, given[behind:]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    if options not in ([], ["--small"]) and len(wanted) != 1:
        print(f"name the one benchmark that takes {' '.join(options)}")
        return 2
    worst = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        worst = max(worst, import_module(f"benchmarks.{name}").main(options))
    return worst


if __name__ == "__main__":
    sys.exit(main())
