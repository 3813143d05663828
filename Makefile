# Everything a person needs, from a clean clone: Python 3.11 or later, make and git.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# uv takes a tenth of the time. Where only pip knows the way to a registry (its own settings, a mirror), pip goes.
UV     := $(BIN)/uv pip --quiet

.PHONY: setup setup-dev run test lint bench lock clean
.DEFAULT_GOAL := run

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

fetch_uv = test -x $(BIN)/uv || $(PIP) install --no-compile --only-binary :all: --require-hashes -r requirements-install.lock
install  = { $(fetch_uv); } && VIRTUAL_ENV=$(VENV) $(UV) install --require-hashes -r $(1) || $(PIP) install --no-compile --require-hashes -r $(1)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bugferry needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11.")'
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.installed: $(BIN)/python requirements.lock pyproject.toml
	@echo "Installing the locked dependencies (once) …"
	@$(call install,requirements.lock)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "Installing the locked test tools (once) …"
	@$(call install,requirements-dev.lock)
	@touch $@

run: setup
	@exec $(BIN)/bugferry run

test: setup-dev
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Branch coverage of the pure rooms, by few examples and without what takes long: tests/core/conftest.py says which.
.PHONY: coverage
PURE := worker/plan.py,worker/speaker.py,worker/case.py,worker/beside.py,worker/talk/*,worker/model.py,worker/errors.py,worker/mapping/*,worker/triage/*,worker/metrics/*
coverage: setup-dev
	@$(BIN)/python -m pytest tests/core -p no:randomly --hypothesis-profile=coverage --cov --cov-report=
	@$(BIN)/coverage report --fail-under=98 --include='$(PURE)'

bench: setup-dev
	@$(BIN)/python -m tests.bench

# Real processes, killed again and again, at length: make soak-process KILLS=200 [SEED=7]
.PHONY: soak-process
soak-process: setup-dev
	@$(BIN)/python -m tests.process.soak --kills $(or $(KILLS),50) $(if $(SEED),--seed $(SEED))

# The simulation at length: make soak SEEDS=50000 [FIRST=501]
.PHONY: soak
soak: setup-dev
	@$(BIN)/python -m tests.machine --seeds $(or $(SEEDS),5000) $(if $(FIRST),--first $(FIRST))

# Fresh locks: hashes for every platform, and no address of any registry in them.
lock: setup-dev
	@$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --all-extras pyproject.toml -o requirements-dev.lock
	@$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra build -c requirements-dev.lock pyproject.toml -o requirements.lock
	@sed '/^uv==/,/^[^ ]/!d; /^uv==/b; /^[^ ]/d' requirements-dev.lock > requirements-install.lock

clean:
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov
