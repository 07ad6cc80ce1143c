# Needs make and Python 3.11 or newer (with venv); everything else comes into .venv, at the
# versions and hashes in locks/. `make run ARGS="--port 9000"` passes arguments on.

SHELL := /bin/sh
BIN := .venv/bin
STAMP := .venv/.installed
PYTHON ?=
ARGS ?=
WORKERS ?= 2
# tests/scheduling.py: whole files, the slowest first.
SPREAD = -n $(WORKERS) --dist loadscope --no-loadscope-reorder
# Containers often forbid bytecode. Each of the many processes that tests start would then compile
# the libraries again, which costs a service four seconds of a core. Empty is unset to Python.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup run demo test faults test-all soak spark lint format bench house sdk vendor lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## install everything into .venv

# A stamp: whatever is installed already starts at once. Compiling all of it ahead would take a
# third of the time, for modules that nobody imports.
$(STAMP): locks/dev.txt locks/fast.txt pyproject.toml
	@python=$$(./.ci/python $(PYTHON)) || exit 1; \
	test -x $(BIN)/pip || { echo "Installing into .venv (once)"; "$$python" -m venv .venv; }
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile \
		--require-hashes -r locks/dev.txt
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-index --no-deps \
		--no-build-isolation --editable .
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes \
		-r locks/fast.txt 2>/dev/null || echo "No C compiler or Python headers:" \
		"the web reads HTTP in Python, which is slower (docs/operations.md, Slow clients)"
	@touch $@

run: $(STAMP) ## serve at http://127.0.0.1:8000
	@exec $(BIN)/nudge serve $(ARGS)

demo: $(STAMP) ## serve, with simulated visitors
	@exec $(BIN)/nudge serve --demo $(ARGS)

test: $(STAMP) ## the test suite
	$(BIN)/pytest $(SPREAD) -m "not soak and not faults" $(ARGS)

faults: $(STAMP) ## kills, freezes and cuts real processes, for five minutes
	$(BIN)/pytest tests/faults $(SPREAD) -m "not soak" $(ARGS)

test-all: $(STAMP) ## the test suite with its long forms
	$(BIN)/pytest $(SPREAD) --hypothesis-profile=long $(ARGS)

# Exit code 5: nothing was selected.
soak: $(STAMP) ## the long forms alone
	$(BIN)/pytest -m soak $(ARGS) || test $$? -eq 5

# Not part of the suite: Spark is 400 MB and needs Java.
spark: $(STAMP) ## install Spark into .venv, and compare it with DuckDB
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile \
		--require-hashes -r locks/spark.txt
	$(BIN)/pytest tests/lake/engine/test_spark.py $(ARGS)

lint: $(STAMP) ## what CI checks: style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config contracts.toml

format: $(STAMP) ## put the style right where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python .ci/statistics.py

bench: $(STAMP) ## the benchmarks, as ratios against named baselines
	$(BIN)/python -m benchmarks $(ARGS)

house: $(STAMP) ## the shape of the house, in numbers
	$(BIN)/python .ci/house.py $(ARGS)

# Needs npm, as nothing else here does: the minified file is committed.
sdk: $(STAMP) ## minify sdk/nudge.js under the version of sdk/package.json
	$(BIN)/python .ci/sdk.py

vendor: ## take the pages' libraries anew, at the versions of .ci/vendor/package.json
	./.ci/vendor.sh

# `make lock ARGS=--upgrade` takes the newest versions; without it only what must change does.
# base is what a web needs, worker what `nudge work` and `nudge serve` need, dev adds the tools.
COMPILE = uv pip compile pyproject.toml $(ARGS) --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"
lock: ## write locks/ anew from pyproject.toml
	@set -e; python=$$(./.ci/python $(PYTHON)); tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	"$$python" -m venv "$$tools"; "$$tools/bin/pip" install --quiet uv; PATH="$$tools/bin:$$PATH"; \
	$(COMPILE) --extra worker --extra lab --group dev -o locks/dev.txt; \
	$(COMPILE) --extra worker -c locks/dev.txt -o locks/worker.txt; \
	$(COMPILE) --extra worker --extra spark -c locks/dev.txt -o locks/spark.txt; \
	$(COMPILE) -c locks/dev.txt -o locks/base.txt; \
	echo gunicorn-h1c | $(subst pyproject.toml,-,$(COMPILE)) --no-deps -o locks/fast.txt

clean: ## remove .venv and what tools left; the data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		.schemathesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
