package event_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postroom/internal/event"
	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// told counts what each run was told.
type told struct{}

func (told) Fire(tx *store.Tx, run postroom.Run, t postroom.Trigger, at time.Time) error {
	_, _, err := tx.PromiseStep(postroom.Step{Run: run.ID, Name: string(t), DueAt: at})
	return err
}

func (told) Moved(*store.Tx, postroom.Run, postroom.Session, time.Time) error { return nil }

func (told) End(*store.Tx, string, string, time.Time) error  { return nil }
func (told) Replan(*store.Tx, postroom.Run, time.Time) error { return nil }

// place is somebody who may book, with the submission it needs to have.
type place struct{ contact, submission, run string }

func engines(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, filepath.Join(t.TempDir(), "postroom.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, testserver.PostgresWith(t, store.Prepare)))
	})
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "test", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

// session puts one session on file.
func session(t *testing.T, s *store.Store, capacity int, at time.Time) (id string) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		event, err := tx.PutEvent("p", "supper", at)
		if err != nil {
			return err
		}
		id, err = tx.PutSession(postroom.Session{Event: event, Name: "only", StartsAt: at.AddDate(0, 1, 0), EndsAt: at.AddDate(0, 1, 1), Capacity: &capacity})
		return err
	})
	return id
}

// people puts n people with a submission and a run each on file.
func people(t *testing.T, s *store.Store, n int, at time.Time) []place {
	t.Helper()
	list := make([]place, n)
	write(t, s, func(tx *store.Tx) error {
		if err := tx.PutFormVersion("v", "p", "f", []byte("{}"), at); err != nil {
			return err
		}
		for i := range list {
			c, err := tx.FindOrAddContact(postroom.Contact{Name: fmt.Sprintf("n%d", i), Address: fmt.Sprintf("n%d@example.org", i), Reach: postroom.ReachEmail}, at)
			if err != nil {
				return err
			}
			sub, _, err := tx.AddSubmission(postroom.Submission{Key: c.ID, NaturalKey: c.ID, Programme: "p", Form: "f", FormVersion: "v",
				Kind: postroom.EventRegistration, Channel: postroom.Web, Contact: c.ID, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: at})
			if err != nil {
				return err
			}
			run, err := tx.AddRun(postroom.Run{Programme: "p", Form: "f", Submission: sub.ID, Contact: c.ID, CreatedAt: at})
			if err != nil {
				return err
			}
			list[i] = place{c.ID, sub.ID, run.ID}
		}
		return nil
	})
	return list
}

func write(t *testing.T, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

// TestWhateverHappensAtOnceThePlacesAreRight lets many people book and cancel
// at the same time and looks after each change, in its own transaction, while
// the session is locked.
func TestWhateverHappensAtOnceThePlacesAreRight(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		const capacity, crowd, changes = 12, 40, 12
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		id := session(t, s, capacity, at)
		events := event.New(event.Options{Store: s, Runs: told{}})
		var wg sync.WaitGroup
		for i, p := range people(t, s, crowd, at) {
			wg.Go(func() {
				dice := rand.New(rand.NewPCG(uint64(i), 7))
				for n := range changes {
					err := s.Write(context.Background(), func(tx *store.Tx) error {
						if err := change(tx, events, id, p, 1+dice.IntN(3), at.Add(time.Duration(dice.IntN(100))*time.Second)); err != nil {
							return err
						}
						return sound(tx, id, capacity)
					})
					if err != nil {
						t.Errorf("person %d, change %d: %v", i, n, err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// change books for somebody who has nothing; who has is more or fewer, or
// cancels.
func change(tx *store.Tx, events *event.Events, session string, p place, party int, at time.Time) error {
	b, has, err := tx.ActiveBooking(session, p.contact)
	if err != nil {
		return err
	}
	if has && party != b.Party && at.Second()%2 == 0 {
		_, err := events.Resize(tx, b, party, at)
		return err
	}
	if has {
		return events.Cancel(tx, b, at)
	}
	_, err = events.Book(tx, session, p.contact, p.submission, party, at)
	return err
}

// sound says what is wrong with a session's places: more taken than there are,
// or a head of the queue that would fit.
func sound(tx *store.Tx, session string, capacity int) error {
	taken, waiting, err := tx.Places(session)
	if err != nil {
		return err
	}
	queue, err := tx.Waiting(session)
	switch {
	case err != nil:
		return err
	case taken > capacity:
		return fmt.Errorf("%d of %d places are taken", taken, capacity)
	case len(queue) != waiting:
		return fmt.Errorf("%d wait, and the queue has %d", waiting, len(queue))
	case len(queue) > 0 && taken+queue[0].Party <= capacity:
		return fmt.Errorf("%d of %d places are taken, and a party of %d waits at the head", taken, capacity, queue[0].Party)
	}
	for i := 1; i < len(queue); i++ {
		if !queue[i].QueuedAt.After(queue[i-1].QueuedAt) {
			return fmt.Errorf("two in the queue have the same moment: %v", queue[i].QueuedAt)
		}
	}
	return nil
}

// TestTheQueueIsInTheOrderOfArrival cancels one place after the other and
// looks who moves up, although each later one claims to be earlier.
func TestTheQueueIsInTheOrderOfArrival(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		id := session(t, s, 1, at)
		events := event.New(event.Options{Store: s, Runs: told{}})
		crowd := people(t, s, 6, at)
		for i, p := range crowd {
			write(t, s, func(tx *store.Tx) error {
				_, err := events.Book(tx, id, p.contact, p.submission, 1, at.Add(-time.Duration(i)*time.Minute))
				return err
			})
		}
		for i, p := range crowd {
			write(t, s, func(tx *store.Tx) error {
				b, _, err := tx.ActiveBooking(id, p.contact)
				if err != nil {
					return err
				}
				if b.State != postroom.BookingConfirmed {
					t.Errorf("person %d is %s when it is their turn", i, b.State)
				}
				return events.Cancel(tx, b, at)
			})
		}
		for i, p := range crowd[1:] {
			steps, err := s.Read(t.Context()).StepsOf(p.run)
			if err != nil || len(steps) != 2 || steps[0].Name == steps[1].Name {
				t.Errorf("person %d was told %v, %v; want booked and cancelled once each", i+1, steps, err)
			}
		}
	})
}

func TestMorePeopleComeOnlyIfThereIsRoomAndNobodyWaits(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		id := session(t, s, 4, at)
		events := event.New(event.Options{Store: s, Runs: told{}})
		crowd := people(t, s, 2, at)
		book := func(p place, party int) (b postroom.Booking) {
			write(t, s, func(tx *store.Tx) (err error) {
				b, err = events.Book(tx, id, p.contact, p.submission, party, at)
				return err
			})
			return b
		}
		resize := func(b postroom.Booking, party int, want bool) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error {
				if done, err := events.Resize(tx, b, party, at); err != nil || done != want {
					t.Errorf("from %d to %d: %t, %v; want %t", b.Party, party, done, err, want)
				}
				return sound(tx, id, 4)
			})
		}
		first := book(crowd[0], 2)
		resize(first, 5, false) // more than the hall has
		resize(first, 3, true)
		second := book(crowd[1], 2)
		if second.State != postroom.BookingWaiting {
			t.Fatalf("the second is %s", second.State)
		}
		resize(first, 4, false) // there is room, and somebody waits for it
		resize(first, 2, true)
		if b, _, err := s.Read(t.Context()).ActiveBooking(id, crowd[1].contact); err != nil || b.State != postroom.BookingConfirmed {
			t.Errorf("whoever waited is %s, %v", b.State, err)
		}
	})
}
