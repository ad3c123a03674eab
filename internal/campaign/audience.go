package campaign

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Segment returns those of some people on a campaign's list who are meant by it.
// They follow each other on the list, in the order of addresses.
type Segment func(tx *store.Tx, c postroom.Campaign, people []store.Recipient) ([]store.Recipient, error)

var errNobodyTells = errors.New("nothing here can tell whom the campaign is for")

// meant leaves out those whom the campaign is not for. Where that cannot be told
// nobody is chosen: it is better late than with the wrong people.
func (e *Editions) meant(tx *store.Tx, c postroom.Campaign, people []store.Recipient) ([]store.Recipient, error) {
	if c.Audience.Everybody() {
		return people, nil
	}
	if e.Segment == nil {
		return nil, errNobodyTells
	}
	return e.Segment(tx, c, people)
}

// Audiences tell who of a list is meant, and what is known of them. They are
// safe for many at once.
type Audiences struct {
	set   *programme.Set
	clock postroom.Clock

	mu  sync.Mutex
	got map[string]*gotten // by campaign: who got the earlier editions that it names
}

// gotten is read once for each campaign that is chosen: it can be all of a list.
type gotten struct {
	byEdition map[string]map[string]bool // addresses, by what the edition is called
}

// NewAudiences returns Audiences by the programmes' own names.
func NewAudiences(set *programme.Set, clock postroom.Clock) *Audiences {
	return &Audiences{set: set, clock: clock, got: make(map[string]*gotten)}
}

// crowd is an audience that was read.
type crowd struct {
	of         *programme.Programme
	list       string
	to, except []*programme.Segment
}

func (c *crowd) all() []*programme.Segment { return append(slices.Clone(c.to), c.except...) }

func (c *crowd) any(asks func(*programme.Segment) bool) bool {
	return slices.ContainsFunc(c.all(), asks)
}

// Read returns an audience with its conditions written out, and the programme
// whose list it is. The error is a *programme.SegmentError, or NotFound for the
// list.
func (a *Audiences) Read(list string, audience postroom.Audience) (postroom.Audience, error) {
	c, err := a.crowd(list, audience)
	if err != nil {
		return postroom.Audience{}, err
	}
	var read postroom.Audience
	for _, s := range c.to {
		read.To = append(read.To, s.When)
	}
	for _, s := range c.except {
		read.Except = append(read.Except, s.When)
	}
	return read, nil
}

func (a *Audiences) crowd(list string, audience postroom.Audience) (*crowd, error) {
	of, all := ListIn(a.set, list)
	if of == nil {
		return nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("there is no list %q", list)}
	}
	c := &crowd{of: of, list: list}
	for _, each := range []struct {
		texts []string
		into  *[]*programme.Segment
	}{{audience.To, &c.to}, {audience.Except, &c.except}} {
		for _, text := range each.texts {
			s, err := of.SegmentOf(text, all)
			if err != nil {
				return nil, err
			}
			*each.into = append(*each.into, s)
		}
	}
	return c, nil
}

// ListIn returns the programme that keeps a list, or nil, and the names of all
// lists.
func ListIn(set *programme.Set, list string) (of *programme.Programme, all []string) {
	for _, p := range set.Programmes() {
		for _, l := range p.Lists {
			if all = append(all, l.Name); l.Name == list {
				of = p
			}
		}
	}
	return of, all
}

// Segment is the Segment for Editions.
func (a *Audiences) Segment(tx *store.Tx, c postroom.Campaign, people []store.Recipient) ([]store.Recipient, error) {
	crowd, err := a.crowd(c.List, c.Audience)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	got, err := a.earlier(tx.Reader, c.ID, crowd)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	in := make(map[string]bool, len(people))
	of := store.Span{First: people[0].ID, Last: people[len(people)-1].ID}
	err = a.each(tx.Reader, crowd, of, got, func(m *store.Listed) {
		mu.Lock()
		defer mu.Unlock()
		in[m.Subscription] = true
	})
	return slices.DeleteFunc(people, func(p store.Recipient) bool { return !in[p.ID] }), err
}

// Count is how many are meant, and a few of them.
type Count struct {
	List     string         `json:"list"`
	Of       int            `json:"of"`    // how many are on the list
	Count    int            `json:"count"` // how many of them are meant
	Examples []store.Listed `json:"-"`     // the first of them, in the order of addresses
}

// Count counts those of a list who are meant, with some examples.
func (a *Audiences) Count(read store.Reader, list string, audience postroom.Audience, examples int) (Count, error) {
	count := Count{List: list}
	crowd, err := a.crowd(list, audience)
	if err != nil {
		return count, err
	}
	got, err := a.earlier(read, "", crowd)
	if err != nil {
		return count, err
	}
	if count.Of, err = read.CountMembers(list); err != nil {
		return count, err
	}
	var mu sync.Mutex
	err = a.each(read, crowd, store.Span{}, got, func(m *store.Listed) {
		mu.Lock()
		defer mu.Unlock()
		count.Count++
		if len(count.Examples) < examples || examples > 0 && m.Address < count.Examples[examples-1].Address {
			count.Examples = append(count.Examples, *m)
			slices.SortFunc(count.Examples, func(a, b store.Listed) int { return strings.Compare(a.Address, b.Address) })
			count.Examples = count.Examples[:min(len(count.Examples), examples)]
		}
	})
	if err != nil {
		return count, err
	}
	return count, named(read, count.Examples)
}

func named(read store.Reader, people []store.Listed) error {
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.Contact
	}
	names, err := read.NamesOf(ids)
	for i := range people {
		people[i].Name = names[people[i].Contact]
	}
	return err
}

// earlier returns who got the editions that a crowd names. One that nobody
// knows is an error: the condition would be true, or false, of everybody.
func (a *Audiences) earlier(read store.Reader, campaign string, c *crowd) (*gotten, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if got := a.got[campaign]; got != nil && campaign != "" {
		return got, nil
	}
	got := &gotten{make(map[string]map[string]bool)}
	for _, s := range c.all() {
		for _, name := range s.Editions() {
			if got.byEdition[name] != nil {
				continue
			}
			got.byEdition[name] = make(map[string]bool)
			ids, err := read.EditionNamed(name)
			if err == nil && len(ids) == 0 {
				err = &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: fmt.Errorf("no edition that was sent is called %q", name)}
			}
			for _, id := range ids {
				err = errors.Join(err, read.GotEdition(id, func(address string) { got.byEdition[name][address] = true }))
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if campaign != "" {
		a.got = map[string]*gotten{campaign: got} // the one before is chosen
	}
	return got, nil
}

// known is what was read about a part of a list at once.
type known struct {
	*crowd
	got              *gotten
	now              time.Time
	lists            map[string][]string // by address
	booked, attended map[string][]string // by contact
}

func (a *Audiences) know(read store.Reader, c *crowd, of store.Span, got *gotten) (k *known, err error) {
	k = &known{crowd: c, got: got, now: a.clock.Now(), booked: make(map[string][]string), attended: make(map[string][]string)}
	if c.any((*programme.Segment).AsksLists) {
		if k.lists, err = read.ListsOf(c.list, of); err != nil {
			return nil, err
		}
	}
	if !c.any((*programme.Segment).AsksEvents) {
		return k, nil
	}
	events, err := read.EventsOf(c.list, of)
	for _, e := range events {
		k.booked[e.Contact] = append(k.booked[e.Contact], e.Event)
		if e.Attended {
			k.attended[e.Contact] = append(k.attended[e.Contact], e.Event)
		}
	}
	return k, err
}

// batch is how many people go from the one who reads to those who judge at once.
const batch = 500

// each calls fn for whoever is meant, by several at once. One reads and the
// others open answers and judge, which is the most of the work.
func (a *Audiences) each(read store.Reader, c *crowd, of store.Span, got *gotten, fn func(*store.Listed)) error {
	k, err := a.know(read, c, of, got)
	if err != nil {
		return err
	}
	answers := c.any((*programme.Segment).AsksAnswers)
	batches := make(chan []*store.Listed, 4)
	failed := make(chan error, runtime.GOMAXPROCS(0))
	var judges sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		judges.Go(func() {
			if err := k.judge(read, answers, batches, fn); err != nil {
				failed <- err
				for range batches { // so that the reader comes to its end
				}
			}
		})
	}
	var people []*store.Listed
	err = read.EachMember(c.list, of, answers, func(m *store.Listed) error {
		if people = append(people, m); len(people) == batch {
			batches <- people
			people = nil
		}
		return nil
	})
	batches <- people
	close(batches)
	judges.Wait()
	close(failed)
	return errors.Join(err, <-failed)
}

func (k *known) judge(read store.Reader, answers bool, batches <-chan []*store.Listed, fn func(*store.Listed)) error {
	to, except := k.judges(k.to), k.judges(k.except)
	for people := range batches {
		for _, m := range people {
			about, err := k.about(read, m, answers)
			if err != nil {
				return fmt.Errorf("read what is known of subscription %s: %w", m.Subscription, err)
			}
			holds := func(j *programme.Judge) bool { return j.Holds(about) }
			if (len(to) == 0 || slices.ContainsFunc(to, holds)) && !slices.ContainsFunc(except, holds) {
				fn(m)
			}
		}
	}
	return nil
}

func (k *known) judges(segments []*programme.Segment) (judges []*programme.Judge) {
	for _, s := range segments {
		judges = append(judges, s.NewJudge(k.of))
	}
	return judges
}

func (k *known) about(read store.Reader, m *store.Listed, answers bool) (programme.Member, error) {
	about := programme.Member{
		Language: m.Locale, Form: m.Form(), Lists: k.lists[m.Address], Booked: k.booked[m.Contact], Attended: k.attended[m.Contact],
		Days: int(k.now.Sub(m.ConfirmedAt) / (24 * time.Hour)),
	}
	for name, addresses := range k.got.byEdition {
		if addresses[m.Address] {
			about.Editions = append(about.Editions, name)
		}
	}
	about.Interests, about.Areas = m.Topics, m.Areas
	if on := k.on(); on != nil { // who chose nothing reads about everything
		about.Interests, about.Areas = or(m.Topics, on.Topics), or(m.Areas, on.Areas)
	}
	if !answers {
		return about, nil
	}
	var err error
	about.Answers, err = read.OpenAnswers(m)
	return about, err
}

// on is the list as its programme keeps it.
func (k *known) on() *programme.List {
	if i := slices.IndexFunc(k.of.Lists, func(l *programme.List) bool { return l.Name == k.list }); i >= 0 {
		return k.of.Lists[i]
	}
	return nil
}

func or(chosen []string, all []programme.Option) []string {
	if len(chosen) > 0 {
		return chosen
	}
	values := make([]string, len(all))
	for i, o := range all {
		values[i] = o.Value
	}
	return values
}

// Tell writes into copies what is known of those they are for, of the fields
// that are named: what stands in the gaps of an edition.
func (a *Audiences) Tell(read store.Reader, c postroom.Campaign, fields []string, copies []postroom.Message) error {
	if len(copies) == 0 || len(fields) == 0 {
		return nil
	}
	people := make([]string, len(copies))
	for i, m := range copies {
		people[i] = m.Contact
	}
	names, err := read.NamesOf(people)
	if err != nil {
		return fmt.Errorf("read names: %w", err)
	}
	answered, err := a.answered(read, c, fields, copies)
	if err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	for i := range copies {
		m := &copies[i]
		m.Data = map[string]string{"name": names[m.Contact]}
		maps.Copy(m.Data, answered[m.About])
	}
	return nil
}

// answered is what people answered to fields, by subscription, in the language of
// their copy.
func (a *Audiences) answered(read store.Reader, c postroom.Campaign, fields []string, copies []postroom.Message) (map[string]map[string]string, error) {
	p, _ := ListIn(a.set, c.List)
	if p == nil || !slices.ContainsFunc(fields, func(f string) bool { return f != "name" }) {
		return nil, nil
	}
	tellable := p.Tellable(c.List) // what a form asks may have changed since
	of := store.Span{First: copies[0].About, Last: copies[0].About}
	locale := make(map[string]string, len(copies))
	for _, m := range copies {
		of.First, of.Last = min(of.First, m.About), max(of.Last, m.About)
		locale[m.About] = m.Locale
	}
	told := make(map[string]map[string]string, len(copies))
	return told, read.EachMember(c.List, of, true, func(m *store.Listed) error {
		in, wanted := locale[m.Subscription]
		if !wanted {
			return nil
		}
		answers, err := read.OpenAnswers(m)
		told[m.Subscription] = make(map[string]string, len(fields))
		for _, f := range fields {
			if f != "name" && slices.Contains(tellable, f) {
				told[m.Subscription][f] = p.Label(m.Form(), f, in, answers[f])
			}
		}
		return err
	})
}
