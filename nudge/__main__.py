"""`python -m nudge`: the same as the command `nudge`."""

from __future__ import annotations

from nudge.cli import main

if __name__ == "__main__":
    main()
