package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/testserver"
)

// monday is when every test begins.
var monday = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// onBoth runs one test on SQLite and on PostgreSQL, each with an empty store.
func onBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) { test(t, open(t, url)) })
}

// onEachURL runs one test on the address of an empty database of each engine.
func onEachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "post room.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, testserver.PostgresWith(t, Prepare))
	})
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: url, Box: box(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func box(t testing.TB) *seal.Box {
	t.Helper()
	b, err := seal.New([]seal.Key{{ID: "test", Secret: bytes.Repeat([]byte("x"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write is a Write that must succeed.
func write(t testing.TB, s *Store, fn func(tx *Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// got fails the test unless err is nil, and returns v.
func got[V any](v V, err error) func(t testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantKind(t testing.TB, err error, want postroom.Kind) {
	t.Helper()
	if err == nil || postroom.KindOf(err) != want {
		t.Errorf("got error %v of kind %v, want kind %v", err, postroom.KindOf(err), want)
	}
}

// count asks for one number.
func count(t testing.TB, s *Store, query string, args ...any) (n int) {
	t.Helper()
	if err := s.Read(t.Context()).row(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// person files a contact with an address made from the name.
func person(tx *Tx, name string) (postroom.Contact, error) {
	return tx.FindOrAddContact(postroom.Contact{Name: name, Address: name + "@example.org", Locale: "en", Reach: postroom.ReachEmail}, monday)
}

// entry is a submission of a contact that repeats no other.
func entry(c postroom.Contact) postroom.Submission {
	return postroom.Submission{
		Key: newID(), NaturalKey: newID(), Programme: "network", Form: "join", FormVersion: "v1",
		Kind: postroom.SignUp, Channel: postroom.Web, Contact: c.ID, Address: c.Address, Locale: "en",
		Answers: postroom.Answers{"area": {"bletchley"}}, State: postroom.SubmissionReceived, ReceivedAt: monday,
	}
}

// submissionOf files a contact and something they sent.
func submissionOf(tx *Tx, name string) (postroom.Submission, error) {
	c, err := person(tx, name)
	if err != nil {
		return postroom.Submission{}, err
	}
	if err := tx.PutFormVersion("v1", "network", "join", []byte("{}"), monday); err != nil {
		return postroom.Submission{}, err
	}
	sub, added, err := tx.AddSubmission(entry(c))
	if err == nil && !added {
		err = errors.New("the submission was not new")
	}
	return sub, err
}

func filed(t testing.TB, s *Store, name string) (sub postroom.Submission) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		sub, err = submissionOf(tx, name)
		return err
	})
	return sub
}

// together runs fn n times at once and returns the errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}

func noErrors(t testing.TB, errs []error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func note(i int) func(tx *Tx) error {
	return func(tx *Tx) error { return tx.Audit("test", "wrote", fmt.Sprint(i), monday) }
}

func TestWriteKeepsAllOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		broken := errors.New("changed my mind")
		err := s.Write(t.Context(), func(tx *Tx) error { return errors.Join(note(1)(tx), broken) })
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want the function's own error", err)
		}
		if n := count(t, s, `SELECT count(*) FROM audit`); n != 0 {
			t.Errorf("a refused write left %d rows", n)
		}
	})
}

func TestATransactionReadsItsOwnWritesAndOthersDoNot(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			sub, err := submissionOf(tx, "ann")
			if err != nil {
				return err
			}
			if _, err := tx.Submission(sub.ID); err != nil {
				t.Errorf("the transaction does not see its own submission: %v", err)
			}
			_, err = s.Read(t.Context()).Submission(sub.ID)
			wantKind(t, err, postroom.NotFound)
			return nil
		})
	})
}

func TestOneCallersPanicOrErrorUndoesOnlyItsOwnWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		errs := together(120, func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) error {
				if err := note(i)(tx); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					panic("a mistake of ours")
				case 2:
					return errors.New("a refusal")
				case 3:
					_, err := tx.exec(`INSERT INTO audit (id) VALUES (NULL)`)
					return err
				}
				return nil
			})
		})
		for i, err := range errs {
			if (err == nil) != (i%4 == 0) {
				t.Errorf("caller %d heard %v", i, err)
			}
			if n := count(t, s, `SELECT count(*) FROM audit WHERE subject = $1`, fmt.Sprint(i)); (n == 1) != (err == nil) {
				t.Errorf("caller %d heard %v and has %d rows", i, err, n)
			}
		}
	})
}

func TestACallerWhoLeftBeforeWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		if err := s.Write(ctx, note(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the caller left", err)
		}
		if n := count(t, s, `SELECT count(*) FROM audit`); n != 0 {
			t.Errorf("%d rows were written for a caller who had left", n)
		}
	})
}

func TestACallerWhoLeavesMeanwhileIsToldWhatTheDatabaseKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx, leave := context.WithCancel(t.Context())
		err := s.Write(ctx, func(tx *Tx) error {
			if err := note(1)(tx); err != nil {
				return err
			}
			leave()
			return note(2)(tx)
		})
		want := 2
		if err != nil {
			want = 0
		}
		if n := count(t, s, `SELECT count(*) FROM audit`); n != want {
			t.Errorf("the caller heard %v, and %d rows are kept", err, n)
		}
		write(t, s, note(3))
	})
}

func TestCloseFinishesWhatBeganAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	onEachURL(t, func(t *testing.T, url string) {
		s := open(t, url)
		kept := make([]int, 20)
		started := make(chan struct{}, len(kept))
		closed := make(chan error, 1)
		go func() {
			for range len(kept) {
				<-started
			}
			closed <- s.Close()
		}()
		errs := together(len(kept), func(i int) error {
			for n := 0; ; n++ {
				if err := s.Write(t.Context(), note(i)); err != nil {
					return err
				}
				if kept[i]++; n == 0 {
					started <- struct{}{}
				}
			}
		})
		if err := <-closed; err != nil {
			t.Error(err)
		}
		sum := 0
		for i, err := range errs {
			if sum += kept[i]; !errors.Is(err, ErrClosed) {
				t.Errorf("a writer heard %v, want that the store is closed", err)
			}
		}
		if n := count(t, open(t, url), `SELECT count(*) FROM audit`); n != sum {
			t.Errorf("%d writes were promised, %d are on file", sum, n)
		}
	})
}

func TestWorkersWakeOncePerLaneAndOnlyAfterTheCommit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var woken []postroom.Lane
		s.OnJobs(func(lane postroom.Lane) { woken = append(woken, lane) })
		refused := errors.New("refused")
		err := s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.AddJob(postroom.JobDeliver, "m0", postroom.Confirm, monday, monday)
			return errors.Join(err, refused)
		})
		if !errors.Is(err, refused) || len(woken) > 0 {
			t.Errorf("a write that was refused (%v) woke %v", err, woken)
		}
		write(t, s, func(tx *Tx) error {
			for i, lane := range []postroom.Lane{postroom.Confirm, postroom.Bulk, postroom.Confirm} {
				if _, err := tx.AddJob(postroom.JobDeliver, fmt.Sprint(i), lane, monday, monday); err != nil {
					return err
				}
			}
			if len(woken) > 0 {
				t.Error("workers were woken before the commit")
			}
			return nil
		})
		slices.Sort(woken)
		if want := []postroom.Lane{postroom.Bulk, postroom.Confirm}; !slices.Equal(woken, want) {
			t.Errorf("woke %v, want %v", woken, want)
		}
	})
}

func TestPingFailsOnceTheDatabaseIsClosed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Error("a closed database answers")
		}
	})
}
