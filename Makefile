# What can I do here? `make` alone says so.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PORT ?= 8080
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
PINS := -c constraints.txt
EVERYTHING := .[matrix,telegram,whatsapp,postgres,semantic,dev]

.PHONY: help setup demo chat test check lint types contracts fix web bench-delivery bench-understanding bench-secure-chat bench-telegram bench-matrix soak wheel sbom audit pins clean

##@ Look around
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "; print "wijkbot: make TARGET"} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo-ready ## try it in the browser, no account needed (PORT=8080)
	@$(BIN)/wijkbot demo --port $(PORT)

chat: $(VENV)/.demo-ready ## talk to the dialogs in the terminal (ARGS="--lang fr")
	@$(BIN)/wijkbot chat $(ARGS)

##@ Work on it
setup: $(VENV)/.dev-ready ## install everything that tests and checks need

test: $(VENV)/.dev-ready ## run all tests; fetches a browser and PostgreSQL when missing (ARGS="-k klus", WORKERS=3 processes)
	@$(BIN)/python -m tests.provision
	@WIJKBOT_STRICT=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: lint types contracts test ## everything that must hold before a change lands

lint: $(VENV)/.dev-ready ## style (ruff)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev-ready ## types (mypy, strict)
	@$(BIN)/mypy

contracts: $(VENV)/.dev-ready ## who may import whom (import-linter)
	@$(BIN)/lint-imports --no-logo

fix: $(VENV)/.dev-ready ## put the style right where a program can
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

web: $(VENV)/.dev-ready ## build what the browser runs, after a change in wijkbot/web/client
	@$(BIN)/python -m tests.securechat.web_client

##@ Measure it
bench-delivery: $(VENV)/.dev-ready ## how fast the mailboxes are, beside the database itself (about 5 minutes; ARGS=--quick)
	@$(BIN)/python -m tests.provision >&2
	@$(BIN)/python -m bench.delivery $(ARGS)

bench-understanding: $(VENV)/.dev-ready ## how fast and how well messages are understood, beside others (ARGS=--quick)
	@$(BIN)/python -m bench.understanding $(ARGS)

bench-secure-chat: $(VENV)/.dev-ready ## how many residents the secure chat holds, and how fast it is (about 5 minutes; ARGS=--quick)
	@$(BIN)/python -m bench.secure_chat $(ARGS)

bench-telegram: $(VENV)/.dev-ready ## what an answer on Telegram costs, beside a bare echo (about 3 minutes; ARGS=--quick)
	@$(BIN)/python -m bench.telegram $(ARGS)

bench-matrix: $(VENV)/.dev-ready ## what an answer on Matrix costs, beside a bare echo (about 3 minutes; ARGS=--quick)
	@$(BIN)/python -m bench.matrix $(ARGS)

soak: $(VENV)/.dev-ready ## ten minutes at 100 messages a second: does anything grow? (ARGS="--on postgresql", ARGS="--channel matrix")
	@$(BIN)/python -m tests.provision >&2
	@$(BIN)/python -m bench.soak $(ARGS)

##@ Give it away
wheel: $(VENV)/.dev-ready ## build dist/wijkbot-*.whl
	@$(BIN)/python -m build --wheel --no-isolation

sbom: $(VENV)/.dev-ready ## write dist/wijkbot.cdx.json: every package, its version and licence (CycloneDX)
	@$(BIN)/python -m tests.packages.bill dist/wijkbot.cdx.json

audit: $(VENV)/.dev-ready ## ask the network for known weaknesses of what we use (before a release)
	@$(BIN)/python -m tests.packages.audit

pins: $(VENV)/.dev-ready ## write constraints.txt from what is installed and tested now
	@{ head -n 1 constraints.txt; $(BIN)/python -m pip freeze --exclude wijkbot | grep '==' | sort -f; } \
	  > constraints.tmp && mv constraints.tmp constraints.txt

clean: ## remove what make made (the virtual environment too)
	@rm -rf $(VENV) .cache dist build .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache .hypothesis tests/adapters/matrix/resident/node_modules \
	  wijkbot/web/client/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── set-up: once; a stamp is newer than what it was made from ────────────────────────────────
$(VENV)/.demo-ready: pyproject.toml constraints.txt | $(VENV)/.made
	@if [ -e $(VENV)/.dev-ready ] && [ -z "$$(find pyproject.toml constraints.txt -newer $(VENV)/.dev-ready)" ]; \
	then :; else \
	  echo "Setting up wijkbot in $(VENV) (once; about two minutes)."; \
	  $(PIP) install $(PINS) -e . || { echo "Next step: see the line above; with the network back, run make again."; exit 1; }; \
	fi
	@touch $@

$(VENV)/.dev-ready: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Setting up wijkbot and its tools in $(VENV) (once; about four minutes)."
	@$(PIP) install $(PINS) -e '$(EVERYTHING)' \
	  || { echo "Next step: see the line above; with the network back, run make again."; exit 1; }
	@touch $@ $(VENV)/.demo-ready

# Debian's python3 comes without ensurepip; then virtualenv makes the environment.
$(VENV)/.made:
	@found=; for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Next step: install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3"; exit 1; \
	fi; \
	if $(BIN)/python -m pip --version >/dev/null 2>&1; then :; \
	elif $$found -m venv --clear $(VENV) >/dev/null 2>&1; then :; \
	elif { $$found -m virtualenv --version >/dev/null 2>&1 \
	    || $$found -m pip install --user -q virtualenv >/dev/null 2>&1; } \
	  && $$found -m virtualenv -q --clear $(VENV); then :; \
	else \
	  rm -rf $(VENV); \
	  echo "Next step: this Python cannot make a virtual environment; run: apt-get install python3-venv"; exit 1; \
	fi
	@touch $@
