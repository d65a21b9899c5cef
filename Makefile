# One command sets up and runs the main job, another sets up and passes the tests.
# Needs Python 3.11+ and nothing else: uv is fetched into .uv/ unless it is on the PATH.

UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --locked --extra replay --extra baselines --extra encoders --extra local --extra capture --extra gateway --extra postgres --extra demo --extra otel --extra tasks

.PHONY: help demo replay test test-torch lint format types check bench

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

demo: $(UV)  ## set up, then put the gateway in front of three recorded models and watch it keep a promise
	$(UV) run --locked --no-dev --extra demo messplus demo

replay: $(UV)  ## set up, then replay adaptive and MESS+ over the stream that ships and write report/index.html
	$(UV) run --locked --no-dev --extra replay messplus replay --report report

test: $(UV)  ## set up, then run all tests
	$(RUN) pytest -n auto

lint: $(UV)  ## style
	$(RUN) ruff check
	$(RUN) ruff format --check

format: $(UV)  ## mend style where that can be done by itself
	$(RUN) ruff check --fix
	$(RUN) ruff format

types: $(UV)  ## static types
	$(RUN) mypy

check: lint types test  ## everything that a change must pass, but for test-torch

# A venv of its own, so that torch is never part of the default environment; pip rather than uv, since
# pip takes a wheel that is on the machine already and uv would fetch a CUDA build of several GB.
test-torch: .venv-torch/installed  ## tests of the torch extra
	.venv-torch/bin/python -m pytest tests/torch

.venv-torch/installed: pyproject.toml
	python3 -m venv .venv-torch
	.venv-torch/bin/pip install --quiet torch==2.13.0 'transformers>=4.48' tokenizers hypothesis pytest
	.venv-torch/bin/pip install --quiet --editable .
	touch $@

bench: $(UV)  ## measure again what docs/results says (the recordings must be in ../shared/data)
	$(RUN) python -m benchmarks.speed
	$(RUN) python -m benchmarks.theory
	$(RUN) python -m benchmarks.adaptive
	$(RUN) python -m benchmarks.predicting
	$(RUN) python -m benchmarks.warm
	$(RUN) python -m benchmarks.drift
	$(RUN) python -m benchmarks.feedback
	$(RUN) python -m benchmarks.windows
	$(RUN) python -m benchmarks.stores
	$(RUN) python -m benchmarks.demo --readme README.md
	$(RUN) python -m benchmarks.gateway_faults
	$(RUN) python -m benchmarks.gateway_crash --kills 100
	$(RUN) python -m benchmarks.off_policy
	$(RUN) python -m benchmarks.signals
	$(RUN) python -m benchmarks.coverage
	$(RUN) python -m benchmarks.dashboard
	$(RUN) python -m benchmarks.replicas
	$(RUN) python -m benchmarks.cluster
	$(RUN) python -m benchmarks.tenants
	$(RUN) python -m benchmarks.local_zoo --readme README.md
	$(RUN) python -m benchmarks.routers --readme README.md
	$(RUN) python -m benchmarks.reproduce_paper --readme README.md

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv
