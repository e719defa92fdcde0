# Two commands on a fresh machine: `make dev` and `make test`. Everything else is a part of them.
.PHONY: help dev net test setup build bench fuzz fmt clean
.DEFAULT_GOAL := help

help: ## Shows this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: setup build ## Sets up, starts the dev network and does the main job on it (ARGS=--once: then stops)
	@scripts/dev $(ARGS)

net: setup build ## Sets up, starts the network of real nodes and leaves it running (ARGS=--once: does the main job, then stops)
	@scripts/net $(ARGS)

test: setup ## Sets up, then runs every check and every test
	@scripts/test

setup: ## Installs what the rest needs, from package registries
	@scripts/setup

build: ## Builds what the dev network runs
	@scripts/build

bench: ## Measures the engine beside gtest 2.0 and appends to target/bench.json (BENCH=word: chooses; BENCH=net: a network)
	@scripts/bench $(BENCH)

SECONDS ?= 60
fuzz: ## Feeds the engine random programs and traffic (SECONDS=60, SEED=n, TARGET=name)
	@scripts/fuzz "$(SECONDS)" "$(SEED)" "$(TARGET)"

fmt: ## Formats everything
	@cargo fmt --all
	@cargo fmt --all --manifest-path engine/programs/Cargo.toml
	@npm --prefix bridge-contracts run fmt

clean: ## Removes all that was built or installed inside this folder
	@rm -rf target bridge-contracts/out bridge-contracts/cache bridge-contracts/node_modules
	@rm -rf zombienet/node_modules zombienet/beacon/.venv
