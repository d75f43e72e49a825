# Nothing but Python 3.10 or newer is needed: everything else is installed into .venv.
PYTHON  ?= python3
VENV    ?= .venv
WORKERS ?= 2
KEEP    ?=

BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PURE := masking protocol convert identity propagation
# The rooms without I/O are covered to the last branch by their own tests.
GATE := --cov-branch --cov-report term-missing --cov-fail-under 100 $(foreach room,$(PURE),--cov otel_sentry/$(room))
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS)

# Moved into its place, so that whoever reads the page meanwhile finds it whole.
printed = $(BIN)/python -m otel_sentry.$(1).page > docs/reference/.printed && mv docs/reference/.printed docs/reference/$(2).md

.DEFAULT_GOAL := help
.PHONY: help demo test test-processes test-slow test-browser test-page test-servers neighbours fuzz faults soak rates check bench bench-musts bench-full bench-instructions bench-tunnel bench-page screenshots bugsink source-maps spotlight docs wheel release real-backend clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/demo.installed  ## Run the example dapp against the embedded Sentry and check what arrives; KEEP=1 leaves it running
	$(BIN)/otel-sentry demo $(if $(KEEP),--keep)

test: $(VENV)/test.installed  ## Run the tests; ARGS="tests/otel -x" runs some
ifdef ARGS
	$(PYTEST) $(ARGS)
else
	$(PYTEST) $(GATE) $(PURE:%=tests/%)
	$(PYTEST) $(PURE:%=--ignore tests/%)
endif

test-processes: $(VENV)/test.installed  ## Run the tests that start whole applications: every way of set-up, signals, exits
	$(PYTEST) -m processes $(ARGS)

test-slow: $(VENV)/test.installed  ## Run the tests that take long: faults, random schedules, fleets, chained processes, issue matrix
	$(PYTEST) -m slow $(ARGS)

test-browser: $(VENV)/browser.installed  ## See a page load, its replay and its errors join the backend's trace in real Chromium (needs Chromium and npm)
	$(BIN)/python -m pytest -m slow tests/browser $(ARGS)

test-page: $(VENV)/browser.installed  ## Use the page of `otel-sentry dev` in real Chromium: views, keys, hostile names, accessibility
	$(BIN)/python -m pytest -m slow tests/local/page $(ARGS)

test-servers: $(VENV)/test.installed  ## Run the matrix of real servers: uvicorn, gunicorn and its workers, Celery's pools
	$(PYTEST) -m '' tests/servers $(ARGS)

fuzz: $(VENV)/test.installed  ## Try every parser of what comes from outside, and the attribute converter, with 100,000 inputs each
	$(PYTEST) --hypothesis-profile fuzz tests/fuzz $(ARGS)

faults: $(VENV)/test.installed  ## Measure what each fault of Sentry costs the application's thread, beside a healthy Sentry
	$(BIN)/python -m tests.delivery.load.faults

soak: $(VENV)/test.installed  ## Send 500,000 spans through one process: memory stays flat, nothing is lost
	$(BIN)/python -m tests.delivery.load.soak

rates: $(VENV)/test.installed  ## Find how many spans per second one process gets to the embedded Sentry without loss
	$(BIN)/python -m tests.delivery.load.rates

check: $(VENV)/check.installed  ## Lint, types, import directions, printed pages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m otel_sentry.settings.page | diff docs/reference/settings.md -

bench: $(VENV)/bench.installed  ## Measure against other ways to Sentry, side by side, in about a minute
	$(BIN)/python -m tests.benchmarks quick

bench-musts: $(VENV)/bench-full.installed  ## Measure in a quarter of an hour what must be reached and write docs/explanation/performance.md
	$(BIN)/python -m tests.benchmarks short

bench-full: $(VENV)/bench-full.installed  ## Measure every peer five times and write docs/explanation/performance.md; takes hours
	$(BIN)/python -m tests.benchmarks full

bench-instructions: $(VENV)/bench.installed  ## Count the hot path's instructions (needs valgrind) and compare with the baseline
	$(BIN)/python -m tests.benchmarks instructions

bench-tunnel: $(VENV)/test.installed  ## Measure the tunnel beside a forwarder that looks at nothing: time and memory
	$(BIN)/python -m tests.web.tunnel_cost

bench-page: $(VENV)/browser.installed  ## Measure how a trace of 10,000 spans opens and scrolls in real Chromium (needs Chromium)
	$(BIN)/python -m tests.local.page.frames

screenshots: $(VENV)/browser.installed  ## Take the documentation's pictures of the local Sentry's page anew (needs Chromium)
	$(BIN)/python -m tests.local.page.pictures

bugsink: $(VENV)/test.installed  ## Compare issues with sentry-sdk's own in a real Bugsink, which is installed first (200 MB)
	$(BIN)/python -m tests.real.bugsink_check --folder $(VENV)/bugsink

source-maps: $(VENV)/test.installed  ## See a minified error as its source in a real Bugsink after `otel-sentry release` (needs Node)
	$(BIN)/python -m tests.real.source_maps_check --folder $(VENV)/bugsink

spotlight: $(VENV)/browser.installed  ## See the example's traces as trees in real Spotlight (needs Node, npm and Chromium; 115 MB)
	$(BIN)/python -m tests.real.spotlight_check --folder $(VENV)/spotlight

docs: $(VENV)/docs.installed  ## Print the generated pages of the documentation, and build its site into site/
	$(call printed,settings,settings)
	$(call printed,convert,mapping)
	$(call printed,masking,secrets)
	COLUMNS=100 NO_COLOR=1 $(call printed,cli,cli)
	$(BIN)/zensical build --config-file .mkdocs.yml --strict

wheel: $(VENV)/check.installed  ## Build wheel and source distribution into dist/, check them, and use the wheel alone
	rm -rf dist build/wheel
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cp .ci/smoke.py build/wheel
	cd build/wheel && bin/python -I smoke.py bin/otel-sentry

release: wheel  ## The same from a clean tree; prints the command that publishes
	@test -z "$$(git status --porcelain)" || { echo 'release: commit first, the tree is not clean'; exit 1; }
	@echo "To publish: $(BIN)/twine upload dist/* && git tag v$$($(BIN)/python -c 'import otel_sentry; print(otel_sentry.__version__)')"

real-backend: $(VENV)/demo.installed  ## Send the example's traces to a real OTLP backend (Phoenix, 850 MB) and read them back
	$(PIP) opentelemetry-exporter-otlp-proto-http
	$(BIN)/python -m tests.real.otlp_backend_check $(PHOENIX)

neighbours: $(VENV)/test.installed  ## Run beside Elastic's and Splunk's distributions and Logfire, each in an environment of its own
	$(BIN)/python -m tests.real.neighbours_check $(NEIGHBOURS)

clean:  ## Remove what the targets made
	rm -rf $(VENV) build dist site .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip

$(VENV)/demo.installed: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[demo]'
	touch $@

$(VENV)/test.installed: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[demo,yaml]' --group test
	touch $@

$(VENV)/browser.installed: pyproject.toml $(VENV)/test.installed
	$(PIP) --group browser
	touch $@

$(VENV)/check.installed: pyproject.toml $(VENV)/test.installed
	$(PIP) --group check
	touch $@

$(VENV)/docs.installed: pyproject.toml $(VENV)/test.installed
	$(PIP) --group docs
	touch $@

$(VENV)/bench.installed: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[zstd,web3]' --group bench
	touch $@

$(VENV)/bench-full.installed: pyproject.toml $(VENV)/bench.installed
	$(PIP) --group bench-full
	touch $@
