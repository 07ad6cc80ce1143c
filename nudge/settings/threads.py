"""Threads of numpy's linear algebra, which it reads from the environment on import."""

from __future__ import annotations

import os


def one_core_each() -> None:
    """Have numpy's linear algebra use one thread; call it before numpy is imported.

    Our matrices are small, and threads that wait for each other in a loop make a fit take five
    times as long where the processors have other work.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
