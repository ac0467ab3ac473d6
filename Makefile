# What one does with a checkout. `make` alone lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?=
DEMO_ARGS := $(if $(HOME_DIR),--home $(HOME_DIR)) $(if $(PORT),--port $(PORT))

.PHONY: help run test test-minio test-foreign lint types contracts check translations bench bench-verify clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.run: setup.cfg pyproject.toml
	@echo "Setting up a Python environment in $(VENV) (once; this downloads about 390 MB)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Setting up what the tests need (once)"
	@PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

run: $(VENV)/.run ## Start everything on this machine, with something to look at (PORT=…, HOME_DIR=… if you like)
	@exec $(BIN)/entitylocker demo $(DEMO_ARGS)

test: $(VENV)/.test ## Every test that needs only Python and a Chromium
	@$(BIN)/python tests/run.py

test-minio: $(VENV)/.test ## The storage and vault tests on the real MinIO server (needs Go)
	@$(BIN)/python -m tests.minio.run

test-foreign: $(VENV)/.test ## OAuth and sign-in with programs of others (needs Node)
	@$(BIN)/python -m tests.foreign.run

lint: $(VENV)/.test ## Style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.test ## Types
	@$(BIN)/mypy entitylocker

contracts: $(VENV)/.test ## Which room may import which
	@$(BIN)/lint-imports

check: lint types contracts test ## All of it, as a landing needs it

translations: $(VENV)/.test ## Collect the messages, bring the Hindi file up to date and compile it
	@$(BIN)/pybabel -q extract -F deploy/babel.cfg -k _l -k N_ -k lazy_gettext --no-location --sort-output -o $(VENV)/messages.pot .
	@$(BIN)/pybabel -q update -i $(VENV)/messages.pot -d entitylocker/translations -l hi --no-fuzzy-matching --ignore-obsolete
	@$(BIN)/pybabel -q compile -d entitylocker/translations -l hi --statistics

bench: $(VENV)/.test ## Measure, beside something, and print a table
	@$(BIN)/python -m benchmarks

bench-verify: $(VENV)/.test ## The same for checks alone: their cost beside plain pyHanko, pages while hostile files are checked
	@$(BIN)/python -m benchmarks --only verify --only hostile

clean: ## Remove what can be made again
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
