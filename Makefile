# genotel: `make` lists the targets. What the gate (.ci/run) runs are these targets, too.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --warn-undefined-variables
MAKEFLAGS += --no-builtin-rules
MAKEFLAGS += --no-print-directory

# The one place for the versions of tools. A tool is built from the Go module proxy into .tools/, under a name with its
# version, so that a new version here is a new build.
GOLANGCI_LINT_VERSION := v2.15.0

TOOLS := $(CURDIR)/.tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)

FUZZTIME ?= 10s
SOAK ?= 10m
BENCH ?= .
COUNT ?= 6
CROSS ?= linux/386 windows/amd64

# A module is built by its own go.mod, as its users build it. go.work is for editors: within a workspace each dependency
# has one version, the newest that any module asks for.
export GOWORK := off

# $(call each_module,command) runs the command in every module.
each_module = for mod in $$(find . -name go.mod -not -path '*/testdata/*' -not -path '*/.tools/*' | sort); do \
	(cd "$$(dirname "$$mod")" && $(1)) || exit 1; done
# $(call each_modfile,command) does so once more where oldest.mod has the oldest versions that a module supports.
each_modfile = for mod in $$(find . \( -name go.mod -o -name oldest.mod \) \
	-not -path '*/testdata/*' -not -path '*/.tools/*' | sort); do \
	name=$$(basename "$$mod"); \
	(cd "$$(dirname "$$mod")" && { [ "$$name" = go.mod ] || export GOFLAGS="$${GOFLAGS:-} -modfile=$$name"; } && $(1)) || \
	exit 1; done

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## run the quickstart: no key, no network
	@go run ./examples/quickstart

## Tests

# Building runtime/cgo with -race succeeds exactly where the race detector works: it needs a C compiler and its headers.
.PHONY: test
test: ## run all tests, with the race detector if there is a C compiler (nothing but Go is needed)
	@race=; \
	if go build -race runtime/cgo 2>/dev/null; then \
		race=-race; echo "race detector: on"; \
	else \
		echo "race detector: off (no C compiler, or CGO_ENABLED=0)"; \
	fi; \
	$(call each_modfile,go test $$race -shuffle=on ./...)

.PHONY: race
race: export CGO_ENABLED = 1
race: ## run all tests with the race detector, or fail
	@$(call each_module,go test -race -shuffle=on ./...)

.PHONY: golden
golden: ## rewrite the golden files; read the diff before you commit it
	@$(call each_module,GENOTEL_UPDATE_GOLDEN=1 go test ./...)

.PHONY: fuzz
fuzz: ## fuzz every target for FUZZTIME=10s
	@.ci/fuzz $(FUZZTIME)

.PHONY: soak
soak: ## export for SOAK=10m to backends that fail in every way, with real connections and a real disk
	@GENOTEL_SOAK='$(SOAK)' go test -count=1 -timeout 0 -run '^TestFaultsWithoutEndLeaveNothingBehind$$' -v ./export

.PHONY: benchall
benchall: ## run the benchmarks of all packages that match BENCH=.
	@$(call each_module,go test -run='^$$' -bench='$(BENCH)' -benchmem ./...)

# What differs by pipeline stands in columns, each with its ratio to the stock one; the rest in lines.
.PHONY: bench
bench: ## compare with the stock pipeline, in COUNT=6 rounds of the benchmarks that match BENCH=. (a minute each)
	@cd bench && out=$$(mktemp) && trap 'rm -f "$$out"' EXIT && \
	for round in $$(seq $(COUNT)); do \
		echo "round $$round of $(COUNT)" >&2; \
		go test -run='^$$' -bench='$(BENCH)' -benchtime=0.5s -timeout=30m . >>"$$out" || { cat "$$out"; exit 1; }; \
	done; \
	uptime >&2; \
	go tool benchstat -col /pipeline -filter '-.name:Compress' "$$out"; \
	go tool benchstat -filter '.name:Compress' "$$out"

.PHONY: examples
examples: ## build all examples, run the quickstart with no setting at all
	@if [ ! -d examples ]; then echo "no examples yet"; exit; fi; \
	tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	go build -o "$$tmp/" ./examples/...; \
	env -i PATH="$$PATH" HOME="$$tmp" "$$tmp/quickstart"

## Checks

.PHONY: vet
vet: ## run go vet
	@$(call each_modfile,go vet ./...)

.PHONY: cross
cross: export CGO_ENABLED = 0
cross: ## compile for other platforms, CROSS="linux/386 windows/amd64"
	@for platform in $(CROSS); do \
		echo "$$platform"; export GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		$(call each_module,go build ./...); \
	done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## run golangci-lint (the first time builds it, for two minutes)
	@$(call each_module,$(GOLANGCI_LINT) run --config '$(CURDIR)/.golangci.yml')
	@bad=$$(grep -rl --include='*_test.go' 'time\.Sleep(' . | xargs -r grep -L testing/synctest || true); \
	if [ -n "$$bad" ]; then echo "time.Sleep in a test without testing/synctest:"; echo "$$bad"; exit 1; fi

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## format all Go files
	@$(call each_module,$(GOLANGCI_LINT) fmt --config '$(CURDIR)/.golangci.yml')

.PHONY: checkfmt
checkfmt: ## fail when gofmt would change a file
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not formatted (make fmt):"; echo "$$bad"; exit 1; fi

.PHONY: generate
generate: ## run all go:generate lines
	@$(call each_module,go generate ./...)

# The tree before and after is written through an index of its own. So new files count, uncommitted work does not, and
# the index of whoever runs this stays as it is.
.PHONY: checkgenerate
checkgenerate: ## fail when generated files are stale
	@tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	tree() { GIT_INDEX_FILE="$$tmp/index" git add --all . && GIT_INDEX_FILE="$$tmp/index" git write-tree; }; \
	before=$$(tree); $(MAKE) generate; after=$$(tree); \
	git --no-pager diff --exit-code "$$before" "$$after" || { echo "stale: commit what make generate wrote"; exit 1; }

.PHONY: tidy
tidy: ## run go mod tidy in every module, and for oldest.mod
	@$(call each_modfile,go mod tidy)

.PHONY: checktidy
checktidy: ## fail when go mod tidy would change something
	@$(call each_modfile,go mod tidy -diff)

.PHONY: ci
ci: ## run the whole gate, as CI does
	@.ci/run

.PHONY: clean
clean: ## remove the tools
	@rm -rf '$(TOOLS)'

# Without cgo no C compiler is needed, and the standard library is shared with the other builds that need none.
$(GOLANGCI_LINT):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION)"
	@GOFLAGS= GOBIN='$(TOOLS)' CGO_ENABLED=0 go install -ldflags='-s -w' \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	@mv '$(TOOLS)/golangci-lint' '$@'
