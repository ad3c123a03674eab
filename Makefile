# What a person types. `make test` needs Go and nothing else; it says what it
# installs and what it skips.
SETUP = internal/testserver/setup.sh

# The race detector, but not inside SQLite: that is C turned into Go by a
# machine, takes no part in our sharing of memory, and runs five times slower
# with every access watched.
RACE = -race -gcflags='modernc.org/...=-race=false -d=checkptr=0'

.PHONY: build test test-long bench chaos lint demo

# One static binary in bin/.
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/postroom ./cmd/postroom

# Everything, with real servers, the race detector and a random order.
test:
	$(SETUP) go test $(RACE) -shuffle=on -timeout 30m ./...

# The same five times over, with a kill ahead of every statement and not of a
# sample, then each fuzz target for half a minute.
test-long:
	$(SETUP) env POSTROOM_LONG=1 go test $(RACE) -shuffle=on -count=5 -timeout 120m ./...
	internal/testserver/fuzz.sh 30s

# The figures that say what the post room costs, measured on this machine, each
# with its goal. ONLY=form,jobs measures parts, RUNS=1 is quicker, PROFILE=folder
# keeps processor profiles.
bench:
	$(SETUP) go run ./internal/bench $(if $(ONLY),-only $(ONLY)) $(if $(RUNS),-runs $(RUNS)) $(if $(PROFILE),-profile $(PROFILE))

# Killing the parts of a running post room one after the other is work that
# comes with the fault-injection harness; until then this target is a failure,
# not a green nothing.
chaos:
	@echo 'chaos: there is no fault-injection harness yet; it comes with that work. Nothing was tried.' >&2
	@exit 1

# gofmt, go vet, and the linters of .golangci.yml at a pinned version.
lint:
	internal/house/lint.sh

# The whole post room on loopback with sample data; nothing leaves the machine.
demo:
	go run ./cmd/postroom demo
