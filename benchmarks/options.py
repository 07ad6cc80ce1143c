"""Options that every benchmark has: `--small` runs it in seconds, for the suite."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter


def option_parser(name: str, description: str | None) -> ArgumentParser:
    """Return a parser with `--small`; a benchmark adds its own options.

    The small form proves that the benchmark runs. Its figures mean nothing, and nor does its exit
    code.
    """
    parser = ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=description,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--small", action="store_true", help="run in seconds: figures mean nothing")
    return parser
