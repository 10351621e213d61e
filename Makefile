# How tests are named:
#   TestE2E*     starts a real server or puts on real load. Skips under -short. Runs without -race, one package at a time:
#                the race detector and a second package on the same cores would be measured with it. Those that read
#                memory, wait, or look what is left are t.Parallel; what they find hardly depends on the cores. Those
#                whose answer does (a rate, a share of CPU, a choice by them, the demo's exactness) are not, and run
#                alone, before the others. Six at a time keep two cores busy: they wait for most of their time.
#   TestReadme*  runs the examples of the README and the guide. Those that start a server skip under -short. They run beside
#                the TestE2E*; `make readme` runs them alone. TestGuide* holds the guide: pages, examples, table of servers.
#   TestPredict  holds the law to real servers of many shapes, for about an hour. `make predict`, not part of `make test`.
#   TestProof    proves what is recommended for real servers, for about an hour. `make proof`, not part of `make test`.
#   TestLeaks    measures known leaks, for about a quarter of an hour. `make leaks`, not part of `make test`.
#   TestBooks    holds the law and the proof of apps whose memory is in many places, for about an hour. `make books`,
#                not part of `make test`.
#   TestThroughput holds what is said to be served to real servers of many shapes, for two hours. `make throughput`,
#                not part of `make test`. TestCPU measures one app twenty times, in ten minutes: `make cpu`.
#   TestGate     plants changes between two versions of an app, and counts alarms, for two hours. `make gate`, not part of `make test`.
#   TestTable    measures every server, for about twenty minutes. `make table`, not part of `make test`.
#   TestWho      counts how often the worker is found, for half an hour. `make who`, not part of `make test`.
#   TestFailures, TestTraps  provoke every failure, and every warning about a server. `make failures`, `make traps`.
#   TestEngines  holds the load engine beside others, in a minute. `make bench`.
#   TestFaults   does every fault to a real run. `make faults`, not part of `make test`.
#   any other    runs in well under a second, needs no server, passes under -short -race.
# A server that is missing skips a test; with CALIBRATE_REQUIRE_SERVERS=1 it fails it. Servers are in fixtures/.venv/bin.

GOLANGCI_LINT_VERSION = v2.15.0

FUZZTIME ?= 20s

GOVULNCHECK_VERSION = v1.9.0

# What it builds on beside the machine that it is built on: there, saved runs are read, sized and checked.
PLATFORMS = linux/amd64 linux/arm64 darwin/arm64 windows/amd64

# Not renewed by make renew: CONTRIBUTING.md says why.
HELD = github.com/shirou/gopsutil/v3 github.com/tsenart/vegeta/v12 github.com/olekukonko/%

LINT = bin/tools/golangci-lint-$(GOLANGCI_LINT_VERSION)
VULN = bin/tools/govulncheck-$(GOVULNCHECK_VERSION)
# The race detector needs a C compiler; go says 0 where there is none.
RACE = $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

# Where it is set, large apps are compiled anew at every start: PyPNM's takes 11 s of a core, and 4 without.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL = help
.NOTPARALLEL:
.PHONY: help build test test-short test-e2e readme servers lint cross vuln cover renew fuzz bench traces predict throughput cpu proof leaks books gate table failures traps faults who cost golden clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' Makefile

build: ## build bin/calibrate
	go build -o bin/ ./cmd/calibrate

test: servers test-short test-e2e ## set up the servers, then unit and end-to-end tests

test-short: ## unit tests alone, under a minute
	@test -n "$(RACE)" || echo "no C compiler: unit tests run without the race detector"
	go test -short -vet=off $(RACE) ./...

# A pattern that matches no test passes in silence, so each of these two looks first.
there = grep -rqs --include='*_test.go' '^func Test$(1)[A-Z]' cmd calibrate || { echo "no Test$(1) to run"; exit 1; }

# Only those that have such tests: to link the test binaries of all others, which run nothing, takes a minute. Lint
# has vetted them.
E2E_PACKAGES = $(sort $(dir $(shell grep -rlE --include='*_test.go' --exclude-dir=fixtures '^func Test(E2E|Readme)[A-Z]' .)))

test-e2e: servers ## end-to-end tests alone, on real servers, and the examples of README and guide
	@$(call there,E2E)
	@$(call there,Readme)
	.ci/e2e $(E2E_PACKAGES)

readme: servers ## run the examples of README and guide
	@$(call there,Readme)
	go test -count=1 -run '^Test(Readme|Guide)' -timeout 15m ./cmd/calibrate

PROFILE ?= .
predict: servers ## predicted against measured memory of many shapes; PROFILE=gthread_holds for some
	go test ./cmd/calibrate -count=1 -run '^TestPredict$$/($(PROFILE))' -predict -v -timeout 3h

# Rows are named gthread_50, with the share of the time that is waiting. SHAPES=3 runs three shapes of each alone, in a minute an app.
throughput: servers ## what is said to be served against real servers of many shapes, in two hours: on a quiet machine; PROFILE=gthread_90 SHAPES=3 for some
	go test ./cmd/calibrate -count=1 -run '^TestThroughput$$/($(PROFILE))' -throughput -throughput-shapes '$(or $(SHAPES),0)' -throughput-runs '$(abspath $(RUNS))' -v -timeout 3h

CPU_RUNS ?= 10
cpu: servers ## CPU time a request over ten runs of one app, quiet and beside two busy neighbours, in ten minutes: on a quiet machine
	go test ./cmd/calibrate -count=1 -run '^TestCPU$$' -cpu-runs $(CPU_RUNS) -v -timeout 1h

proof: servers ## what is recommended, really run under its memory limit, on seven apps; PROFILE=django for some
	go test ./cmd/calibrate -count=1 -run '^TestProof$$/($(PROFILE))' -proof -v -timeout 3h

leaks: servers ## known leaks of 0 to 256 KB a request, measured on real servers; PROFILE=uvicorn for some
	go test ./cmd/calibrate -count=1 -run '^TestLeaks$$/($(PROFILE))' -leaks -v -timeout 3h

books: servers ## apps with memory in children, shared memory, tmpfs, ...: said, true, proved; PROFILE=child for some
	go test ./cmd/calibrate -count=1 -run '^TestBooks$$/($(PROFILE))' -books -v -timeout 3h

GATE_RUNS ?= 10
gate: servers ## planted changes between two versions of an app, each compared GATE_RUNS (10) times, in two hours: on a quiet machine; PROFILE=itself for some, RUNS=folder keeps what was measured
	go test ./cmd/calibrate -count=1 -run '^TestGate$$/($(PROFILE))' -gate-runs $(GATE_RUNS) -gate-keep '$(abspath $(RUNS))' -v -timeout 6h

table: servers ## every server measured as a user does, a row each; PROFILE=uvicorn for some, RUNS=folder keeps the runs
	go test ./cmd/calibrate -count=1 -run '^TestTable$$/($(PROFILE))' -table -table-runs '$(abspath $(RUNS))' -v -timeout 3h

failures: servers ## every failure of an app and its server provoked, and what calibrate says of it, in two minutes
	go test ./cmd/calibrate -count=1 -run '^TestFailures$$' -failures -parallel 3 -v -timeout 15m

traps: servers ## every warning about a server provoked, with the test that has the trap itself, in a minute
	go test ./cmd/calibrate -count=1 -run '^TestTraps$$' -traps -parallel 3 -v -timeout 15m

WHO_RUNS ?= 10
who: servers ## how often the worker is found among helpers, consumers and fronts, quiet and beside two busy neighbours, in half an hour
	go test ./calibrate/server -count=1 -run '^TestWho$$/($(PROFILE))' -who -who-runs $(WHO_RUNS) -v -timeout 3h

faults: servers ## every fault done to a real run: what is read, what is left, what calibrate takes; in some minutes; PROFILE=IPv6 for some
	go test ./cmd/calibrate -count=1 -run '^TestFaults$$/all/($(PROFILE))' -faults -parallel 3 -v -timeout 30m

servers: ## set up fixtures/.venv, the servers of the end-to-end tests
	@fixtures/servers.sh

# Among golangci-lint's linters is govet, which has every analyzer of go vet: that itself, or the vetting of go test, would take 40 s
# of a core more from an empty cache, and show nothing else.
lint: $(LINT) ## gofmt, golangci-lint with go vet in it, and a build for another system
	@files=$$(gofmt -l .) && test -z "$$files" || { echo "not gofmt'd: $$files"; exit 1; }
	$(LINT) run ./...
	$(MAKE) cross PLATFORMS=darwin/arm64

$(LINT):
	GOBIN=$(CURDIR)/bin/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv bin/tools/golangci-lint $@

cross: ## build for all systems that it builds on
	@set -e; for platform in $(PLATFORMS); do \
		echo "go build for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -o /dev/null ./cmd/calibrate; \
	done

vuln: $(VULN) ## known vulnerabilities of what the command calls, by vuln.go.dev or VULNDB=file:///folder
	$(VULN) $(if $(VULNDB),-db $(VULNDB)) ./cmd/calibrate

$(VULN):
	GOBIN=$(CURDIR)/bin/tools go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv bin/tools/govulncheck $@

cover: ## how much of each room the unit tests run, whichever room they are in
	@mkdir -p bin
	@go test -short -coverpkg=./calibrate/...,./cmd/...,./loadgen,./report,./sampler -coverprofile=bin/cover.out ./... >bin/cover.txt || { cat bin/cover.txt; exit 1; }
	@awk -F '[: ]' 'NR > 1 { block = $$1 ":" $$2; count[block] = $$3; if ($$4 > 0) run[block] = 1 } \
		END { for (block in count) { room = block; sub("^workermem/", "", room); sub("/[^/]*$$", "", room); all[room] += count[block]; \
			if (block in run) some[room] += count[block] } \
			for (room in all) printf "%6.1f %%  %s\n", 100 * some[room] / all[room], room }' bin/cover.out | sort -k3

# By name: go get -u asks for the versions of every module that some other could need, and not every proxy has all of those lists.
renew: ## renew the modules of go.mod that aren't held back, and their licences
	go get $(addsuffix @latest,$(filter-out $(HELD),$(shell sed -nE 's/^\t([^ ]+) v.*/\1/p' go.mod)))
	go mod tidy
	go test ./cmd/calibrate -run '^TestThirdParty$$' -update

# A new input is not made smaller before the next: that would take most of the time.
fuzz: ## run each fuzz target for FUZZTIME (20s)
	@set -e; for package in $$(go list ./...); do \
		listed=$$(go test -list '^Fuzz' $$package); \
		for target in $$(echo "$$listed" | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$package; \
		done; \
	done

BENCH_SERIES ?= 400
ENGINE_ROUNDS ?= 5
bench: ## run the benchmarks, the load engine beside vegeta, ab and wrk, and the creep estimator on simulated and recorded series
	go test -run '^$$' -bench . -benchmem ./...
	go test ./loadgen -count=1 -run '^TestEngines$$' -engine-rounds $(ENGINE_ROUNDS) -v
	go test ./calibrate/creep -run '^(TestBench|TestTrace.*)$$' -bench-series $(BENCH_SERIES) -v

traces: servers ## record the memory traces that fixtures/traces lacks: 70 minutes for all
	go test ./cmd/calibrate -count=1 -run '^TestRecordTraces$$' -parallel 4 -timeout 3h -v -record-traces

COST_ROUNDS ?= 20
cost: servers ## measure what being measured costs an app, in six minutes: on a quiet machine
	go test ./cmd/calibrate -count=1 -run '^TestCost$$' -cost-rounds $(COST_ROUNDS) -timeout 30m -v

golden: ## rewrite the golden files of the report from what it prints now, and the JSON Schemas from the types
	go test ./report -update
	go test ./calibrate -run '^TestSchemas$$' -update

clean: ## remove what make made: bin and fixtures/.venv, never .calibrate
	rm -rf bin fixtures/.venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
