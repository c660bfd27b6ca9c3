# Everything here needs Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: install demo test soak verifiers editor check languages pictures bench clients lock clean

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Courseletter needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	@$(BIN)/courseletter demo

test: install
	$(BIN)/pytest -n auto --dist loadgroup

# The crash tests at length: 200 kills a database and policy. Its report is kept.
soak: install
	$(BIN)/pytest tests/faults -n0 --soak docs/soak.md

# What some tests ask for a second opinion, from npm; without it they skip.
verifiers:
	npm ci --silent --prefix tests/verifiers
	npm ci --silent --prefix courseletter/web/editor

# The lesson editor's bundle, made anew from its sources; it is committed, so that nobody else needs npm.
editor:
	npm ci --silent --prefix courseletter/web/editor
	npm run --silent --prefix courseletter/web/editor check
	npm run --silent --prefix courseletter/web/editor build

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What readers' pages say, anew from the templates into the translations; a test tells what is not translated.
LANGUAGES := templates/pages/languages
languages: install
	@$(BIN)/pybabel -q extract -F $(LANGUAGES)/babel.cfg -k marked -k say -k count:1,2 --no-location -o .venv/pages.pot .
	@for one in $(LANGUAGES)/*.po; do \
	    $(BIN)/pybabel -q update -i .venv/pages.pot -o $$one -l $$(basename $$one .po) \
	        --no-fuzzy-matching --ignore-obsolete --omit-header -w 100; done

# Screenshots of the workshop for the docs; a test makes them, with the same people at the same hour each time.
pictures: install
	COURSELETTER_PICTURES=docs/pictures $(BIN)/pytest -n0 tests/web/test_pictures.py

bench: install
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.composing
	$(BIN)/python -m benchmarks.smtp
	$(BIN)/python -m benchmarks.checking
	$(BIN)/python -m benchmarks.workshop
	$(BIN)/python -m benchmarks.readers
	$(BIN)/python -m benchmarks.sign_ups

# What mail clients know, anew from caniemail's npm package; see campaigns/checking/CANIEMAIL-LICENSE.
clients: install
	@folder=$$(mktemp -d) && (cd "$$folder" && npm pack --silent caniemail@2.0.2 >/dev/null && tar xzf caniemail-*.tgz) \
	    && $(BIN)/python -m campaigns.checking.caniemail "$$folder/package/data/caniemail.json"; rm -r "$$folder"

# Pin anew what pyproject.toml asks for. Hashes only: no file records where a package came from.
lock: install
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header pyproject.toml --group dev -o requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
