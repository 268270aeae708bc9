# Two commands: `make demo` races on this machine, `make test` checks everything.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test lint types pytest format venv constraints clean

demo: venv
	$(BIN)/pitboard demo $(ARGS)

test: lint types pytest

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: venv
	$(BIN)/mypy

pytest: venv
	$(BIN)/python -m pytest $(ARGS)

format: venv
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

venv: $(VENV)/.ready

# Hash-checked first, then the project itself without looking at any registry.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Pitboard needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh docs/install-venv.sh
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Debian splits venv from Python; install it where we may, else say what to type.
constraints:
	$(PYTHON) -m venv build/uv && build/uv/bin/pip install --quiet uv
	printf 'setuptools\nwheel\n' > build/build-system.in
	build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --extra dev --extra pi pyproject.toml build/build-system.in -o build/constraints.txt
	{ echo "# Exact versions and hashes of every package, for repeatable installs; 'make constraints' writes it anew."; \
	  cat build/constraints.txt; } > constraints.txt

clean:
	rm -rf $(VENV) build out
