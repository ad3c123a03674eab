package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(settingsFile); settings != "" {
		if err := postRoom(settings, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "post room:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// lines writes into the test's log.
type lines struct{ t *testing.T }

func (l lines) Write(text []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(text), "\n"))
	return len(text), nil
}

func TestAMinuteOfChaosLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("breaks real servers for a minute; run without -short")
	}
	p := plan{minutes: 1, load: 1, seed: rand.Uint64N(1_000_000) + 1}
	if os.Getenv("POSTROOM_LONG") == "" { // one of the houses, another each time
		p.minutes, p.only = 0.5, []string{sqliteHouse, postgresHouse}[p.seed%2]
	}
	if err := p.run(t, lines{t}); err != nil {
		t.Error(err)
	}
}

func TestAnEditionSentThroughFaultsMissesNobodyAndReachesNobodyTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("breaks real servers; run without -short")
	}
	p := plan{minutes: 0.2, load: 1, edition: 2_000, faults: editionFaults(), seed: rand.Uint64N(1_000_000) + 1}
	p.only = []string{sqliteHouse, postgresHouse}[p.seed%2]
	if os.Getenv("POSTROOM_LONG") != "" {
		p.minutes, p.edition, p.only = 4, 20_000, ""
	}
	if err := p.run(t, lines{t}); err != nil {
		t.Error(err)
	}
}

func TestTheSameSeedMakesTheSamePlan(t *testing.T) {
	const length = 10 * time.Minute
	p := plan{seed: 7}
	first, err := newSchedule(postgresHouse, p, length)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := newSchedule(postgresHouse, p, length)
	if !slices.Equal(first, again) {
		t.Errorf("the same seed made\n%sand\n%s", first, again)
	}
	p.seed = 8
	if other, _ := newSchedule(postgresHouse, p, length); slices.Equal(first, other) {
		t.Error("another seed made the same plan")
	}
	if a, b := newWork(7, 1, length), newWork(7, 1, length); a.forms[9].address != b.forms[9].address || a.forms[9].at != b.forms[9].at || a.steps() != fullForms/stepOneIn {
		t.Errorf("the same seed made other work, or %d steps", a.steps())
	}
}

func TestALongRunHasEveryKindOfFault(t *testing.T) {
	for _, house := range []string{sqliteHouse, postgresHouse} {
		s, err := newSchedule(house, plan{seed: 1}, 10*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for name, k := range kinds() {
			has := slices.ContainsFunc(s, func(f fault) bool { return f.kind == name })
			if want := k.only == "" || k.only == house; has != want {
				t.Errorf("%s: the plan has %s: %v", house, name, has)
			}
		}
		if last := s[len(s)-1]; last.at+last.last > 10*time.Minute {
			t.Errorf("%s: the last fault ends %s after the beginning", house, last.at+last.last)
		}
	}
}

// TestEveryMutationStillFits builds each mutation, so that whoever changes the
// text it replaces hears of it.
func TestEveryMutationStillFits(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles what each mutation changes; run without -short")
	}
	for _, m := range mutations() {
		if err := m.fits(t.Context(), t.TempDir()); err != nil {
			t.Errorf("mutation %s: %v", m.name, err)
		}
	}
}
