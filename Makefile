# Postcard. `make serve` runs everything on this machine; `make test` runs every test.
SHELL := /bin/bash
PORT ?= 8080
BIN := .venv/bin

.PHONY: setup serve test lint types lock clean

setup: .venv/ready

.venv/ready: requirements/dev.txt
	@test -x $(BIN)/uv || { python3 -m venv .venv && $(BIN)/python -m pip install -q uv; }
	@$(BIN)/uv pip sync -q --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $@

serve: setup
	@$(BIN)/postcard serve --port $(PORT)

test: setup
	$(BIN)/python -m pytest -n 2

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

lock: setup
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links layers/vendor/requirements.in -o layers/vendor/requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links -c layers/vendor/requirements.txt requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf .venv .aws-sam build
