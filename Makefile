# Two commands: `make demo` and `make test`. Both create .venv from the lock first, and both are safe to run twice.

SUPPORTED := -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null
PYTHON ?= $(shell for python in python3.11 python3.12 python3; do $$python $(SUPPORTED) && echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Wheels only, nothing from setup scripts; langdetect is published as source alone and is pure Python.
LOCKED := install -qq --no-deps --require-hashes --only-binary :all: --no-binary langdetect --no-build-isolation
# pip compiles on one core and leaves nothing out; most of transformers' models are never imported.
UNCOMPILED := /tests/|/transformers/models/(?!auto/|bert/)\w+/(modeling|modular)_

# A stamp's name holds the checksum of what was installed: a changed lock is installed again, an unchanged one is not read.
checksum = $(shell cat $(1) | cksum | cut -d' ' -f1)
RUNTIME := $(VENV)/.runtime-$(call checksum,infra/lock/build.txt infra/lock/runtime.txt infra/lock/torch.txt)
TESTS := $(VENV)/.tests-$(call checksum,infra/lock/runtime.txt infra/lock/test.txt)
PROJECT := $(VENV)/.project-$(call checksum,pyproject.toml)

.NOTPARALLEL:
# Tests wait for servers and schedules half of the time: one more at once than there are cores.
WORKERS ?= 3
SAMPLE := .headwater/sallowbrook

.PHONY: help demo test up bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

demo: $(PROJECT) ## the bundled sample from its files to cited context and a dataset
	@$(BIN)/headwater demo

# System packages come while the linters read.
# The tests start hundreds of programs; without this each would compile all of the project where the variable is set.
test: export PYTHONDONTWRITEBYTECODE =
test: $(PROJECT) $(TESTS) ## linters, types, tests; on Debian as root it installs what the tests use
	@trap wait EXIT; .ci/system-packages & set -ex; $(BIN)/ruff check .; $(BIN)/ruff format --check .; $(BIN)/mypy; $(BIN)/codespell
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST)

up: $(PROJECT) ## Prefect's server and UI, a worker and the schedules, on this machine
	@test -f headwater.yaml || { echo "No headwater.yaml here: starting with the bundled sample in $(SAMPLE)."; \
		$(BIN)/python -c 'from pathlib import Path; from flows.demo import copy_sample; copy_sample(Path(".headwater"))'; }
	@$(BIN)/headwater --project $$(test -f headwater.yaml && echo headwater.yaml || echo $(SAMPLE)/headwater.yaml) up

bench: $(PROJECT) $(TESTS) ## the benchmark table
	@$(BIN)/pytest tests/benchmarks --quiet --capture=no -m "" $(PYTEST)

lock: $(PROJECT) $(TESTS) ## write infra/lock again from pyproject.toml; UPGRADE=1 for the newest versions
	@$(PIP) install -qq "$$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["lock"])')"
	@$(BIN)/python infra/lock/refresh.py $(if $(UPGRADE),--upgrade)

clean: ## remove .venv and what tools left; stores and exports stay
	rm -rf $(VENV) *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(RUNTIME):
	@{ $(PYTHON) $(SUPPORTED); } || { echo "Headwater needs Python 3.11 or 3.12: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Creating $(VENV) with $(PYTHON): about 1 GB to download the first time (more with a CUDA build of torch)."
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) || { \
		echo "$(PYTHON) could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) $(LOCKED) -r infra/lock/build.txt
	@echo "Installing the locked packages ..."
	@$(PIP) $(LOCKED) --no-compile -r infra/lock/runtime.txt
	@echo "Installing torch ..."
	@$(PIP) install -qq --only-binary :all: --no-compile -r infra/lock/torch.txt
	@echo "Compiling ..."
	@$(BIN)/python -m compileall -qq -j0 -x '$(UNCOMPILED)' $(VENV)/lib || true # a few files are for other Pythons
	@rm -f $(VENV)/.runtime-* && touch $@

$(TESTS): $(RUNTIME)
	@echo "Installing what the tests add ..."
	@$(PIP) $(LOCKED) -r infra/lock/test.txt
	@rm -f $(VENV)/.tests-* && touch $@

$(PROJECT): $(RUNTIME)
	@$(PIP) install -qq --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.project-* && touch $@
