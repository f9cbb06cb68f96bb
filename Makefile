# The verbs of this project, the same on a laptop and in CI. They need Python 3.11 or later with venv, git and make.
#
#   make demo     serve a demo tenant             make check      lint, types, arrows
#   make test     run the tests                   make docs       build the site in build/site
#   make soak     run the long tests              make reference  write docs/reference/ anew from the code
#   make bench    run the benchmark               make lock       recompile requirements/*.txt (needs uv)
#                                                 make clean      remove what the other verbs made

PYTHON ?= python3
UV ?= uv
DEMO_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=

.DELETE_ON_ERROR:
.PHONY: help demo test soak bench check docs reference lock clean

help:
	@sed -n 's/^#   //p' Makefile

# A virtual environment is made anew only when what it is made of changes: its lock file, the Python, the place.
# Sources are seen as they stand; after a change of pyproject.toml the project alone is installed again.
made = $(1)/made-$(shell { cat requirements/$(2).txt; echo '$(PYTHON)'; pwd; } | cksum | cut -d ' ' -f 1)
RUN := $(call made,.venv,run)
DEV := $(call made,.venv-dev,dev)
PIP = $(@D)/bin/python -m pip --quiet --disable-pip-version-check --no-input

$(RUN): LOCK := requirements/run.txt
$(DEV): LOCK := requirements/dev.txt
$(RUN) $(DEV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Tollhouse needs Python 3.11 or later: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' \
		|| { echo 'This Python has no venv; on Debian: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Making $(@D) from $(LOCK)'
	@$(PYTHON) -m venv --clear $(@D)
	@$(PIP) install --require-hashes -r $(LOCK)
	@touch $@

.venv/installed: $(RUN) pyproject.toml
.venv-dev/installed: $(DEV) pyproject.toml
.venv/installed .venv-dev/installed:
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/installed
	@.venv/bin/tollhouse demo $(DEMO_ARGS)

test: .venv-dev/installed
	@PYTHONDONTWRITEBYTECODE= .venv-dev/bin/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

soak: .venv-dev/installed
	@.venv-dev/bin/python -m pytest -m soak -p schemathesis.pytest.plugin --timeout=7200 $(PYTEST_ARGS)

bench: .venv-dev/installed
	@.venv-dev/bin/python -m bench $(BENCH_ARGS)

check: .venv-dev/installed
	@.venv-dev/bin/ruff check --quiet
	@.venv-dev/bin/ruff format --check --quiet --diff
	@.venv-dev/bin/mypy --strict src
	@.venv-dev/bin/lint-imports --no-logo

docs: .venv-dev/installed
	@.venv-dev/bin/sphinx-build --quiet --fail-on-warning --keep-going --doctree-dir build/doctrees docs build/site
	@echo 'The site is in build/site: open build/site/index.html'

reference: .venv-dev/installed
	@.venv-dev/bin/python -m reference

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(LOCK_ARGS)

lock:
	$(COMPILE) pyproject.toml requirements/run.in --output-file requirements/run.txt
	$(COMPILE) pyproject.toml requirements/run.in requirements/dev.in \
		--constraints requirements/run.txt --output-file requirements/dev.txt

clean:
	rm -rf .venv .venv-dev .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests bench docs reference -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
