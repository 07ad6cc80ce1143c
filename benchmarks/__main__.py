"""`make bench`: every benchmark, or those that are named; each prints its own table."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """The benchmarks: every module of this directory with a `main`."""
    here = Path(__file__).parent
    return sorted(p.stem for p in here.glob("*.py") if "\ndef main(" in p.read_text("utf-8"))


def main() -> int:
    """Run them in order; the exit code is 2 where a name is unknown, 1 where a bound is broken."""
    # Before numpy is loaded: figures are of one core, as `nudge work` uses it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    known = [name for name in names() if name != "__main__"]
    given = sys.argv[1:]
    # Options stand behind the one benchmark that takes them.
    behind = next((i for i, one in enumerate(given) if one.startswith("-")), len(given))
    wanted, options = given[:behind] or known, given[behind:]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    if options and len(wanted) != 1:
        print(f"name the one benchmark that takes {' '.join(options)}")
        return 2
    worst = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        main_of = import_module(f"benchmarks.{name}").main
        worst = max(worst, (main_of(options) if options else main_of()) or 0)
    return worst


if __name__ == "__main__":
    sys.exit(main())
