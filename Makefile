# The front door: `make run` starts Bellwether, `make test` runs every check. Needs a Rust toolchain and a C compiler.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test lint unit bench bench-peers rules clean tools

CARGO ?= cargo
# Compilers at a time: one per core, at most four, because each may take a gigabyte.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n > 4 ? 4 : n)))
export CARGO_BUILD_JOBS := $(JOBS)
TARGET := $(or $(CARGO_TARGET_DIR),target)
PEERS := $(or $(BELLWETHER_PEERS),target/peers)
DATA := $(or $(BELLWETHER_DATA),../shared/data)
# mold links faster; used where it is installed, never required.
ifneq ($(shell command -v mold 2>/dev/null),)
LINK := mold -run
endif

help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

tools:
	@command -v $(CARGO) >/dev/null || { echo "error: cargo is missing"; echo "hint: install Rust from https://rustup.rs"; exit 2; } >&2
	@command -v cc >/dev/null || { echo "error: a C compiler (cc) is missing"; echo "hint: on Debian: apt-get install build-essential"; exit 2; } >&2

build: tools ## Build the optimised program
	$(LINK) $(CARGO) build --release --locked

run: build ## Build and start it on http://127.0.0.1:8000, everything embedded
	exec $(TARGET)/release/bellwether serve

test: ## Install what the tests need, then check formatting, lints, tests, docs, benches, alert rules
	scripts/install-test-dependencies.sh
	$(MAKE) tools lint unit rules

lint: tools ## Formatting and lints
	$(CARGO) fmt --all --check
	$(LINK) $(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit: tools ## All tests, the documentation's too; each bench once
	if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(LINK) $(CARGO) nextest run --workspace --locked --no-tests=pass; \
	else $(LINK) $(CARGO) test --workspace --locked --lib --bins --tests; fi
	$(LINK) $(CARGO) test --workspace --locked --doc
	$(LINK) $(CARGO) bench --workspace --locked --benches --profile dev -- --test

rules: ## Check the alert rules and run their tests
	promtool check rules deploy/alerts.yaml
	cd deploy && promtool test rules alerts_test.yaml

bench: tools ## Measure
	$(LINK) $(CARGO) bench --workspace --locked

bench-peers: build ## Measure beside the Python packages (data: BELLWETHER_DATA)
	scripts/install-peers.sh --benches
	$(PEERS)/bin/python benches/peers/quantile_boosting.py $(TARGET)/release/bellwether $(DATA)

clean: ## Remove what was built
	$(CARGO) clean
