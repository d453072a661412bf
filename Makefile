# The few commands of this project. Needed: git, make, and Python 3.11 or newer with its venv module.

PYTHON ?= python3
SERVE ?= 1
VISITS ?= 150
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UNFINISHED := $(VENV)/.unfinished
LOCK_VENV := build/lock-venv

# Python keeps what it compiled, even where the environment tells it not to: demo and tests start it hundreds of times.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test long lint format lock clean

help:
	@echo "make setup         make $(VENV) with everything the lock names (the other commands do it when needed)"
	@echo "make demo          load the sample county, run a round and a season over HTTP, serve until stopped"
	@echo "                   (SERVE=0: end after the run; VISITS=0: no season; VISITS=900: a whole one)"
	@echo "make test          all checks and all tests"
	@echo "make long          the phone page in WebKitGTK; needs Debian's webkit2gtk-driver and xvfb"
	@echo "make lint          the checks alone: ruff, mypy, import contracts"
	@echo "make format        let ruff lay out the code"
	@echo "make lock          write requirements.lock anew from pyproject.toml"
	@echo "make clean         remove $(VENV) and what the tools leave behind"
	@echo "PYTHON=python3.12  names another Python for make setup"

setup: $(READY)

# A set-up that was killed half-way left $(UNFINISHED) behind; then, and where the old one does not run, it starts afresh.
$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here; install Python 3.11 or newer, or name one: make setup PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), but Python 3.11 or newer is needed; name one: make setup PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) lacks its venv module; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
	@if [ -e $(UNFINISHED) ] || ! $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Making $(VENV) with $$($(PYTHON) --version)"; \
		mkdir -p $(VENV) && touch $(UNFINISHED) && $(PYTHON) -m venv --clear $(VENV); \
	fi
	@touch $(UNFINISHED)
	@echo "Installing what requirements.lock names (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock || \
		{ rm -f $(UNFINISHED); echo "The installation failed; behind a slow line, try a mirror: PIP_INDEX_URL=... make setup" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . || \
		{ rm -f $(UNFINISHED); exit 1; }
	@rm -f $(UNFINISHED)
	@touch $(READY)
	@echo "Ready: $(BIN)/shidi"

demo: setup
	@$(BIN)/python -m demo $(if $(filter 0 no false,$(SERVE)),--no-serve,--serve) --visits $(VISITS)

lint: setup
	@echo "ruff";  $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "mypy";  $(BIN)/mypy --no-error-summary
	@echo "import contracts"; said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }

# Tests of one file stay in one process: they share what is slow to start. Files go out in their own order: by default
# those with the fewest tests come last, and these are the slowest, so that one process would wait for another.
test: lint
	@echo "tests"; $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# The second engine; Debian's webkit2gtk-driver and xvfb have to be there.
long: setup
	@$(BIN)/python -c 'import selenium' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[long]'
	@$(BIN)/python -m bench.phone_webkit

format: setup
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

# Made with the oldest Python that is supported, which needs the most packages.
lock:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "make lock needs Python 3.11: make lock PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(LOCK_VENV) && $(LOCK_VENV)/bin/pip install --quiet --disable-pip-version-check 'pip-tools>=7.6,<8'
	@CUSTOM_COMPILE_COMMAND="make lock" $(LOCK_VENV)/bin/pip-compile --quiet --generate-hashes --extra dev --strip-extras --allow-unsafe \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml

clean:
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
