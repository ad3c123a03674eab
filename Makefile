# What a person types. `make test` needs Go and nothing else; it says what it
# installs and what it skips.
SETUP = internal/testserver/setup.sh

# The race detector, but not inside SQLite: that is C turned into Go by a
# machine, takes no part in our sharing of memory, and runs five times slower
# with every access watched.
RACE = -race -gcflags='modernc.org/...=-race=false -d=checkptr=0'

# A test waits for servers most of the time, so more of them go on at once than
# there are cores.
AT_ONCE = -parallel 4

.PHONY: build test test-long bench bench-campaign chaos lint demo

# One static binary in bin/.
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/postroom ./cmd/postroom

# Everything, with real servers, the race detector and a random order; then ten
# seconds of whatever strangers can write for each of the readers of letters. Whole
# post rooms, pages and commands are not watched for races here, because a browser, a
# process of its own or a server is most of the time there, nor is what reads letters
# and words one after the other: test-long watches them as well.
test:
	$(SETUP) go test $(RACE) $(AT_ONCE) -shuffle=on -timeout 30m $$(go list ./... | grep -vxE '$(UNWATCHED)')
	$(SETUP) go test $(AT_ONCE) -shuffle=on -timeout 30m $$(go list ./... | grep -xE '$(UNWATCHED)')
	internal/testserver/fuzz.sh 10s $(READERS)

UNWATCHED = postroom/(cmd/postroom|internal/(casework|chaos|demo|digest|house|letter|live|testkit|web|web/desk|wording))

READERS = FuzzRead FuzzClassify FuzzBounces FuzzComplaint FuzzVisible FuzzFacts

# The same five times over, with a kill at every point of a walk and not at a
# sample of them, then each fuzz target for half a minute.
test-long:
	$(SETUP) env POSTROOM_LONG=1 go test $(RACE) -shuffle=on -count=5 -timeout 300m ./...
	internal/testserver/fuzz.sh 30s

# The figures that say what the post room costs, measured on this machine, each
# with its goal. ONLY=form,jobs measures parts, RUNS=1 is quicker, PROFILE=folder
# keeps processor profiles.
bench:
	$(SETUP) go run ./internal/bench $(if $(ONLY),-only $(ONLY)) $(if $(RUNS),-runs $(RUNS)) $(if $(PROFILE),-profile $(PROFILE))

# What it takes to send an edition to a large list, beside bare senders:
# make bench-campaign N=50000. It goes to N readers and once to four times as many.
bench-campaign:
	$(SETUP) go run ./internal/bench -only campaign -edition $(or $(N),50000) $(if $(RUNS),-runs $(RUNS)) $(if $(PROFILE),-profile $(PROFILE))

# Killing the parts of a running post room one after the other, under load, and
# counting afterwards: make chaos MINUTES=2 SEED=7. With MUTATE=all a defence is
# taken away each time, and to be caught is the success. Then a newsletter to READERS
# is sent through kills, stops, a flushed Redis, storms of 4xx and an outage.
chaos:
	$(SETUP) go run ./internal/chaos $(if $(MINUTES),-minutes $(MINUTES)) $(if $(SEED),-seed $(SEED)) $(if $(MUTATE),-mutate $(MUTATE))
ifndef MUTATE
	$(SETUP) go run ./internal/chaos -edition $(or $(READERS),20000) -minutes $(or $(MINUTES),4) $(if $(SEED),-seed $(SEED))
endif

# gofmt, go vet, and the linters of .golangci.yml at a pinned version.
lint:
	internal/house/lint.sh

# The whole post room on loopback with sample data; nothing leaves the machine.
demo:
	go run ./cmd/postroom demo
