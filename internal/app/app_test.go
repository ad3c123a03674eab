package app

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestProcessesThatStartTogetherMakeOneKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "postroom.key")
	got := make([]string, 8)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			keys, err := keyFile(path)
			if err != nil {
				t.Error(err)
				return
			}
			got[i] = string(keys[0].bytes)
		})
	}
	all.Wait()
	if slices.Sort(got); len(got[0]) != 64 || got[0] != got[7] {
		t.Errorf("the processes use different keys: %d and %d characters", len(got[0]), len(got[7]))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file can be read by others: %v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".postroom-key-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}

func TestRolesAreReadAndAMisspeltOneIsNamed(t *testing.T) {
	t.Parallel()
	if roles, err := ParseRoles([]string{"web", " worker"}); err != nil || !slices.Equal(roles, []Role{RoleWeb, RoleWorker}) {
		t.Errorf("got %v, %v", roles, err)
	}
	if roles, err := ParseRoles(nil); err != nil || len(roles) != len(AllRoles()) {
		t.Errorf("none is not all: %v, %v", roles, err)
	}
	if _, err := ParseRoles([]string{"webb"}); err == nil {
		t.Error("a role that does not exist was taken")
	}
}

func TestFastForwardReleasesWhoeverWaitsForThatMoment(t *testing.T) {
	t.Parallel()
	clock := new(Clock)
	tomorrow := clock.Until(clock.Now().Add(24 * time.Hour))
	select {
	case <-tomorrow:
		t.Fatal("tomorrow came at once")
	default:
	}
	clock.Advance(25 * time.Hour)
	<-tomorrow
}
