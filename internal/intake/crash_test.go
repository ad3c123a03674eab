package intake_test

import (
	"path/filepath"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// TestDyingBetweenAnyTwoStatementsLeavesAllOrNothing lets Accept die ahead of
// its first statement, its second, and so on to the last.
func TestDyingBetweenAnyTwoStatementsLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "postroom.db") },
		"postgres": func(t *testing.T) string { return testserver.PostgresWith(t, store.Prepare) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failpoint{}
			r := openWith(t, store.Options{URL: url(t), Before: f.pass})
			entry := entry("k", "supper", "session", "spring", "places", "2", "name", "Ann", "email", "ann@example.org",
				"photographs", "yes", "garden_news", "yes")
			for n := 1; ; n++ {
				f.left = n
				_, err := r.Accept(t.Context(), entry)
				f.left = 0
				if err == nil {
					t.Logf("accept is %d statements", n-1)
					break
				}
				if _, taken := r.taken(t); r.rows(t) != [4]int{} || taken != 0 {
					t.Fatalf("dying ahead of statement %d left %v and %d places taken", n, r.rows(t), taken)
				}
			}
			got, err := r.Accept(t.Context(), entry)
			if err != nil || !got.Repeated || got.Booking == nil || got.Booking.State != postroom.BookingConfirmed {
				t.Errorf("the entry that survived: %+v, %v", got, err)
			}
		})
	}
}

// failpoint panics ahead of the statement that many from now; 0 is never.
type failpoint struct{ left int }

func (f *failpoint) pass(statement string) {
	if f.left == 0 || statement == "committed" {
		return
	}
	if f.left--; f.left == 0 {
		panic("died ahead of " + statement)
	}
}
