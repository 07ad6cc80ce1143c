"""The OpenAPI document against a real service, by schemathesis in all of its phases."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from child_processes import free_port
from e2e_service import ADMIN_KEY, PAGE_KEY, serving

PHASES = "examples,coverage,fuzzing,stateful"
# What stands for nobody, goes together, or names a zone, no schema can say.
BESIDE = "positive_data_acceptance,negative_data_rejection"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("key", "examples", "least"), [(ADMIN_KEY, 650, 10_000), (PAGE_KEY, 50, 1_000)]
)
def test_o08_whatever_is_sent_gets_a_documented_answer(key: str, examples: int, least: int) -> None:
    """Ten thousand cases with the operator's key, and some with the pages', break nothing."""
    with (
        tempfile.TemporaryDirectory(prefix="nudge-e2e-") as directory,
        serving(Path(directory) / "data", free_port()) as service,
    ):
        command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
        command += [f"{service.url}/openapi.json", "--header", f"Authorization: Bearer {key}"]
        command += ["--phases", PHASES, "--max-examples", str(examples), "--seed", "1"]
        command += ["--checks", "all", "--exclude-checks", BESIDE, "--continue-on-failure"]
        command += ["--generation-database", "none", "--no-color"]
        done = subprocess.run(
            command, cwd=directory, env=service.environ, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout[-20_000:]
    found = re.search(r"(\d+) generated", done.stdout)
    assert found, done.stdout[-2_000:]
    assert int(found[1]) >= least
