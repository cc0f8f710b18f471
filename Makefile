# `make help` lists what there is. Every target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup run test torture lint format screenshots bench package deb check-package lock clean

help:           ## this list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1  \t/p; s/^\([a-z-]*\):  *## /  make \1  \t/p' $(MAKEFILE_LIST)

setup:          ## .venv with township in it; nothing happens when it is up to date
	@$(PYTHON) installer/setup.py

run: setup      ## open the window on a fictional county (without a display: a picture of it)
	@PYTHON=$(PYTHON) installer/run.sh

test: setup     ## ruff, mypy and every test, without a display
	@$(PYTHON) installer/setup.py tests
	@$(MAKE) --no-print-directory lint
# In the order of their names: sorted by the number of tests, the files with few long ones would come last, and one core wait for the other.
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

SEEDS ?= 0-999
MODE ?= threads
RESULTS ?= build/torture.jsonl

torture: setup  ## random schedules of faults and deaths: SEEDS=0-999 MODE=threads|processes RESULTS=FILE; goes on where it was stopped
	@$(PYTHON) installer/setup.py tests
	nice $(BIN)/python -m tests.torture --seeds $(SEEDS) --mode $(MODE) --results $(RESULTS)

lint: setup     ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup   ## ruff mends what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: setup ## a picture of every page into docs/screenshots
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m ui.screenshots docs/screenshots

bench: setup    ## measure search, exchange and the rest
	$(BIN)/township bench

package: setup  ## the one-folder program into dist/xiangzhitong
	@$(PYTHON) installer/setup.py package
	$(BIN)/pyinstaller --noconfirm --log-level WARN --distpath dist --workpath build/pyinstaller installer/xiangzhitong.spec
	@du -sh dist/xiangzhitong

deb: setup      ## dist/xiangzhitong as a Debian package
	@installer/debian.sh

check-package: setup ## open the packaged window in a clean Debian (root; fetches one)
	@$(PYTHON) installer/setup.py clean_system
	@installer/check_package.sh

lock:           ## requirements.lock anew from pyproject.toml (needs uv; keeps versions that still fit)
	uv pip compile --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 --extra dev pyproject.toml -o requirements.lock

clean:          ## everything that was made, the demo too
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
