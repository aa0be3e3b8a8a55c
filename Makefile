# What a developer runs, on a virtual environment with the development extra: `make check`.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: check check-code check-long test format

check: check-code test check-long

check-code:
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)pyright --pythonpath $(PYTHON)
	$(BIN)lint-imports

test:
	$(BIN)pytest

check-long:
	$(BIN)pytest -m long

format:
	$(BIN)ruff check --fix .
	$(BIN)ruff format .
