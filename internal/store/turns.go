package store

import (
	"context"
	"fmt"
	"sync"
)

// WriteInTurn is Write for those who want the same row, by its name: an address
// that many forms arrive with. PostgreSQL would let them wait for each other with
// a connection each, until nobody else had one; here they wait without. SQLite
// has one writer for all, so there they are written together.
func (s *Store) WriteInTurn(ctx context.Context, row string, fn func(tx *Tx) error) error {
	if row == "" || s.name != "postgres" {
		return s.Write(ctx, fn)
	}
	leave, err := s.turns.take(ctx, row)
	if err != nil {
		return fmt.Errorf("wait for a turn: %w", err)
	}
	defer leave()
	return s.Write(ctx, fn)
}

// turns let one caller at a time through under each name. The zero value is ready.
type turns struct {
	mu    sync.Mutex
	names map[string]*turnstile
}

// turnstile is open while its channel is empty.
type turnstile struct {
	through chan struct{}
	wanted  int // by those who wait and the one who is through
}

// take waits until nobody else is through under a name, or ctx ends, and returns
// what lets the next one through.
func (t *turns) take(ctx context.Context, name string) (leave func(), err error) {
	stile := t.want(name)
	select {
	case stile.through <- struct{}{}:
		return func() {
			<-stile.through
			t.drop(name, stile)
		}, nil
	case <-ctx.Done():
		t.drop(name, stile)
		return nil, ctx.Err()
	}
}

func (t *turns) want(name string) *turnstile {
	t.mu.Lock()
	defer t.mu.Unlock()
	stile, ok := t.names[name]
	if !ok {
		if t.names == nil {
			t.names = make(map[string]*turnstile)
		}
		stile = &turnstile{through: make(chan struct{}, 1)}
		t.names[name] = stile
	}
	stile.wanted++
	return stile
}

// drop forgets a name that nobody wants any more.
func (t *turns) drop(name string, stile *turnstile) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if stile.wanted--; stile.wanted == 0 {
		delete(t.names, name)
	}
}
