# Each target works on a fresh Debian machine: it installs what it needs and shows its progress.
SHELL := /bin/sh
PYTHON := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export PYTHONUNBUFFERED := 1
# Where the machine forbids bytecode files, every play would compile all of Ansible again.
unexport PYTHONDONTWRITEBYTECODE
INVENTORY ?= demo
HOSTS ?= 1
SOURCE ?= tests/etikettendruck
TARGET ?= dist/windows

.PHONY: help setup demo demo-update demo-break demo-down testbed-up testbed-down secrets wheels app-image \
	test lint bench faults load screenshots docs lock windows-package

help: ## zeigt diese Übersicht
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## richtet die Python-Umgebung ein
	@./workshop/setup.sh

demo: setup ## baut alles auf: Testhost, Docker, Lager-App mit Beispieldaten
	@$(PYTHON) -m workshop.demo up

demo-update: setup ## baut die nächste Version und aktualisiert unter sichtbarer Last
	@$(PYTHON) -m workshop.demo update

demo-break: setup ## versucht ein Update auf eine kaputte Version
	@$(PYTHON) -m workshop.demo break

demo-down: setup ## räumt die Demo wieder weg
	@$(PYTHON) -m workshop.demo down

testbed-up: setup ## Testhosts zum Arbeiten von Hand (HOSTS=3)
	@$(PYTHON) -m testbed docker
	@$(PYTHON) -m testbed images
	@$(PYTHON) -m testbed up hand --count $(HOSTS)

testbed-down: setup ## räumt diese Testhosts wieder weg
	@$(PYTHON) -m testbed down hand

secrets: setup ## erzeugt fehlende Geheimnisse eines Inventars (INVENTORY=demo), mit RENEW=vault__… neue
	@$(PYTHON) -m workshop.secrets inventories/$(INVENTORY) $(if $(RENEW),--renew $(RENEW))

wheels: setup ## packt den Agenten und seine Abhängigkeiten für die Hosts
	@$(PYTHON) -m workshop.wheels

windows-package: setup ## baut ein Freigabepaket für Windows-Server (SOURCE=…, TARGET=dist/windows)
	@$(PYTHON) -m workshop.windows_package $(SOURCE) $(TARGET)

test: setup ## alle Tests, Raum für Raum
	@$(PYTHON) -m workshop.rooms test

lint: setup ## ruff, mypy, ansible-lint, yamllint
	@$(PYTHON) -m workshop.rooms lint

bench: setup ## misst gegen Vergleichswerte und schreibt docs/messungen/
	@$(PYTHON) -m testbed docker
	@$(PYTHON) -m testbed images
	@$(PYTHON) -m workshop.app_image
	@$(PYTHON) -m bench

load: setup ## Beweis unter Last: Updates ohne eine verlorene Anfrage (setzt nach Abbruch fort)
	@$(PYTHON) -m testbed docker
	@$(PYTHON) -m testbed images
	@$(PYTHON) -m bench.proof

faults: setup ## stört jeden Lauf an jeder Stelle (setzt abgebrochene Durchgänge fort) und schreibt docs/messungen/
	@$(PYTHON) -m testbed docker
	@$(PYTHON) -m testbed images
	@$(PYTHON) -m workshop.wheels
	@$(PYTHON) -m workshop.app_image
	@$(PYTHON) -m tests.faults.damage
	@$(PYTHON) -m tests.faults.lost_server
	@$(PYTHON) -m tests.faults.matrix --books engine data
	@$(PYTHON) -m pytest -q -m faults tests

screenshots: setup ## erneuert die Bilder in docs/images/
	@$(PYTHON) -m testbed docker
	@$(PYTHON) -m testbed images
	@$(PYTHON) -m workshop.app_image
	@UPKEEP_SCREENSHOTS=1 $(PYTHON) -m pytest -q -m "not faults" tests/e2e
	@UPKEEP_SCREENSHOTS=1 $(PYTHON) -m pytest -q -m faults tests/e2e/test_drill.py

lock: setup ## pinnt alle Anforderungen mit ihren Hashes neu
	@./workshop/lock.sh

docs: setup ## erzeugt die Variablentabellen der Rollen neu
	@$(PYTHON) -m workshop.role_tables --write
