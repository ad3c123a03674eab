package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// How often each page is asked for: at least so often, and for so long, but not
// more often than that.
const (
	deskLooks     = 300
	deskLooksFor  = time.Second
	deskLooksMost = 1000
	deskTogether  = 4 // people at once
)

// desk measures the desk when much is on file: first what the largest of its pages
// ask the database for, then every page over HTTP, as two colleagues see it. Both
// are measured in one run: a page that is asked for three hundred times is noise
// enough. What no page can be quicker than stands beside: one question to the same
// database, and the smallest page.
func desk(t testing.TB, b *bench) {
	sink := startChild(t, sinkRole)
	for _, e := range engines(t) {
		scope(t, func(t testing.TB) {
			place, begun := e.site(t, sink.said["smtp"]), time.Now()
			if err := fillDesk(t, place); err != nil {
				t.Fatalf("fill the desk: %v", err)
			}
			fmt.Fprintf(os.Stderr, "  a desk, %s, in %.0f s\n", e.name, time.Since(begun).Seconds())
			b.deskRows(t, e, place)
			b.deskPages(t, e, place)
		})
	}
}

// deskRows measures what the largest pages ask the database for.
func (b *bench) deskRows(t testing.TB, e engine, place *site) {
	read := place.open(t).Read(context.WithoutCancel(t.Context()))
	r := rand.New(rand.NewPCG(1, 2))
	b.pages(t, "desk_rows_search_"+e.name, atMost(300), func() error { return searched(read, r) })
	b.pages(t, "desk_rows_inbox_"+e.name, atMost(100), func() error { return inboxed(read, r) })
	b.pages(t, "desk_rows_person_"+e.name, atMost(100), func() error { return personed(read, deskID('c', r.IntN(deskContacts)+1)) })
	b.pages(t, "desk_rows_busy_person_"+e.name, atMost(100), func() error { return personed(read, deskID('c', r.IntN(31)+1)) })
	b.pages(t, "desk_rows_group_"+e.name, atMost(100), func() error { return grouped(read, deskID('d', r.IntN(deskGroups)+1)) })
}

// deskPages measures every page of a post room at work.
func (b *bench) deskPages(t testing.TB, e engine, place *site) {
	room := openHere(t, place)
	handler, err := room.Web.Handler()
	if err != nil {
		t.Fatal(err)
	}
	address, ids := room.serve(t, handler), draw(t, place)
	var people []*browser
	for as, name := range map[string]string{"admin": deskAdmin, "coordinator": deskCoordinator} {
		link, err := room.SignIn.LinkFor(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, enter(t, as, address, link, ids))
	}
	people = append(people, stranger(t, address, ids))
	slices.SortFunc(people, func(a, b *browser) int { return strings.Compare(a.as, b.as) })
	if err := missing(room.Desk.Pages()); err != nil {
		t.Fatal(err)
	}
	b.recordHere(t, "desk_"+e.name)
	db := place.sql(t)
	b.pages(t, "desk_bare_query_"+e.name, goal{}, func() (err error) {
		_, err = column(t.Context(), db, `SELECT 'one'`)
		return err
	})
	for _, page := range deskPages() {
		if page.why == "" && slices.Contains(room.Desk.Pages(), page.pattern) {
			b.deskPage(t, e, people, page)
		}
	}
}

// deskPage measures one page: by one after the other of those who may open it, and
// by both of them in two windows at once.
func (b *bench) deskPage(t testing.TB, e engine, people []*browser, page deskPage) {
	switch {
	case page.admin:
		people = people[:1]
	case page.out:
		people = people[2:]
	default:
		people = people[:2]
	}
	name := "desk_" + page.name + "_" + e.name
	for i, p := range people {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		if err := p.look(t.Context(), page, r); err != nil { // to warm up
			t.Fatal(err)
		}
		var took []float64
		for begun := time.Now(); len(took) < deskLooks || len(took) < deskLooksMost && time.Since(begun) < deskLooksFor; {
			asked := time.Now()
			if err := p.look(t.Context(), page, r); err != nil {
				t.Fatal(err)
			}
			took = append(took, milliseconds(time.Since(asked)))
		}
		b.quick(name+"_"+p.as, page.goal(), took)
	}
	b.quick(name+"_together", page.goal(), together(t, people, page))
}

// quick notes how long a page took, most of all the slowest times.
func (b *bench) quick(name string, g goal, took []float64) {
	b.add(name+"_p50", "ms", goal{}, quantile(took, 0.5))
	b.add(name+"_p99", "ms", g, quantile(took, 0.99))
	fmt.Fprintf(os.Stderr, "  %s %.4g, at most %.4g ms\n", name, quantile(took, 0.5), quantile(took, 0.99))
}

// together has several people look at a page at once.
func together(t testing.TB, people []*browser, page deskPage) (took []float64) {
	var all sync.WaitGroup
	each, errs := make([][]float64, deskTogether), make([]error, deskTogether)
	for i := range deskTogether {
		all.Go(func() {
			r := rand.New(rand.NewPCG(2, uint64(i)))
			for range deskLooks / deskTogether {
				asked := time.Now()
				errs[i] = cmp.Or(errs[i], people[i%len(people)].look(t.Context(), page, r))
				each[i] = append(each[i], milliseconds(time.Since(asked)))
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(each...)
}

// inARow is how many pages are asked for in one run.
const inARow = 300

// pages measures how long one page takes.
func (b *bench) pages(t testing.TB, name string, g goal, page func() error) {
	times := make([]float64, inARow)
	for n := range times {
		begun := time.Now()
		if err := page(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		times[n] = time.Since(begun).Seconds() * 1000
	}
	b.quick(name, g, times)
}

// typedBy is what people type: names, beginnings of them, addresses, numbers,
// references, and what nobody is called.
func typedBy(r *rand.Rand) string {
	syllable := func() string { n := r.IntN(10); return strings.ToLower("BaKeMoTiSuRaLeNoPiVu"[2*n : 2*n+2]) }
	queries := []string{
		syllable() + syllable() + "n " + syllable() + syllable(), syllable() + syllable(), syllable(), syllable()[:1], syllable()[:1] + " e", "example", "example org " + syllable(),
		fmt.Sprintf("%s%sn.%s", syllable(), syllable(), syllable()), fmt.Sprintf("01908 0%02d", r.IntN(100)), fmt.Sprintf("K%dM-%d", r.IntN(8)+2, r.IntN(8)+2), "group " + syllable(), "nobody at all",
	}
	return queries[r.IntN(len(queries))]
}

func searched(read store.Reader, r *rand.Rand) error {
	_, err := read.Search(typedBy(r), 20)
	return err
}

// inboxed turns to a page of the inbox, with how many wait and how many are held
// beside it, narrowed in the same way. What is settled the page does not count.
func inboxed(read store.Reader, r *rand.Rand) error {
	now := time.Now()
	mine := []store.Bound{{Programme: deskProgramme}, {Programme: "volunteering", Area: "olney"}}
	far := store.InboxPlace{At: now.Add(-time.Duration(r.IntN(deskSubmissions)) * 5 * time.Minute), ID: "01900000"}
	settled := []postroom.SubmissionState{postroom.SubmissionAnswered, postroom.SubmissionClosed}
	filters := []store.InboxFilter{
		{}, {Within: mine}, {OldestFirst: true}, {Within: mine, OldestFirst: true, Snoozing: store.Awake, Now: now}, {After: far}, {Within: mine, After: far},
		{AssignedTo: "colleague-4"}, {Unassigned: true, Kind: postroom.Enquiry}, {States: settled}, {States: settled, After: far}, {States: settled, Within: mine, Locale: "ps"},
		{States: settled, Locale: "ps", Area: "olney", OldestFirst: true}, {Locale: "ps"}, {States: settled[1:]}, {Matter: postroom.AboutLetter, After: far},
	}
	f := filters[r.IntN(len(filters))]
	if _, _, err := read.Inbox(f, 50); err != nil {
		return err
	}
	for _, state := range []postroom.SubmissionState{postroom.SubmissionReceived, postroom.SubmissionHeld} {
		f.States = []postroom.SubmissionState{state}
		if _, err := read.InboxCounts(f); err != nil {
			return err
		}
	}
	return nil
}

func personed(read store.Reader, id string) error {
	_, err := read.Person(id)
	for _, list := range []func() error{
		func() error { _, _, err := read.SubmissionsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.LettersOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.MessagesTo(id, ""); return err },
		func() error { _, err := read.PromisesTo(id); return err },
		func() error { _, _, err := read.ConsentsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.SubscriptionsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.BookingsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.CallsTo(id, store.InboxPlace{}); return err },
		func() error { _, err := read.NoteIDs(postroom.AboutContact, id); return err },
	} {
		err = cmp.Or(err, list())
	}
	return err
}

func grouped(read store.Reader, id string) error {
	_, err := read.Organisation(id)
	if err != nil {
		return err
	}
	if _, _, err = read.Members(id, store.Member{}); err != nil {
		return err
	}
	_, _, err = read.SubmissionsOfMembers(id, store.InboxPlace{})
	return err
}
