# The habits. `make run` and `make test` need only Python 3.11 or newer, and make.
VENV ?= .venv
PYTHON ?= python3
PORT ?= 8000
SAMPLE ?= 1
bin := $(VENV)/bin
manage := $(bin)/python manage.py
local := HTTPS=0
# The sample programme asks nobody for a second factor; an installation of one's own does
ifeq ($(SAMPLE),1)
local += REQUIRE_MFA=$(or $(REQUIRE_MFA),0)
endif

.PHONY: run setup admin test test-postgres check scan bench docs lock messages shots clean

$(VENV)/.runs: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(bin)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(VENV)/.tests: $(VENV)/.runs requirements-dev.txt
	$(bin)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

$(VENV)-scan/.runs: requirements-scan.txt
	$(PYTHON) -m venv $(VENV)-scan
	$(VENV)-scan/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-scan.txt
	touch $@

setup: $(VENV)/.runs
	$(bin)/pybabel --quiet compile --directory tracker/locale --domain django
	$(local) $(manage) migrate --verbosity 0
	$(local) $(manage) collectstatic --noinput --verbosity 0

run: setup ## everything from nothing, served on http://127.0.0.1:$(PORT)
ifeq ($(SAMPLE),1)
	$(local) $(manage) load_demo $(if $(DEMO_PASSWORD),--password "$(DEMO_PASSWORD)")
endif
	@echo "Tracker: http://127.0.0.1:$(PORT)"
	$(local) bash scripts/run.sh $(bin) $(PORT)

admin: setup ## the first administrator of an empty installation
	$(local) $(manage) make_admin

test: $(VENV)/.tests
	bash scripts/chromium.sh
	$(bin)/pybabel --quiet compile --directory tracker/locale --domain django
	$(bin)/python -m pytest -n auto

test-postgres: $(VENV)/.tests
	$(bin)/pybabel --quiet compile --directory tracker/locale --domain django
	bash scripts/with_postgres.sh $(bin)/python -m pytest -n auto -m "not browser"

check: $(VENV)/.tests
	bash scripts/check.sh $(bin)

scan: $(VENV)/.runs $(VENV)-scan/.runs ## the scanner wapiti as nobody and as three roles; LOGS=folder keeps what it saw
	$(bin)/pybabel --quiet compile --directory tracker/locale --domain django
	$(bin)/python -m scripts.scan $(VENV)-scan/bin/python $(LOGS)

bench: setup
	$(local) $(bin)/python -m scripts.bench

docs: $(VENV)/.tests ## the page of rights, from the tables that hold
	$(bin)/python -m scripts.rights > docs/rights.md

lock: ## renew the locks; needs uv
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group scan -o requirements-scan.txt

messages: $(VENV)/.tests ## collect the strings to translate; needs Debian's gettext
	$(manage) makemessages --all --no-obsolete --no-wrap --ignore 'data/*' --ignore '$(VENV)/*' --ignore 'tests/*' --verbosity 0
