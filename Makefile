# `make demo` and `make test` work from a fresh clone: all they need is Python 3.11-3.13 with pip.
# PYTHON may name the interpreter and VENV another folder for what is installed.

VENV ?= .venv
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3; do \
	$$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& echo $$candidate && break; done)
PORT ?= 2024
# A module is compiled when it is first imported: compiling all 30,000 would take pip two minutes.
INSTALL = $(VENV)/bin/python -m pip install --quiet --no-compile --constraint constraints.txt
# Two processes share two cores: threads of one would wait for those of the other.
PYTEST = OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile

.PHONY: help demo test test-long lint format build docs studio install weights clean

help: ## Say what the targets are
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.runtime ## Answer a question about a shipped picture, showing stages and bracket
	@$(VENV)/bin/llava-o1 demo

test: $(VENV)/.development ## Run the tests but those that take long; pass options as ARGS="-k transcript"
	$(PYTEST) -m 'not long' $(ARGS)

test-long: $(VENV)/.development ## Run the tests that take long; the same options
	$(PYTEST) -m long --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.development ## Check style, formatting, types and what imports what
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

format: $(VENV)/.development ## Rewrite the code in the project's format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

build: $(VENV)/.development ## Write the wheel and the source distribution to dist/
	rm -rf dist
	$(VENV)/bin/hatchling build

# The variable keeps Material from telling about its successor; the versions are pinned in constraints.txt.
docs: $(VENV)/.development ## Build the site of the documentation into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -m mkdocs build --strict --clean $(ARGS)

# Nothing but the page in the browser comes from elsewhere: neither usage nor a newer version is asked for.
# Several runs at once share the model's batches; the server's own default is one.
studio: $(VENV)/.studio ## Serve the graphs for LangGraph Studio; PORT=2024, options as ARGS="--no-reload"
	LANGGRAPH_CLI_NO_ANALYTICS=1 LANGGRAPH_NO_VERSION_CHECK=1 \
	$(VENV)/bin/langgraph dev --no-browser --port $(PORT) --n-jobs-per-worker 10 $(ARGS)

install: $(VENV)/.development ## Install the package, editable, with the development tools

# Kept memory and compiled kernels save page faults and compilations at every step.
weights: $(VENV)/.development ## Make the embedded checkpoint anew, on a GPU or for hours on CPU cores; ARGS="--scale 0.2"
	MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=20000000000 MALLOC_TOP_PAD_=268435456 \
	ONEDNN_PRIMITIVE_CACHE_CAPACITY=20000 $(VENV)/bin/python -m recipes.tiny $(ARGS)

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist site .grimp_cache .import_linter_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A stamp is older than what it was installed from as soon as the requirements change.
$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found; install one or set PYTHON=" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing into $(VENV); the first time takes a few minutes."
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.studio: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing into $(VENV); the first time takes a few minutes."
	$(INSTALL) --editable '.[studio]'
	@touch $@

$(VENV)/.development: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing into $(VENV); the first time takes a few minutes."
	$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.runtime $(VENV)/.studio
