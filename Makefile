# What a developer runs, on a virtual environment with the development extra: `make check`.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: check check-code check-benchmarks test format

check: check-code test check-benchmarks

check-code:
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)pyright --pythonpath $(PYTHON)
	$(BIN)lint-imports

test:
	$(BIN)pytest

check-benchmarks:
	$(BIN)pytest -m whole_benchmarks tests/benchmarks

format:
	$(BIN)ruff check --fix .
	$(BIN)ruff format .
