# Everything that is done with this project, by name. `make` alone lists it.
#
# A machine with Python 3.11 (with venv), make and a package index that pip is set up for is enough.
# Nothing is installed outside .venv. PYTHON=… picks another interpreter.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
# How many tests run at once. Tests that need the machine for themselves carry the marker `alone`.
JOBS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=
# How many cases `make differential` compares, and its other arguments (--seed, --case, --explained).
N ?= 1000
DIFF_ARGS ?=
# How long `make fuzz` looks.
SECONDS ?= 60

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint format types generated suite bench-intake bench-memory bench-rules bench-desk bench-outgoing conformance wheel requirements clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
		while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

run: $(VENV)/.run ## the real gateway on loopback ports, fed with real mails (ONCE=1: show the result and end)
	@$(PY) -m mailgate demo $(if $(ONCE),--once)

test: lint types suite ## everything that is checked, in the order in which it fails fastest

lint: $(VENV)/.dev ## style and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: $(VENV)/.dev ## put the code into the project's format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(VENV)/.dev ## mypy, strict
	$(PY) -m mypy

generated: $(VENV)/.dev ## docs/extensions.md, docs/rules-lint.md and conf/editors/ from the tables of the code
	$(PY) tests/architecture/generated.py

suite: $(VENV)/.dev ## the tests, then those that need the machine for themselves
	$(PY) -m pytest -n $(JOBS) --dist worksteal -m "not alone" $(PYTEST_ARGS)
	$(PY) -m pytest -m alone $(PYTEST_ARGS)

differential: $(VENV)/.dev ## N random scripts over random mails, through Pigeonhole's sieve-test and through us (N=5000)
	@$(PY) tests/differential/run.py -n $(N) $(DIFF_ARGS)

fuzz: $(VENV)/.dev ## look for inputs that break the rule language or the reader of mails (SECONDS=60)
	@$(PY) tests/sieve_like/fuzz.py --seconds $(SECONDS)

bench-intake: $(VENV)/.dev ## messages per second against Dovecot, ratios in one run (BENCH_ARGS=--quick)
	@$(PY) bench/intake.py $(BENCH_ARGS)

bench-memory: $(VENV)/.dev ## memory with 40 parallel mails of 25 MB
	@$(PY) bench/intake.py --memory $(BENCH_ARGS)

bench-rules: $(VENV)/.dev ## CPU time per mail of 5, 50 and 1,000 rules against Pigeonhole, ratios in one run
	@$(PY) bench/rules.py $(BENCH_ARGS)

bench-desk: $(VENV)/.dev ## lists, searches, assignment, timers and intake at 1,000 to 1,000,000 tickets
	@$(PY) bench/desk.py $(BENCH_ARGS)

conformance: $(VENV)/.dev ## 10,000 mails made of the worst that there is, looked at by two other parsers
	@MAILGATE_EXAMPLES=10000 $(PY) -m pytest tests/outbox/test_outbox_conformance.py --timeout 3600

bench-outgoing: $(VENV)/.dev ## mails per second out of the outbox against a bare loop that sends ready bytes
	@$(PY) bench/outgoing.py $(BENCH_ARGS)

wheel: $(VENV)/.dev ## a wheel in dist/
	$(PIP) wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir dist .

# The .txt files are made from the .in files and pyproject.toml, with hashes for every platform and without the
# name of any index. uv is not among the requirements: who changes them installs it once, outside .venv.
requirements: ## make requirements/*.txt anew (needs uv)
	@command -v uv >/dev/null || { echo "make requirements needs uv: install it with pipx or pip, outside $(VENV)." >&2; exit 1; }
	cd requirements && for kind in build run dev; do \
		source=$$kind.in; [ -f $$source ] || source=../pyproject.toml; \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
			$$source -o $$kind.txt || exit 1; \
	done

clean: ## remove .venv and all that was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- the virtual environment ---------------------------------------------------------------------------------

# A half-made environment (ensurepip missing, disk full) is removed, so that the next try starts afresh.
$(PY):
	@command -v $(PYTHON) >/dev/null || { \
		echo "mailgate needs Python 3.11 or newer, and '$(PYTHON)' was not found. On Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "mailgate needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments (venv or ensurepip is missing). On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "making $(VENV) failed, see above" >&2; exit 1; }

# The stamps make a second run fast; a change of the requirements or of pyproject.toml makes them anew.
$(VENV)/.run: requirements/build.txt requirements/run.txt pyproject.toml | $(PY)
	@$(call install,run)

$(VENV)/.dev: requirements/build.txt requirements/dev.txt pyproject.toml | $(PY)
	@$(call install,dev)

define install
set -e; echo "installing the $(1) requirements into $(VENV)"; \
$(PIP) install --quiet --require-hashes -r requirements/build.txt; \
$(PIP) install --quiet --require-hashes -r requirements/$(1).txt; \
$(PIP) install --quiet --no-deps --no-build-isolation -e .; \
$(PIP) check; \
touch $@
endef
