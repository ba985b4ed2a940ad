# Everything a contributor or a CI runs. `make` alone lists the targets.
#
# Some programs are built once into .cache, and again when their go.mod changes:
# the etcd servers, the reference etcdctl and etcdutl from modules under e2e/tools, the
# linters and the release tool from modules under tools. Only the linter of prose
# needs a C compiler.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

GO    ?= go
CACHE := .cache
export CGO_ENABLED := 0

# grpcnotrace keeps golang.org/x/net/trace, and with it html/template, out of
# the binary. The tests use the same tag, so that they share the build cache.
TAGS := -tags grpcnotrace

# The date is the commit's, so that the same commit gives the same binary. Outside a
# checkout these are empty, and the program prints "unknown".
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null )
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null )
DATE    ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null )
VERSION_PACKAGE := github.com/ectl-io/ectl/internal/version
# On Linux the program begins in its own code. This code detects a closed standard output
# before Go's runtime opens another file in its place (internal/iostreams/start.go).
PLATFORM := $(shell $(GO) env GOOS)/$(shell $(GO) env GOARCH)
ENTRY    := $(if $(filter linux/amd64 linux/arm64,$(PLATFORM)),-E github.com/ectl-io/ectl/internal/iostreams.start)
LDFLAGS = -s -w $(ENTRY) \
	-X $(VERSION_PACKAGE).Version=$(VERSION) \
	-X $(VERSION_PACKAGE).Commit=$(COMMIT) \
	-X $(VERSION_PACKAGE).Date=$(DATE)

# Extra arguments for `go test`, as in: make test TESTFLAGS='-run TestParity -v'
TESTFLAGS ?=
# Arguments for the benchmark, as in: make bench BENCHFLAGS='-servers 3.7.3'
BENCHFLAGS ?=
# The number of tests on servers that run at the same time. They wait more than they compute.
E2E_PARALLEL ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))))
# The limit for one package ends a hang. The e2e package starts hundreds of servers, and
# takes several times as long on a busy machine.
TEST_TIMEOUT ?= 90m
# How long `make fuzz` fuzzes each target, and which targets (all by default).
FUZZTIME ?= 1m
FUZZ     ?=
# Where `make etcd` listens.
LISTEN ?= 127.0.0.1:2379
# What `make build` writes.
BINARY ?= bin/ectl
# The name of the image that `make image` builds, and the program that builds it.
IMAGE   ?= ectl
BUILDER ?= $(firstword $(foreach program,buildah podman docker,$(if $(shell command -v $(program)),$(program))))
# The platforms of `make dist` in the words of goreleaser.yaml (all by default), as in:
# make dist TARGETS=linux_amd64
TARGETS ?=

SERVERS   := $(CACHE)/etcd-3.7.3 $(CACHE)/etcd-3.6.16 $(CACHE)/etcd-3.5.35
REFERENCE := $(CACHE)/etcdctl-3.7.3
RESTORER  := $(CACHE)/etcdutl-3.7.3
GRAMMAR   := $(CACHE)/powershell/package-lock.json
LINT      := $(CACHE)/golangci-lint
RELEASER  := $(CACHE)/goreleaser
SBOM      := $(CACHE)/cyclonedx-gomod
VULNCHECK := $(CACHE)/govulncheck
PROSE     := $(CACHE)/vale
WORKFLOWS := $(CACHE)/actionlint

.PHONY: help
help: ## List the targets (the default)
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## Build bin/ectl
	@$(GO) build $(TAGS) -trimpath -ldflags '$(LDFLAGS)' -o $(BINARY) ./cmd/ectl

.PHONY: test
test: test-unit test-e2e ## Run every test, fetching the servers and the reference first

.PHONY: test-unit
test-unit: ## Run the tests that need no server
	$(GO) test $(TAGS) -timeout $(TEST_TIMEOUT) $(TESTFLAGS) ./... </dev/null

.PHONY: test-e2e
test-e2e: build servers grammar ## Run the tests on real servers
	cd e2e && $(GO) test $(TAGS) -parallel $(E2E_PARALLEL) -timeout $(TEST_TIMEOUT) $(TESTFLAGS) ./... </dev/null

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME, and keep new inputs in .cache/fuzz
	@./tools/fuzz '$(abspath $(CACHE)/fuzz)' '$(FUZZTIME)' $(FUZZ)

.PHONY: coverage
coverage: servers ## Measure which code the tests run, and write .cache/coverage/index.html
	@./tools/coverage '$(abspath $(CACHE)/coverage)' $(TESTFLAGS)

.PHONY: lint
lint: $(LINT) $(VULNCHECK) $(PROSE) $(WORKFLOWS) ## Run the linters of code and prose, and other checks
	@./tools/check-format
	$(LINT) run --allow-parallel-runners ./...
	cd e2e && ../$(LINT) run --allow-parallel-runners --config ../.golangci.yml ./...
	@./tools/check-prose $(PROSE)
	@./tools/check-dead-code
	@./tools/check-vulnerabilities $(VULNCHECK)
	@./tools/check-modules
	@./tools/check-licences
	$(WORKFLOWS) -shellcheck= -pyflakes=

.PHONY: fmt
fmt: $(LINT) ## Format all Go code
	$(LINT) fmt ./...
	cd e2e && ../$(LINT) fmt --config ../.golangci.yml ./...

.PHONY: generate
generate: ## Write docs/reference, docs/errors.md, the policy's schema, the completion scripts and the man pages
	$(GO) run $(TAGS) ./cmd/docgen -reference docs/reference -completions completions/scripts -man bin/man -schema docs/policy.schema.json -errors docs/errors.md

.PHONY: check-generated
check-generated: ## Fail if a tracked generated file is out of date
	@./tools/check-generated

.PHONY: demo
demo: build $(CACHE)/etcd-3.7.3 ## Show what ectl adds to etcdctl on a throwaway etcd, then start a shell
	@cd e2e && $(GO) build $(TAGS) -o ../$(CACHE)/demo ./cmd/demo
	@exec $(CACHE)/demo

.PHONY: etcd
etcd: $(CACHE)/etcd-3.7.3 ## Run an empty etcd on LISTEN until Ctrl-C, to try ectl on
	@exec ./tools/throwaway-etcd $(CACHE)/etcd-3.7.3 '$(LISTEN)'

.PHONY: recording
recording: build $(CACHE)/etcd-3.7.3 ## Draw the picture of the README from a real session
	@cd e2e && $(GO) build $(TAGS) -o ../$(CACHE)/recording ./cmd/recording
	@$(CACHE)/recording docs/images/session.svg

.PHONY: bench
bench: build $(CACHE)/etcd-3.7.3 $(CACHE)/etcd-3.6.16 $(REFERENCE) ## Measure ectl beside the reference etcdctl
	@cd e2e && $(GO) build $(TAGS) -trimpath -ldflags '-s -w' -o ../$(CACHE)/bench ./bench
	@cd e2e && $(GO) build $(TAGS) -trimpath -ldflags '-s -w' -o ../$(CACHE)/bench-launch ./bench/launch
	@cd e2e && $(GO) build $(TAGS) -trimpath -ldflags '-s -w' -o ../$(CACHE)/bench-bareclient ./bench/bareclient
	@exec $(CACHE)/bench $(BENCHFLAGS)

.PHONY: dist
dist: $(RELEASER) $(SBOM) ## Build the release archives and packages into dist, publishing nothing
	@./tools/dist $(TARGETS)

.PHONY: check-packages
check-packages: $(RELEASER) $(SBOM) ## Build the packages of this platform twice, in two folders, and check them
	@./tools/check-reproducible $(subst /,_,$(PLATFORM))
	@./tools/check-packages

.PHONY: check-all-packages
check-all-packages: $(RELEASER) $(SBOM) ## The same for all platforms, compiling everything twice
	@RECOMPILE=1 ./tools/check-reproducible
	@./tools/check-packages

.PHONY: check-release
check-release: $(RELEASER) $(SBOM) ## Make a release of made-up tags in a clone, and check its notes and versions
	@./tools/check-release $(subst /,_,$(PLATFORM))

# The packages come from dist.
.PHONY: check-deb
check-deb: $(CACHE)/etcd-3.7.3 ## Install, use and remove the deb in a small folder, as root
	@./tools/check-deb

.PHONY: check-deb-debootstrap
check-deb-debootstrap: $(CACHE)/etcd-3.7.3 ## The same in a Debian that debootstrap makes
	@./tools/check-deb debootstrap

.PHONY: check-rpm
check-rpm: $(CACHE)/etcd-3.7.3 ## Install, use and remove the rpm packages in a small folder, as root
	@./tools/check-rpm

.PHONY: check-apk
check-apk: $(CACHE)/etcd-3.7.3 ## Check the apk packages, and use them in a small folder, as root
	@./tools/check-apk

.PHONY: image
image: image-files ## Build the container image with buildah, podman or docker
	@./tools/image '$(BUILDER)' '$(IMAGE)'

.PHONY: image-files
image-files:
	@rm -rf bin/image
	@GOOS=linux $(MAKE) --no-print-directory build BINARY=bin/image/usr/bin/ectl
	@./tools/image-files

.PHONY: check-image
check-image: image-files $(CACHE)/etcd-3.7.3 ## Build the container image and use its files, as root
	@./tools/check-image '$(BUILDER)'

.PHONY: check-install
check-install: ## Install the commit with `go install MODULE@VERSION`, from a folder in place of a proxy
	@./tools/check-install

# One platform of each kind that differs in its code: the systems, and 32 bits.
.PHONY: cross
cross: ## Compile for other platforms
	@for platform in darwin/arm64 freebsd/amd64 linux/arm windows/amd64; do \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build $(TAGS) -trimpath ./commands/... ; \
	done

.PHONY: release-check
release-check: $(RELEASER) ## Check goreleaser.yaml
	$(RELEASER) check -q -f goreleaser.yaml

.PHONY: servers
servers: $(SERVERS) $(REFERENCE) $(RESTORER) ## Build the etcd servers, the reference etcdctl and etcdutl for the tests
	@./e2e/tools/etcd-3.4.23/fetch $(CACHE)/etcd-3.4.23

# Without npm, the test that needs the grammar is skipped.
.PHONY: grammar
grammar: ## Fetch the grammar of PowerShell for the tests, if npm is installed
	@! command -v npm >/dev/null || $(MAKE) --no-print-directory $(GRAMMAR)

.PHONY: clean
clean: ## Remove all built files, and the cache of servers and tools
	rm -rf bin dist $(CACHE)

# Tools are written beside their place and moved. So an interrupted build leaves no
# partial binary, and a running one is not overwritten.
define build_tool
@mkdir -p $(@D)
@echo "building $@ (once)"
@cd $(<D) && $(GO) build -trimpath -ldflags '-s -w' -o '$(abspath $@).new' $(1)
@mv '$@.new' '$@'
endef

$(CACHE)/etcd-%: e2e/tools/etcd-%/go.mod e2e/tools/etcd-%/go.sum
	$(call build_tool,go.etcd.io/etcd/server/v3)

$(CACHE)/etcdctl-%: e2e/tools/etcd-%/go.mod e2e/tools/etcd-%/go.sum
	$(call build_tool,go.etcd.io/etcd/etcdctl/v3)

$(CACHE)/etcdutl-%: e2e/tools/etcdutl-%/go.mod e2e/tools/etcdutl-%/go.sum
	$(call build_tool,go.etcd.io/etcd/etcdutl/v3)

$(GRAMMAR): e2e/tools/powershell/package.json e2e/tools/powershell/package-lock.json
	@mkdir -p $(@D)
	@cp e2e/tools/powershell/package.json e2e/tools/powershell/.npmrc $(@D)
	@cp e2e/tools/powershell/package-lock.json $(@D)/lock
	@cd $(@D) && mv lock package-lock.json && npm ci --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

$(LINT): tools/lint/go.mod tools/lint/go.sum
	$(call build_tool,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

$(RELEASER): tools/release/go.mod tools/release/go.sum
	$(call build_tool,github.com/goreleaser/goreleaser/v2)

$(SBOM): tools/sbom/go.mod tools/sbom/go.sum
	$(call build_tool,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod)

$(VULNCHECK): tools/vuln/go.mod tools/vuln/go.sum
	$(call build_tool,golang.org/x/vuln/cmd/govulncheck)

$(WORKFLOWS): tools/workflows/go.mod tools/workflows/go.sum
	$(call build_tool,github.com/rhysd/actionlint/cmd/actionlint)

# It has parsers of code in C. Documents do not need them, so they are compiled without
# optimisation, which is faster.
$(PROSE): export CGO_ENABLED := 1
$(PROSE): export CGO_CFLAGS := -O0
$(PROSE): tools/prose/go.mod tools/prose/go.sum
	$(call build_tool,github.com/vale-cli/vale/v3/cmd/vale)
