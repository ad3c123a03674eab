package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestThoseWhoWantTheSameRowGoOneByOneAndOthersDoNotWait(t *testing.T) {
	t.Parallel()
	var all turns
	leave, err := all.take(t.Context(), "victim@example.org")
	if err != nil {
		t.Fatal(err)
	}
	other, err := all.take(t.Context(), "person@example.org")
	if err != nil {
		t.Fatal(err)
	}
	other()
	var within, most atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			leave, err := all.take(t.Context(), "victim@example.org")
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
			most.Store(max(most.Load(), within.Add(1)))
			within.Add(-1)
		})
	}
	leave()
	group.Wait()
	if most.Load() != 1 {
		t.Errorf("%d were through at once", most.Load())
	}
	if len(all.names) != 0 {
		t.Errorf("%d names are remembered", len(all.names))
	}
}

func TestWhoeverGivesUpWaitingKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	var all turns
	leave, err := all.take(t.Context(), "row")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := all.take(ctx, "row"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	leave()
	again, err := all.take(t.Context(), "row")
	if err != nil {
		t.Fatal(err)
	}
	again()
}
