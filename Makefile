# Every target sets up what it needs into .venv, once; `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The interpreter that .venv is made with: $(PYTHON), or a newer one of the machine's where that is too old.
CANDIDATES := $(PYTHON) python3.14 python3.13 python3.12 python3.11
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
INSTALL := install --quiet --disable-pip-version-check --require-hashes --only-binary :all:

# $(call set_up,requirements file): a virtual environment with just what that file pins. The copy of the file that
# is kept in .venv tells a later call that nothing changed, whatever the clocks of the files say.
define set_up
@if cmp -s $(1) $(VENV)/.ready-$(1) && $(BIN)/python -c '' 2>/dev/null; then exit 0; fi; \
if ! $(BIN)/python -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then \
    found=; \
    for python in $(CANDIDATES); do \
        if command -v $$python >/dev/null 2>&1 && $$python -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then \
            found=$$python; break; \
        fi; \
    done; \
    if [ -z "$$found" ]; then \
        version=$$( { $(PYTHON) --version 2>&1 || echo missing; } 2>/dev/null | tail -n 1); \
        echo "Python 3.11 or newer is needed; $(PYTHON) is $$version." >&2; \
        echo "Install one, or name it: make PYTHON=/path/to/python3.11 …" >&2; \
        exit 1; \
    fi; \
    rm -rf $(VENV); \
    $$found -m venv $(VENV) 2>/dev/null || $$found -m venv --clear --without-pip $(VENV); \
fi; \
echo "Setting up $(VENV) from $(1) …" >&2; \
if $(BIN)/python -c 'import pip' 2>/dev/null; then \
    $(BIN)/python -m pip $(INSTALL) -r $(1); \
else \
    $${found:-$(PYTHON)} -m pip --python $(BIN)/python $(INSTALL) -r $(1); \
fi && cp $(1) $(VENV)/.ready-$(1)
endef

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: ## what running the bot needs, into .venv
	$(call set_up,requirements.txt)

setup-dev: ## what its tests need as well
	$(call set_up,requirements-dev.txt)
	@cp requirements.txt $(VENV)/.ready-requirements.txt  # its pins are among the others, which a test checks

demo: setup ## show /utilization yesterday and a morning summary of a made-up organisation
	@$(BIN)/python -m bot.demo

try: setup ## the same organisation with a prompt: type commands, press numbered buttons
	@$(BIN)/python -m bot.demo try

gallery: setup ## pages with every kind of answer about it, into gallery/
	@$(BIN)/python -m bot.demo.gallery

browse: setup ## the same organisation in a browser, in place of Slack
	@$(BIN)/python -m bot.demo.gallery --live

run: setup ## start the bot with the settings of the environment and .env
	@$(BIN)/python -m bot

# Files are handed out as they are named: whole processes, in acceptance and chaos, mostly wait, so they go first.
test: setup-dev ## the tests, quick tier: under five minutes on two cores
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadfile --no-loadscope-reorder

test-long: setup-dev ## all tests with the counts that the bars name
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

format: setup-dev ## rewrite the layout of the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup-dev ## format, lint and strict types, checked
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test ## everything that a change has to pass

bench: setup-dev ## measure what the project promises
	@status=0; for file in benchmarks/*.py; do \
	    echo "== $$file"; $(BIN)/python -m benchmarks.$$(basename $$file .py) || status=1; \
	done; exit $$status

docs: setup-dev ## regenerate docs/metrics.md, .env.example and the README's tables
	$(BIN)/python -m tests.written

audit: setup-dev ## look the pinned packages up among known vulnerabilities (needs the internet)
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet 'pip-audit>=2.9,<3'
	$(VENV)/audit/bin/python -m pip_audit --strict --require-hashes --disable-pip -r requirements-dev.txt

lock: ## compile the pinned requirements again from pyproject.toml (needs uv)
	uv pip compile pyproject.toml $(LOCK) -o requirements.txt
	uv pip compile pyproject.toml --group dev -c requirements.txt $(LOCK) -o requirements-dev.txt
	uv pip compile benchmarks/requirements.in $(LOCK) -o benchmarks/requirements.txt
LOCK := --universal --generate-hashes --no-header --quiet --python-version 3.11

clean: ## remove .venv and everything that was made
	rm -rf $(VENV) gallery .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup setup-dev demo try gallery browse run test test-long format lint check bench docs audit lock clean
