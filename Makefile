# The whole development of Holdfast by name. `make help` lists it.
#
# Needs Python 3.11 or newer with pip; everything else is installed into .venv, each file checked against its hash.
# A stamp in .venv remembers which requirement files were installed, so a second run starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
ENOUGH := 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$each" -c $(ENOUGH) 2>/dev/null && echo "$$each" && break; done)
ARGS ?=
# One worker for each core, each with database servers of its own; more than four would only fight for the disk.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist worksteal

RUN_LOCKS := requirements/run.txt requirements/build.txt
DEV_LOCKS := requirements/dev.txt $(RUN_LOCKS)

# pip of the environment where there is one, else the machine's pip pointed at it (Debian splits ensurepip off).
PIP = $(shell if $(BIN)/python -m pip --version >/dev/null 2>&1; then echo "$(BIN)/python -m pip"; \
	else echo "$(PYTHON) -m pip --python $(BIN)/python"; fi)
PIP_INSTALL = $(PIP) install --quiet --disable-pip-version-check
SELF = $(PIP_INSTALL) --no-deps --no-build-isolation --editable .

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---------------------------------------------------------------------------- set-up
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/.stamp-run: $(RUN_LOCKS) pyproject.toml | $(VENV)/bin/python
	@echo "installing what the server needs"
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(SELF)
	@touch $@

$(VENV)/.stamp-dev: $(DEV_LOCKS) pyproject.toml | $(VENV)/bin/python
	@echo "installing what development needs"
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt -r requirements/dev.txt
	@$(SELF)
	@touch $(VENV)/.stamp-run $@

.PHONY: install
install: $(VENV)/.stamp-run ## make .venv with .venv/bin/holdfast

.PHONY: dev
dev: $(VENV)/.stamp-dev ## the same with tests, linters and benchmarks

# ---------------------------------------------------------------------------- use
.PHONY: demo
demo: install ## fill a database with demo data and serve it (ARGS="--port 8080")
	@$(BIN)/holdfast demo $(ARGS)

.PHONY: serve
serve: install ## serve what is in the database (ARGS="--database postgresql://...")
	@$(BIN)/holdfast serve $(ARGS)

# ---------------------------------------------------------------------------- prove
.PHONY: test
test: dev ## every test, on every database server found here (ARGS="-k booking")
	@$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)

.PHONY: check
check: dev ## formatting, lint, types, imports, dependencies, dead code, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry --config requirements/deptry.toml src
	$(BIN)/vulture
	$(BIN)/holdfast openapi | diff -u openapi.json -
	$(BIN)/python tools/reference.py --check

.PHONY: audit
audit: dev ## ask for known weaknesses of every pinned release; says so where nobody can be asked
	@$(BIN)/python tools/supply.py audit $(ARGS)

.PHONY: sbom
sbom: dev ## write dist/sbom.cdx.json: what the server needs to run (CycloneDX)
	@$(BIN)/python tools/supply.py sbom $(ARGS)

.PHONY: bench
bench: dev ## the benchmarks, side by side in one run (ARGS=--help)
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks $(ARGS)

.PHONY: campaign
campaign: dev ## the tests that look for rare faults, long and hard (hours)
	@HOLDFAST_CAMPAIGN=1 $(BIN)/pytest --timeout=21600 $(ARGS)

# ---------------------------------------------------------------------------- care
.PHONY: lock
lock: dev ## compile requirements/*.in anew (ARGS="--upgrade-package fastapi")
	@for each in run:run.txt dev:run.txt build:dev.txt; do \
		name=$${each%%:*}; constraints=; \
		test $$name = run || constraints="--constraints requirements/$${each##*:}"; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-strip-extras --generate-hashes \
			--no-emit-index-url --custom-compile-command "make lock" $$constraints requirements/$$name.in \
			--output-file requirements/$$name.txt $(ARGS); \
	done
	@if grep -nE '://|--(extra-)?index-url|--find-links' requirements/*.txt; then \
		echo "a lock file names a registry" >&2; exit 1; fi

.PHONY: reference
reference: dev ## write openapi.json and the reference pages of docs/ anew from the code
	@$(BIN)/holdfast openapi > openapi.json
	@$(BIN)/python tools/reference.py

.PHONY: clean
clean: ## remove .venv and caches; databases stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	@find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
