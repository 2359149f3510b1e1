# Selvedge: what a developer runs. `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Keep what was compiled outside the clone when the environment says so (continuous integration does).
export CARGO_TARGET_DIR ?= $(CURDIR)/target
BINARY := $(CARGO_TARGET_DIR)/debug/selvedge
FRONT := frontend-contract
FRONT_SOURCES := $(shell find $(FRONT) -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print 2>/dev/null)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start the whole shop in one process (ARGS="--ephemeral" and the like)
	@"$(BINARY)" up $(ARGS)

build: setup $(FRONT)/.built ## Build the front end and the binary
	cargo build --bin selvedge

setup: ## Install what a bare Debian machine lacks (C compiler; Node and Rust are named when missing)
	@tests/support/setup.sh

$(FRONT)/node_modules/.package-lock.json: $(FRONT)/package-lock.json | setup
	cd $(FRONT) && npm ci --no-audit --no-fund
	@touch $@

$(FRONT)/.built: $(FRONT)/node_modules/.package-lock.json $(FRONT_SOURCES)
	cd $(FRONT) && npm run build
	@touch $@

test: setup $(FRONT)/.built ## Run every test on every engine; ends with a table of what ran where
	tests/run.sh

check: fmt-check lint contract doc test ## Everything that continuous integration runs

fmt: ## Format the Rust sources
	cargo fmt --all

fmt-check:
	cargo fmt --all --check

lint: setup $(FRONT)/.built ## Clippy with warnings denied
	cargo clippy --workspace --all-targets -- -D warnings

doc: setup $(FRONT)/.built ## Build the API documentation with warnings denied
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

schema: build ## Export the subgraphs' SDL and compose schema/
	"$(BINARY)" compose

contract: build ## Fail when schema/ is stale or an operation of the clients would break
	"$(BINARY)" compose --check

bench: bench-gateway bench-cache bench-inventory ## Run the benchmarks; results in target/bench/*.json

bench-gateway: setup $(FRONT)/.built ## Requests a second, latency and memory of the gateway on the shop query
	cargo bench --bench gateway

bench-cache: setup $(FRONT)/.built ## Hit rate, pages a second and staleness of the cache with a stream of stock changes
	cargo bench --bench cache

bench-inventory: setup ## Reservations a second on a hot and on cold SKUs, and when holds end, on a PostgreSQL of its own
	cargo bench -p selvedge-inventory --bench inventory

bench-scale: setup $(FRONT)/.built ## A shop of 1,000,000 stock levels against one of a twentieth (PostgreSQL where TEST_POSTGRES_URL is set)
	cargo bench --bench scale

bench-instructions: setup ## What a request costs by callgrind's count, stage by stage (needs valgrind)
	cargo bench --profile measure -p selvedge-gateway --bench instructions

bench-live: setup $(FRONT)/.built ## Badges for many subscribers, against Hive Router where HIVE_ROUTER names its binary
	cargo bench --bench live

soak-live: setup $(FRONT)/.built ## Ten minutes of faults under badges, and restarts and reloads under 5,000 subscribers
	LIVE_TRUTH_SECONDS=$(or $(SECONDS_OF_TRUTH),600) LIVE_TRUTH_CLIENTS=200 LIVE_CROWD=5000 \
	  cargo test --test faults badges:: -- --nocapture --test-threads=1

soak-reload: setup ## Change the schema 1,000 times under load; fails on a failed request or growing memory
	SOAK_RELOADS=$(or $(RELOADS),1000) cargo test -p selvedge-gateway --test reload_soak -- --nocapture

bench-peers: setup $(FRONT)/.built ## The gateway against Hive Router, whose binary HIVE_ROUTER names
	@test -n "$$HIVE_ROUTER" || { echo "NOT RUN: HIVE_ROUTER names no binary of Hive Router; docs/benchmarks.md says how to get one"; exit 1; }
	cargo build --release --bin selvedge
	cargo bench -p selvedge-gateway --bench peers

up: .env ## Start the distributed form with Docker (docker-compose.yml)
	docker compose up --build

# Made once: the databases keep the passwords that they began with.
.env:
	@umask 077 && for name in SELVEDGE_IDENTITY_SECRET SELVEDGE_JWT_SECRET POSTGRES_PASSWORD MONGO_PASSWORD; do \
	  value=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') && echo "$$name=$$value"; done > $@.new && mv $@.new $@
	@echo "wrote secrets of this installation to $@"

down: .env ## Stop the distributed form and keep its data
	docker compose down

.PHONY: help run build setup test check fmt fmt-check lint doc schema contract bench bench-cache bench-gateway bench-instructions bench-inventory bench-live bench-peers bench-scale soak-live soak-reload up down
