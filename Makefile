# SPDX-License-Identifier: Apache-2.0
# One command each.  `make help` lists them (made from the comments after `##`).
VENV ?= .venv
export VENV
PYTHON_ENV := $(VENV)/bin/python
CPP_SOURCES = $(shell find cpp_ext -name '*.hpp' -o -name '*.cpp')
TEST ?= tests
# Arguments for the commands: make run ARGS="--headless --duration 10"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-bench run test test-cpp test-slow lint format bench bench-instructions fuzz gallery crtk-msgs clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv and build the C++ core (make run and make test do it by themselves)
	@.ci/setup.sh run

setup-test:
	@.ci/setup.sh test

setup-bench:
	@.ci/setup.sh bench

run: setup ## Start the whole system: simulated arm, perception, control, console (ARGS="--headless ...")
	@$(PYTHON_ENV) -m trocar.app.cli run $(ARGS)

test: test-cpp ## C++ tests, then every Python test but the slow ones (TEST=tests/app for a part)
	@$(PYTHON_ENV) -m pytest -q -m "not slow" $(TEST)

test-cpp: setup-test ## C++ tests of the core
	@$(PYTHON_ENV) .ci/cpp_tests.py

test-slow: setup-test ## The slow tests: sanitizers, pip and colcon builds, long campaigns
	@$(PYTHON_ENV) .ci/cpp_tests.py address thread
	@$(PYTHON_ENV) -m pytest -q -m slow $(TEST)

lint: setup-test ## ruff, mypy, clang-format: nothing is changed
	@$(PYTHON_ENV) -m ruff check .
	@$(PYTHON_ENV) -m ruff format --check .
	@$(PYTHON_ENV) .ci/typecheck.py
	@$(VENV)/bin/clang-format --dry-run --Werror $(CPP_SOURCES)

format: setup-test ## Let ruff and clang-format rewrite the sources
	@$(PYTHON_ENV) -m ruff check --fix-only -q .
	@$(PYTHON_ENV) -m ruff format -q .
	@$(VENV)/bin/clang-format -i $(CPP_SOURCES)

bench: setup-bench ## Measure the core beside its peers (JSON and plot in runs/; ARGS="--quick")
	@mkdir -p runs
	@$(PYTHON_ENV) -m trocar.app.cli bench core --json runs/bench_core.json $(ARGS)

bench-instructions: setup-test ## Count the core's instructions under valgrind; fails above a gate
	@$(PYTHON_ENV) .ci/instructions.py

fuzz: setup-test ## Look for input that breaks a promise of the C++ core (clang; ARGS="60 arm": seconds, target)
	@$(PYTHON_ENV) .ci/fuzz.py $(ARGS)

gallery: setup-test ## Make the pictures of the README: rendered frames, the console in a browser
	@$(PYTHON_ENV) -m trocar.sim.render.gallery docs/images
	@$(PYTHON_ENV) .ci/anatomy_picture.py docs/images/anatomy.png
	@$(PYTHON_ENV) .ci/console_picture.py docs/images/console.png

crtk-msgs: setup ## Build crtk_msgs and tf2_msgs for machines without a dVRK workspace
	@sh interfaces/build.sh

clean: ## Remove what was built (not .venv)
	@rm -rf build dist install log runs *.egg-info cpp_ext/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -f cpp_ext/trocar/_core*.so $(VENV)/.trocar-core
	@find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +
