package testserver

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestOutsideOfATestServersStopAndWhatWentWrongIsReturned(t *testing.T) {
	t.Parallel()
	var dir string
	var order []string
	err := Outside(t.Context(), func(o testing.TB) {
		dir = o.TempDir()
		o.Cleanup(func() { order = append(order, "first made") })
		o.Cleanup(func() {
			if o.Context().Err() == nil {
				t.Error("the context goes on while servers are stopped")
			}
			order = append(order, "last made")
		})
		o.Skip("redis-server is not here; get it with `apt-get install redis-server`")
	})
	if err == nil || !strings.Contains(err.Error(), "redis-server is not here") {
		t.Errorf("a missing server is reported as %v", err)
	}
	if !slices.Equal(order, []string{"last made", "first made"}) {
		t.Errorf("cleaned up in the order %q", order)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was left behind: %v", err)
	}
	if err := Outside(context.Background(), func(testing.TB) {}); err != nil {
		t.Errorf("nothing went wrong, and %v is returned", err)
	}
}
