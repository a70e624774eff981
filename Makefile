# `make help` lists all commands. `make serve` runs the whole service; `make test` runs all tests.
SHELL := /bin/bash
PORT ?= 8080
PYTHON ?= python3
ENGINE_PYTHON ?= python3.13
CHECKOV_PYTHON ?= python3.11
STAGE ?= dev
ARCH ?= arm64
REQUESTS ?= 1000000
BUILD ?= .aws-sam/build
# on: with the fonts of further scripts. off: without them. Empty: as the stack is deployed, else off.
MORE_FONTS ?=
MORE_FONTS_BUILT := $(if $(filter on,$(MORE_FONTS)),build/more-fonts/coverage.json)
BIN := .venv/bin
SAM := SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
define INSTALL_INTO_VENV
@MAKECMDGOALS='$(firstword $(MAKECMDGOALS))' requirements/create_venv.sh $(PYTHON)
@$(BIN)/uv pip sync -q --require-hashes --python $(BIN)/python $<
@$(BIN)/uv pip install -q --no-deps --python $(BIN)/python -e .
@touch $@
endef
DOCS_PAGE := functions/api/static/docs
DOCS_PAGE_FILES := LICENSE NOTICE swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt

.PHONY: help setup serve test webhooks-sim studio test-studio studio-pictures test-trust fuzz properties preflight fixes budget-simulation usage soak load lint types audit stack engine checkov build deploy destroy bench docs clients docs-page acid email-docs email-examples gallery design-art design-thumbnails scripts fonts more-fonts lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

setup: .venv/ready ## create .venv with pinned packages

# One environment: `make serve` alone installs requirements/serve.txt, the other commands add the rest.
.venv/ready: requirements/dev.txt
	$(INSTALL_INTO_VENV)

.venv/ready-to-serve: requirements/serve.txt
	$(INSTALL_INTO_VENV)

.venv-sam/ready: requirements/sam.txt | setup # a separate environment, because SAM needs older packages
	@test -x .venv-sam/bin/python || $(BIN)/uv venv -q .venv-sam
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-sam requirements/sam.txt
	@touch $@

.venv-docs/ready: requirements/docs.txt | setup # a separate environment, so that `make test` does not install it
	@test -x .venv-docs/bin/python || $(BIN)/uv venv -q .venv-docs
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-docs requirements/docs.txt
	@touch $@

.venv-clients/ready: requirements/clients.txt requirements/clients/package-lock.json | setup
	@test -x .venv-clients/bin/python || $(BIN)/uv venv -q .venv-clients
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-clients requirements/clients.txt
	@cd requirements/clients && npm ci
	@touch $@

.venv-acid/ready: requirements/acid.txt requirements/acid/package-lock.json | setup
	@test -x .venv-acid/bin/python || $(BIN)/uv venv -q .venv-acid
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-acid requirements/acid.txt
	@cd requirements/acid && npm ci
	@touch $@

requirements/mjml/node_modules/ready: requirements/mjml/package-lock.json
	@cd requirements/mjml && npm ci
	@touch $@

# Tools that check the stack from outside, each in an environment of its own.
.venv-engine/ready: requirements/stack-tools/localstack.txt | setup
	@test -x .venv-engine/bin/python || $(BIN)/uv venv -q --python $(ENGINE_PYTHON) .venv-engine
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-engine requirements/stack-tools/localstack.txt
	@touch $@

.venv-checkov/ready: requirements/stack-tools/checkov.txt | setup
	@test -x .venv-checkov/bin/python || $(BIN)/uv venv -q --python $(CHECKOV_PYTHON) .venv-checkov
	@$(BIN)/uv pip sync -q --require-hashes --python .venv-checkov requirements/stack-tools/checkov.txt
	@touch $@

serve: $(if $(wildcard .venv/ready),.venv/ready,.venv/ready-to-serve) $(MORE_FONTS_BUILT) ## run the whole service on http://127.0.0.1:8080 (PORT=… MORE_FONTS=on)
	@$(if $(MORE_FONTS_BUILT),POSTCARD_MORE_FONTS=build/more-fonts )$(BIN)/postcard serve --port $(PORT)

# Each process gets a part of the tests in their order, so that few modules start their service in several.
# Three for two cores, since tests wait for services, browsers and time limits.
# Without a cache of bytecode each process would compile all tests.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
PARALLEL := -n 3 --dist worksteal

test: setup ## run every test
	$(PYTEST) $(PARALLEL)

studio: ## build the template editor's page into functions/api/static/studio (needs Node and npm)
	cd studio && npm ci --no-audit --no-fund
	cd studio && node build.mjs

test-studio: setup ## run all tests of the template editor in Chromium (`make test` runs a part)
	$(PYTEST) $(PARALLEL) tests/studio

studio-pictures: setup ## draw the pictures of docs/studio.md again, and write its table of keys
	POSTCARD_STUDIO_PICTURES=1 $(BIN)/python -m pytest -p no:xdist tests/studio/test_walk.py

test-trust: setup ## run all security tests (two hours; `make test` runs a part)
	rm -rf build/trust
	POSTCARD_TRUST=full $(PYTEST) $(PARALLEL) tests/trust tests/security tests/functions/test_corrupted_storage.py

fuzz: setup ## decode a million mutated images (25 minutes)
	POSTCARD_TRUST=full $(PYTEST) tests/trust/test_pictures.py -k mutated

properties: setup ## try ten times the examples of each test of a property (15 minutes)
	POSTCARD_TRUST=full $(PYTEST) $(PARALLEL) -m hypothesis

preflight: setup ## draw 20,000 rows of a million, and compare with what preflight predicted (3 minutes)
	POSTCARD_PREFLIGHT=full $(PYTEST) $(PARALLEL) tests/campaigns/test_preflight_agrees.py

fixes: setup ## break 500 templates and fix them with the patches of their findings (4 minutes)
	POSTCARD_FIXES=full $(PYTEST) tests/lint/test_fixes.py

budget-simulation: setup ## spend budgets in US dollars with 16 workers that are killed (2 minutes)
	PYTHONPATH=layers/core:functions:. $(BIN)/python -m tests.campaigns.budget_simulation

usage: setup ## count 100,000 simulated requests in the access log, and compare three counts (a minute)
	POSTCARD_USAGE=full $(PYTEST) tests/usage/test_exact_hits.py

webhooks-sim: setup ## deliver 10,000 events in virtual time, with workers that are killed (EVENTS=… KILLS=… SEED=…)
	PYTHONPATH=layers/core:functions:. $(BIN)/python -m tests.webhooks.simulation $(or $(EVENTS),10000) $(or $(KILLS),200) $(or $(SEED),1)

soak: setup ## send a million requests; memory must not grow (REQUESTS=…)
	PYTHONPATH=functions:. $(BIN)/python -m tests.trust.soak $(REQUESTS)

load: setup ## load test of the whole service (3 minutes; needs wrk)
	PYTHONPATH=functions:. $(BIN)/python -m bench.load

lint: setup ## check formatting, lint rules and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=functions:. $(BIN)/lint-imports

types: setup ## check types with mypy --strict
	$(BIN)/mypy layers/core/postcard functions local deploy tests bench/*.py layers/bytecode.py layers/vendor/*.py layers/fonts/*.py layers/more_fonts/*.py

audit: setup ## check pinned packages for known vulnerabilities (exit 2: PyPI is not reachable)
	@$(BIN)/python -m deploy.dependency_audit

stack: .venv-sam/ready ## copy the edge function into template.yaml and validate it
	$(BIN)/python -m deploy.inline_edge_function
	AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint
	$(BIN)/python -m deploy.template_check

engine: .venv-engine/ready ## create, update and delete the stack in LocalStack (needs Python 3.13; ENGINE_PYTHON=…)
	@PYTHONPATH=functions:. $(BIN)/python -m tests.stack.localstack_engine .venv-engine/bin/python

checkov: .venv-checkov/ready ## check the stack with checkov (needs Python 3.11; CHECKOV_PYTHON=…)
	@$(BIN)/python -m deploy.checkov_findings .venv-checkov/bin/checkov

build: .venv-sam/ready $(MORE_FONTS_BUILT) ## build the Lambda functions and layers (ARCH=arm64|x86_64 MORE_FONTS=on)
	ARCHITECTURE=$(ARCH) MORE_FONTS=$(MORE_FONTS) $(SAM) build --parameter-overrides Architecture=$(ARCH) --build-dir $(BUILD)
	$(BIN)/python -m deploy.build_artifacts $(BUILD) $(ARCH)

deploy: .venv-sam/ready ## deploy to your AWS account (STAGE=dev|prod PARAMETERS="…" MORE_FONTS=on YES=1 WITHOUT_DOMAIN=1 CHANGES=1)
	@$(BIN)/python -m deploy --stage $(STAGE) --architecture $(ARCH) $(addprefix --parameter ,$(PARAMETERS) $(addprefix MoreFonts=,$(MORE_FONTS))) $(if $(YES),--yes) $(if $(WITHOUT_DOMAIN),--without-domain) $(if $(CHANGES),--changes)

destroy: setup ## delete a stack from your AWS account (STAGE=dev|prod)
	@$(BIN)/python -m deploy.destroy --stage $(STAGE)

bench: setup ## run the benchmarks, each next to an alternative
	$(BIN)/python -m bench

docs: .venv-docs/ready ## build the documentation site into build/docs (warnings are errors)
	.venv-docs/bin/python -m sphinx -q -E -W --keep-going -n -c docs/site -d build/doctrees docs build/docs

clients: .venv-clients/ready ## generate API clients for Python and TypeScript, and call a local service
	@$(BIN)/python -m tests.clients .venv-clients/bin/python requirements/clients build/clients

acid: .venv-acid/ready ## test merge links with 20,000 awkward names on all mail platforms (needs npm; 5 minutes)
	@PYTHONPATH=layers/core:functions:. .venv-acid/bin/python -m tests.merge_tags requirements/acid

email-docs: setup ## write the pages of docs/email that are made from the mail platforms' files
	$(BIN)/python -m local.email_pages

email-examples: requirements/mjml/node_modules/ready ## compile the MJML of examples/email (needs npm)
	node examples/email/compile.mjs

gallery: setup ## write docs/gallery.md and its pictures again
	$(BIN)/python -m local.docs_gallery

design-art: setup ## draw the pictures of the designs from local/designs/art again
	$(BIN)/python -m local.design_art

design-thumbnails: setup ## draw the thumbnails of the designs in functions/api/designs again
	$(BIN)/python -m local.design_thumbnails
	$(BIN)/python -m local.design_table

scripts: setup ## draw reference lines in all scripts with Chromium, for the text tests
	@mkdir -p build/scripts
	$(BIN)/python -m tests.text.chromium_lines build/scripts

fonts: setup ## build layers/fonts from pinned packages (5 minutes; FILES="Inter.ttf …" for some)
	$(BIN)/python -m layers.fonts.build build/fonts $(FILES)

more-fonts: build/more-fonts/coverage.json ## build the optional fonts into build/more-fonts (needs npm)

build/more-fonts/coverage.json: layers/more_fonts/more_font_sources.py layers/fonts/build.py | setup
	$(BIN)/python -m layers.more_fonts.build_more_fonts build/fonts build/more-fonts

docs-page: ## copy the pinned Swagger UI that /docs shows (needs npm)
	cd requirements/docs-page && npm ci
	cp $(addprefix requirements/docs-page/node_modules/swagger-ui-dist/,$(DOCS_PAGE_FILES)) $(DOCS_PAGE)
	node -p 'require("./requirements/docs-page/node_modules/swagger-ui-dist/package.json").version' >$(DOCS_PAGE)/VERSION
	cd $(DOCS_PAGE) && sha256sum $(DOCS_PAGE_FILES) >SHA256SUMS

lock: setup ## pin the packages of the requirements .in files again
	$(COMPILE) layers/vendor/requirements.in -o layers/vendor/requirements.txt
	$(COMPILE) -c layers/vendor/requirements.txt requirements/dev.in -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt requirements/serve.in -o requirements/serve.txt
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) requirements/sam.in -o requirements/sam.txt
	$(COMPILE) requirements/docs.in -o requirements/docs.txt
	$(COMPILE) requirements/clients.in -o requirements/clients.txt
	$(COMPILE) -c requirements/dev.txt requirements/acid.in -o requirements/acid.txt
	$(filter-out --universal,$(COMPILE)) requirements/stack-tools/checkov.in -o requirements/stack-tools/checkov.txt
	$(subst 3.11,3.13,$(COMPILE)) requirements/stack-tools/localstack.in -o requirements/stack-tools/localstack.txt

clean: ## remove environments and build output
	rm -rf .venv .venv-sam .venv-docs .venv-clients .venv-acid .venv-engine .venv-checkov requirements/*/node_modules studio/node_modules studio/build .aws-sam build
