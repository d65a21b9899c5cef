# One command sets up and runs the main job, another sets up and passes the tests.
# Needs Python 3.11+ and nothing else: uv is fetched into .uv/ unless it is on the PATH.

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --locked --extra replay --extra encoders

.PHONY: help replay test lint types check

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

replay: $(UV)  ## set up, then replay MESS+ over the stream that ships, with an HTML report
	$(UV) run --locked --no-dev --extra replay messplus replay --report report

test: $(UV)  ## set up, then run all tests
	$(RUN) pytest -n auto

lint: $(UV)  ## style and formatting
	$(RUN) ruff check
	$(RUN) ruff format --check

types: $(UV)  ## static types
	$(RUN) mypy

check: lint types test  ## everything that a change must pass

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv
