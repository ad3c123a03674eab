package campaign_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

type stopped struct{}

func (stopped) Now() time.Time                  { return monday }
func (stopped) Until(time.Time) <-chan struct{} { return nil }
func onBoth(t *testing.T, test func(*testing.T, *room)) {
	for name, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "post.db") },
		"postgres": func(t *testing.T) string { return testserver.PostgresWith(t, store.Prepare) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newRoom(t, url(t)))
		})
	}
}

// room keeps lists, and copies that cannot be filed when it is told so.
type room struct {
	*campaign.Editions
	t     *testing.T
	store *store.Store

	mu   sync.Mutex
	fuse int // how many copies may still be filed; below 0 is any number
}

func newRoom(t *testing.T, url string) *room {
	box, err := seal.New([]seal.Key{{ID: "k", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	r := &room{t: t, store: st, fuse: -1}
	r.Editions = campaign.NewEditions(campaign.EditionOptions{
		Store: st, Copies: r, Clock: stopped{}, Part: 100, Discreet: func(programme string) bool { return programme == "refuge" },
	})
	return r
}

var errFuse = errors.New("the process died")

// OweCopies files copies as the outbox does, until the fuse is burnt.
func (r *room) OweCopies(tx *store.Tx, copies []postroom.Message) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range copies {
		m := &copies[i]
		if r.fuse == 0 {
			return 0, errFuse
		}
		r.fuse--
		m.ID = store.NewMessageID()
		m.MessageID, m.Class, m.Lane, m.Template = m.ID+"@example.org", postroom.Marketing, postroom.Bulk, "newsletter"
	}
	return tx.AddCopies(copies)
}

// join puts people on the list, from one number to another.
func (r *room) join(from, to int) {
	r.t.Helper()
	err := r.store.Write(r.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutFormVersion("v", "newsletter", "newsletter", []byte("{}"), monday); err != nil {
			return err
		}
		for n := from; n <= to; n++ {
			if err := joinOne(tx, fmt.Sprintf("person-%04d@example.org", n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func joinOne(tx *store.Tx, address string) error {
	c, err := tx.FindOrAddContact(postroom.Contact{Address: address, Reach: postroom.ReachEmail}, monday)
	if err != nil {
		return err
	}
	s, _, err := tx.AddSubmission(postroom.Submission{
		Key: address, NaturalKey: address, Programme: "newsletter", Form: "newsletter", FormVersion: "v", Kind: postroom.SignUp, Channel: postroom.Web,
		Contact: c.ID, Address: address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: monday,
	})
	if err != nil {
		return err
	}
	sub, err := tx.Subscribe(postroom.Subscription{List: "newsletter", Programme: "newsletter", Contact: c.ID, Address: address, Locale: "uk", Submission: s.ID, AskedAt: monday})
	if err != nil {
		return err
	}
	_, _, err = tx.ConfirmSubscription(sub.ID, monday)
	return err
}

func (r *room) start(programme string) postroom.Campaign {
	r.t.Helper()
	c, started, err := r.Start(r.t.Context(), postroom.Campaign{List: "newsletter", Programme: programme, Subject: "May", Markdown: "Hello.\n", Locale: "en"}, false)
	if err != nil || !started {
		r.t.Fatalf("started %v: %v", started, err)
	}
	return c
}

// chosen checks that everybody has one copy, and each part its job.
func (r *room) chosen(id string, people, chunks int) {
	r.t.Helper()
	read := r.store.Read(r.t.Context())
	c, err := read.Campaign(id)
	if err != nil || c.Chosen != people || c.Chunks != chunks {
		r.t.Errorf("%d chosen in %d parts (%v), want %d in %d", c.Chosen, c.Chunks, err, people, chunks)
	}
	copies, err := read.CopiesIn(id, postroom.Queued, 10_000)
	if err != nil {
		r.t.Fatal(err)
	}
	to, parts := map[string]int{}, map[int]int{}
	for _, m := range copies {
		to[m.To]++
		parts[m.Chunk]++
	}
	if len(copies) != people || len(to) != people || len(parts) != chunks {
		r.t.Errorf("%d copies for %d people in %d parts", len(copies), len(to), len(parts))
	}
	for chunk, n := range parts {
		if _, err := read.JobOf(postroom.JobCampaignChunk, postroom.ChunkSubject(id, chunk)); err != nil || n > 100 {
			r.t.Errorf("part %d of %d copies: %v", chunk, n, err)
		}
	}
}

func TestChoosingGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.join(1, 250)
		id := r.start("newsletter").ID
		for _, fuse := range []int{0, 99, 150, 20} { // in the first part, in the second, in the third
			r.fuse = fuse
			if err := r.Choose(t.Context(), id); !errors.Is(err, errFuse) {
				t.Fatalf("with %d copies to go: %v", fuse, err)
			}
			if a, err := campaign.AccountOf(r.store.Read(t.Context()), id); err != nil || !a.Choosing || a.Waiting != a.Chosen || a.Chosen%100 != 0 {
				t.Errorf("%+v, %v", a, err)
			}
		}
		r.fuse = -1
		if err := r.Choose(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		r.chosen(id, 250, 3)
	})
}

func TestNobodyIsAddedToANewsletterThatHasBeenChosen(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.join(1, 5)
		id := r.start("newsletter").ID
		for range 2 {
			if err := r.Choose(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			r.join(6, 8)
		}
		r.chosen(id, 5, 1)
	})
}

func TestTwoWhoChooseAtOnceChooseEverybodyOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.join(1, 320)
		id := r.start("newsletter").ID
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := r.Choose(t.Context(), id); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		r.chosen(id, 320, 4)
	})
}

func TestACopyIsInTheReadersLanguageAndDiscreetWhereTheProgrammeIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.join(1, 1)
		id := r.start("refuge").ID
		if err := r.Choose(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		copies, err := r.store.Read(t.Context()).CopiesIn(id, postroom.Queued, 10)
		if err != nil || len(copies) != 1 || copies[0].Locale != "uk" || !copies[0].Discreet || copies[0].About == "" || copies[0].Contact == "" {
			t.Errorf("%+v, %v", copies, err)
		}
	})
}

func TestTheSameWordsToAnotherListAreAnotherNewsletter(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		seen := map[string]bool{}
		for _, c := range []postroom.Campaign{
			{List: "a", Subject: "May", Markdown: "Hello."}, {List: "b", Subject: "May", Markdown: "Hello."},
			{List: "a", Subject: "June", Markdown: "Hello."}, {List: "a", Subject: "May", Markdown: "Hello!"},
			{List: "a", Subject: "May", Markdown: "Hello.", Locale: "fa"}, {List: "aMay", Subject: "", Markdown: "Hello."},
		} {
			for range 2 {
				filed, _, err := r.Start(t.Context(), c, false)
				if err != nil {
					t.Fatal(err)
				}
				seen[filed.ID] = true
			}
		}
		if len(seen) != 6 {
			t.Errorf("%d campaigns, want 6", len(seen))
		}
	})
}
