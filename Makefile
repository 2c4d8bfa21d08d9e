# One command each, on a fresh clone too: every target installs what it needs.

PYTHON ?= python3
BIN := .venv/bin
DEMO := .demo
# Processes that run tests; a file of tests stays in one of them, and so do the instances it makes.
JOBS := 2

# What starts many Pythons would have each compile all of its modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo docs reference test prove lint mutants bench live dist newest constraints clean

setup: .venv/.installed
	@$(BIN)/python -m runners reference

# uv takes seconds where pip takes minutes; both check the constraints' hashes.
.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo 'Installing into .venv, 2 GB: with uv it takes seconds, with pip a minute or two.'
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
	  uv pip install --quiet --python $(BIN)/python --group dev --constraints constraints.txt; \
	else \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
	  $(BIN)/python -m pip install --quiet --group dev --constraint constraints.txt; \
	fi
	@touch $@

# make demo            plays the sample's release; again: finds nothing new; killed: goes on
# make demo FRESH=1    starts over
# make demo GITHUB=1   plays it on a double of GitHub, by the workflow files; its pages can be read
# make demo GITHUB=empty   waits with an empty repository on that double, for the tutorial's second part
# make demo LAUNCHER=ec2   works on a machine that stand-ins for AWS and GitHub give
# make demo RELEASE_PAGE=... OLD_SPEC=... NEW_SPEC=...   only detects, on real documents
demo: setup
ifdef GITHUB
	@PYTHONPATH=tests $(BIN)/python -m workflows.$(if $(filter empty,$(GITHUB)),by_hand,demo) --home $(DEMO)-github
else
	@$(BIN)/python -m bot.cli.demo --home $(DEMO) $(if $(FRESH),--fresh) \
	  $(if $(LAUNCHER),--launcher $(LAUNCHER)) \
	  $(if $(RELEASE_PAGE),--page '$(RELEASE_PAGE)') \
	  $(if $(OLD_SPEC),--old-spec '$(OLD_SPEC)') \
	  $(if $(NEW_SPEC),--new-spec '$(NEW_SPEC)')
endif

# The site, in .site: offline, and a warning ends it. The pictures need Chromium, and a font that has
# emoji (Debian: chromium, fonts-noto-color-emoji).
docs: setup
	@$(BIN)/python docs/site/pictures.py $(DEMO)-pictures
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict --config-file docs/site/mkdocs.yml
	@echo 'Read .site/index.html.'

# make reference PART=checks   prints a part of the reference that is made from the code, as the site has it
reference: setup
	@PYTHONPATH=. $(BIN)/python docs/site/part.py '$(PART)'

# A test process that dies ends the run: xdist would start another, give it files that are already
# done, and wait for them for ever.
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test: setup
	@$(PYTEST) -m 'not prove and not live'

# The long proofs: more seeds of the same claims.
prove: setup
	@$(PYTEST) -m 'prove'

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/shellcheck runners/launch/*.sh
	@$(BIN)/cfn-lint runners/launch/aws/*.yaml
	@$(BIN)/zizmor --offline --pedantic --no-progress --quiet .github
	@$(BIN)/actionlint -shellcheck $(BIN)/shellcheck
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml

# make mutants                            breaks code on purpose: 40 small faults, of all areas
# make mutants SEED=7 COUNT=20 AREA=registry   others, of one; the areas stand in tests/mutants/areas.py
# make mutants NEAR=1                      asks few tests beyond the own ones of the broken module: quicker
# make mutants FAULTS=faults.json          those that a reader thought of: [{"path": .., "old": .., "new": ..}]
# make mutants FILES=1                     of workflow files and CloudFormation templates instead
mutants: setup
ifdef FILES
	@PYTHONPATH=tests $(BIN)/python -m mutants.files --seed $(or $(SEED),0) --count $(or $(COUNT),40)
else
	@PYTHONPATH=tests $(BIN)/python -m mutants --jobs $(JOBS) --seed $(or $(SEED),0) \
	  --count $(or $(COUNT),40) $(if $(AREA),--area $(AREA)) $(if $(NEAR),--near) \
	  $(if $(FAULTS),--faults '$(FAULTS)')
endif

bench: setup
	@PYTHONPATH=.:tests/runners $(BIN)/python -m tests.bench

# make live REPOSITORY=OWNER/NAME   plays a release on GitHub, in a scratch repository, by the token
#                                   BOT_GITHUB_TOKEN; says first what it makes and spends, and asks
# make live REPOSITORY=... AWS=1    on the machine that the repository's LAUNCHER starts at AWS
# make live FAKE=1                  plays it on the double; with AWS=1 AWS is one, too
LIVE := PYTHONPATH=.:tests:tests/runners $(BIN)/python -m live $(if $(YES),--yes) $(if $(AWS),--aws) \
  $(if $(DETECT),--detect $(DETECT))
live: setup
ifdef FAKE
	@$(LIVE) --yes --fake $(DEMO)-live
else
	@$(LIVE) --repository '$(REPOSITORY)'
endif

# What a release publishes, in dist: wheel, sdist, and with TAG=vX.Y.Z what it says.
dist: setup
	@rm -rf dist && $(BIN)/python -m build --no-isolation --outdir dist
ifdef TAG
	@$(BIN)/python -m bot.wheel.notes $(TAG) > dist/notes.md
endif

# The tests with the newest of what moves under us, whatever lock and bounds say. The next target makes
# .venv what it was.
MOVING := lamindb bionty tiledbsoma anndata cellxgene-census
PIP := $(if $(shell command -v uv),VIRTUAL_ENV=.venv uv pip,$(BIN)/python -m pip)
newest: setup
	@rm .venv/.installed
	@$(PIP) install --quiet --upgrade $(MOVING)
	@$(PIP) freeze | sed 's/==/ /' | while read -r name version; do \
	  grep -qi "^$$name==$$version " constraints.txt || echo "differs from the lock: $$name $$version"; done
	@$(PYTEST) -m 'not prove and not live'

# After a change of pyproject.toml's groups. Without index addresses: any registry may serve it.
constraints:
	@uv pip compile pyproject.toml --group dev --python-version 3.11 --python-platform linux \
	  --generate-hashes --no-emit-index-url --no-header --quiet --upgrade -o constraints.txt

clean:
	rm -rf .venv dist $(DEMO) $(DEMO)-github $(DEMO)-live $(DEMO)-pictures .site .reference .canary .bench
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
