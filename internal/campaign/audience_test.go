package campaign_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

const newsletters = `programme: newsletter
languages: [en]
name: News
privacy: We keep this
lists:
  - {list: newsletter, name: News}
  - {list: volunteers, name: Volunteers}
segments:
  - {segment: gardeners, when: '"gardening" in interests'}
events:
  - event: picnic
    name: Picnic
    sessions:
      - {session: main, name: Main, starts: 2027-03-13 10:00, ends: 2027-03-13 15:00}
forms:
  - form: newsletter
    kind: sign_up
    list: newsletter
    title: Join
    reach: [email]
    fields:
      - {field: email, type: email}
      - {field: interests, type: choices, label: I, error_label: i, options: {gardening: Gardening, funding: Money}}
      - {field: area, type: choice, label: A, error_label: a, options: {wolverton: Old Wolverton, bletchley: Bletchley}}
`

func audiences(t testing.TB) *campaign.Audiences {
	t.Helper()
	set, err := programme.Load(fstest.MapFS{"n.yaml": {Data: []byte(newsletters)}}, programme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return campaign.NewAudiences(set, stopped{})
}

// signUp puts somebody on a list who has answered the form.
func signUp(tx *store.Tx, list, address, locale string, answers postroom.Answers, confirmed time.Time) error {
	c, err := tx.FindOrAddContact(postroom.Contact{Address: address, Name: strings.ToUpper(address[:1]), Reach: postroom.ReachEmail}, monday)
	if err != nil {
		return err
	}
	s, _, err := tx.AddSubmission(postroom.Submission{
		Key: list + address, NaturalKey: list + address, Programme: "newsletter", Form: "newsletter", FormVersion: "v", Kind: postroom.SignUp, Channel: postroom.Web,
		Contact: c.ID, Address: address, Locale: locale, Area: answers.One("area"), Answers: answers, State: postroom.SubmissionReceived, ReceivedAt: confirmed,
	})
	if err != nil {
		return err
	}
	sub, err := tx.Subscribe(postroom.Subscription{List: list, Programme: "newsletter", Contact: c.ID, Address: address, Locale: locale, Submission: s.ID, AskedAt: confirmed,
		Choices: postroom.Choices{Topics: strings.Join(answers["interests"], " "), Areas: answers.One("area")}})
	if err != nil {
		return err
	}
	_, _, err = tx.ConfirmSubscription(sub.ID, confirmed)
	return err
}

// four puts four people on the list: Ann gardens, Ben is a volunteer, Cyd reads
// Ukrainian, and Dee has been on it for a year.
func (r *room) four() {
	r.t.Helper()
	err := r.store.Write(r.t.Context(), func(tx *store.Tx) error {
		if err := tx.PutFormVersion("v", "newsletter", "newsletter", []byte("{}"), monday); err != nil {
			return err
		}
		for _, p := range []struct {
			list, address, locale string
			answers               postroom.Answers
			at                    time.Time
		}{
			{"newsletter", "ann@example.org", "en", postroom.Answers{"interests": {"gardening", "funding"}, "area": {"wolverton"}}, monday},
			{"newsletter", "ben@example.org", "en", postroom.Answers{"interests": {"funding"}}, monday},
			{"newsletter", "cyd@example.org", "uk", postroom.Answers{"area": {"bletchley"}}, monday},
			{"newsletter", "dee@example.org", "en", nil, monday.AddDate(-1, 0, 0)},
			{"volunteers", "ben@example.org", "en", nil, monday},
			{"volunteers", "eve@example.org", "en", nil, monday},
		} {
			if err := signUp(tx, p.list, p.address, p.locale, p.answers, p.at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestASegmentIsWhoeverItsConditionIsTrueOf(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.four()
		a := audiences(t)
		april := r.start("newsletter").ID
		if err := r.Choose(t.Context(), april); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			to, except []string
			want       string
		}{
			{nil, nil, "ann ben cyd dee"},
			{[]string{"gardeners"}, nil, "ann"},
			{[]string{`"funding" in interests`}, []string{"gardeners"}, "ben"},
			{[]string{"gardeners", `language == "uk"`}, nil, "ann cyd"},
			{nil, []string{`"volunteers" in lists`}, "ann cyd dee"},
			{[]string{`"bletchley" in areas or area == "wolverton"`}, nil, "ann cyd"},
			{[]string{"subscribed_days > 300"}, nil, "dee"},
			{[]string{`len(interests) > 1`}, nil, "error"},
			{nil, []string{`"May" in editions`}, ""},
			{[]string{fmt.Sprintf("%q in editions", april)}, nil, "ann ben cyd dee"},
			{nil, []string{`"June" in editions`}, "error"},
			{[]string{`"picnic" in booked or "picnic" in attended`}, nil, ""},
		} {
			got := "error"
			n, err := a.Count(r.store.Read(t.Context()), "newsletter", postroom.Audience{To: c.to, Except: c.except}, 10)
			if err == nil {
				names := []string{}
				for _, m := range n.Examples {
					name, _, _ := strings.Cut(m.Address, "@")
					names = append(names, name)
				}
				got = strings.Join(names, " ")
			}
			if got != c.want || err == nil && (n.Count != len(n.Examples) || n.Of != 4) {
				t.Errorf("to %q except %q: %s (%d of %d, %v), want %s", c.to, c.except, got, n.Count, n.Of, err, c.want)
			}
		}
	})
}

func TestOnlyThoseWhoAreMeantAreChosen(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.join(1, 230)
		r.four()
		a := audiences(t)
		r.Segment = a.Segment
		c := postroom.Campaign{List: "newsletter", Programme: "newsletter", Subject: "Beans", Markdown: "Hello.\n", Locale: "en", Audience: postroom.Audience{To: []string{`"gardening" in interests`, `language == "uk"`}, Except: []string{`"bletchley" in areas`}}}
		filed, _, err := r.Start(t.Context(), c, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Choose(t.Context(), filed.ID); err != nil {
			t.Fatal(err)
		}
		r.chosen(filed.ID, 231, 3) // they all read Ukrainian, and Ann gardens
		if again, started, err := r.Start(t.Context(), c, false); err != nil || started || again.ID != filed.ID {
			t.Errorf("the same edition to the same people was started again: %v", err)
		}
		c.Audience = postroom.Audience{Except: []string{`"Beans" in editions`}}
		rest, started, err := r.Start(t.Context(), c, false)
		if err != nil || !started {
			t.Fatal(err)
		}
		if err := r.Choose(t.Context(), rest.ID); err != nil {
			t.Fatal(err)
		}
		r.chosen(rest.ID, 3, 1) // Ben, Cyd and Dee
	})
}

func TestNobodyIsChosenWhereItCannotBeToldWhoIsMeant(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.four()
		for _, segment := range []campaign.Segment{nil, audiences(t).Segment} {
			r.Segment = segment
			c, _, err := r.Start(t.Context(), postroom.Campaign{List: "newsletter", Subject: "May", Markdown: "x", Locale: "en", Audience: postroom.Audience{Except: []string{`"Aprl" in editions`}}}, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Choose(t.Context(), c.ID); err == nil {
				t.Error("no error")
			}
			if copies, err := r.store.Read(t.Context()).CopiesIn(c.ID, postroom.Queued, 10); err != nil || len(copies) > 0 {
				t.Errorf("%d copies, %v", len(copies), err)
			}
		}
	})
}

func TestACampaignIsReadAsItWasFiled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		want := postroom.Campaign{List: "newsletter", Subject: "May", Markdown: "x", Locale: "en", Others: []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "y"}, {Locale: "uk", Subject: "Т", Markdown: "z"}},
			Audience: postroom.Audience{To: []string{"a", "b"}, Except: []string{"c"}}}
		filed, _, err := r.Start(t.Context(), want, false)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.store.Read(t.Context()).Campaign(filed.ID)
		if err != nil || !got.Same(filed) || !slices.Equal(got.Others, want.Others) || got.Digest() != want.Digest() {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestACopyIsToldWhatItsReaderAnswered(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *room) {
		r.four()
		a := audiences(t)
		people, err := r.store.Read(t.Context()).Recipients(store.Audience{List: "newsletter", At: monday}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		var copies []postroom.Message
		for _, p := range people {
			copies = append(copies, postroom.Message{Contact: p.Contact, About: p.ID, To: p.Address, Locale: "en"})
		}
		if err := a.Tell(r.store.Read(t.Context()), postroom.Campaign{List: "newsletter"}, []string{"name", "area", "interests"}, copies); err != nil {
			t.Fatal(err)
		}
		if d := copies[0].Data; d["name"] != "A" || d["area"] != "Old Wolverton" || d["interests"] != "" || copies[3].Data["area"] != "" {
			t.Errorf("%v, %v", copies[0].Data, copies[3].Data)
		}
	})
}

// BenchmarkCount counts a condition over answers of 100,000 people: each is
// opened, because answers are sealed.
func BenchmarkCount(b *testing.B) {
	people := 100_000
	if os.Getenv("POSTROOM_SHORT") != "" {
		people = 2_000
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			st := openFor(b, engine)
			fill(b, st, people)
			a := audiences(b)
			for name, to := range map[string]string{
				"language": `language == "uk" and subscribed_days > 10`, "answers": `"gardening" in interests or area == "bletchley"`, "lists": `"volunteers" in lists`,
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						n, err := a.Count(st.Read(b.Context()), "newsletter", postroom.Audience{To: []string{to}}, 10)
						if err != nil || n.Of != people {
							b.Fatal(n, err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/count")
				})
			}
		})
	}
}

func openFor(b *testing.B, engine string) *store.Store {
	b.Helper()
	url := filepath.Join(b.TempDir(), "post.db")
	if engine == "postgres" {
		url = testserver.Postgres(b)
	}
	box, err := seal.New([]seal.Key{{ID: "k", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(b.Context(), store.Options{URL: url, Box: box})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	return st
}

func fill(b *testing.B, st *store.Store, people int) {
	b.Helper()
	for from := 0; from < people; from += 1000 {
		err := st.Write(b.Context(), func(tx *store.Tx) error {
			if err := tx.PutFormVersion("v", "newsletter", "newsletter", []byte("{}"), monday); err != nil {
				return err
			}
			for n := from; n < from+1000; n++ {
				answers := postroom.Answers{"email": {fmt.Sprintf("p%06d@example.org", n)}, "interests": []string{"gardening", "funding"}[n%2 : n%2+1], "area": {"wolverton"}}
				if err := signUp(tx, "newsletter", fmt.Sprintf("p%06d@example.org", n), []string{"en", "uk", "fa"}[n%3], answers, monday.AddDate(0, 0, -(n%50))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
