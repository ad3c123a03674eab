package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
)

// jobs lists the jobs of a kind that are due at some time.
func (r *room) jobs(t *testing.T, kind postroom.JobKind) []postroom.Job {
	t.Helper()
	all, err := r.store.Read(t.Context()).Jobs(postroom.JobDue, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(j postroom.Job) bool { return j.Kind != kind })
}

// heldFor sends an entry and returns the signs for which it is held, if it is.
func (r *room) heldFor(t *testing.T, e postroom.Entry) ([]postroom.Sign, bool) {
	t.Helper()
	got, err := r.Accept(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	reason, err := r.store.Read(t.Context()).Held(got.Submission.ID)
	if err != nil {
		t.Fatal(err)
	}
	if held := got.Submission.State == postroom.SubmissionHeld; held != (reason != "") {
		t.Errorf("state %s with reason %q", got.Submission.State, reason)
	}
	return postroom.SignsIn(reason), reason != ""
}

func TestWhatLooksAutomaticIsHeldWithItsSigns(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		for i, c := range []struct {
			what     string
			noticed  []postroom.Sign
			name     string
			question string
			want     []postroom.Sign
		}{
			{"a person", nil, "Ann", "Is the hall free?", nil},
			{"a person with a link", nil, "Ann", "Is https://example.org/hall yours?", nil},
			{"a browser at a touch", []postroom.Sign{postroom.SignFast}, "Ann", "Is the hall free?", nil},
			{"a form of another site, with a link", []postroom.Sign{postroom.SignNoTicket}, "Ann", "Is https://example.org/hall yours?", nil},
			{"a link at once", []postroom.Sign{postroom.SignFast}, "Ann", "Buy at HTTPS://example.org", []postroom.Sign{postroom.SignFast, postroom.SignLink}},
			{"the trap", []postroom.Sign{postroom.SignTrap}, "Ann", "Hello", []postroom.Sign{postroom.SignTrap}},
			{"a name with a link", nil, "Win at www.example.org", "Hello", []postroom.Sign{postroom.SignNameLink, postroom.SignLink}},
			{"nothing but links", nil, "Ann", "https://a.example https://b.example", []postroom.Sign{postroom.SignOnlyLinks, postroom.SignLink}},
			{"many links, at once", []postroom.Sign{postroom.SignFast}, "Ann", strings.Repeat("see https://a.example ", 5), []postroom.Sign{postroom.SignFast, postroom.SignLinks}},
			{"hidden words with a link", nil, "Ann", "Сheаp рills аnd lоans at https://a.example", []postroom.Sign{postroom.SignLink, postroom.SignNoise}},
			{"Ukrainian with English in it", nil, "Олена", "Чи можна прийти на English club у четвер? Мій email працює.", nil},
		} {
			e := entry(fmt.Sprint("k", i), "ask", "name", c.name, "email", fmt.Sprintf("p%d@example.org", i), "question", c.question)
			e.Signs = c.noticed
			if got, held := r.heldFor(t, e); !slices.Equal(got, c.want) || held != (c.want != nil) {
				t.Errorf("%s: held %t for %v, want %v", c.what, held, got, c.want)
			}
		}
	})
}

// A stranger may use up what an address gets in a day. What comes then is kept and
// shown, and whoever is known at the address is not made to wait.
func TestAnAddressThatHasHeardEnoughIsForAPersonToSee(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		ask := func(n int, name string, channel postroom.Channel) ([]postroom.Sign, bool) {
			e := entry(fmt.Sprint("k", name, n), "ask", "name", name, "email", "ann@example.org", "question", fmt.Sprintf("Question %d", n))
			e.Channel = channel
			return r.heldFor(t, e)
		}
		for n := range 3 {
			if signs, held := ask(n, "Xy", postroom.Web); held {
				t.Errorf("entry %d is held for %v", n, signs)
			}
		}
		if signs, _ := ask(3, "Zy", postroom.Web); !slices.Equal(signs, []postroom.Sign{postroom.SignBusy}) {
			t.Errorf("the fourth is held for %v", signs)
		}
		if _, held := ask(0, "Ann", postroom.ByPhone); held {
			t.Error("what staff put on file is held")
		}
		if signs, held := ask(1, "Ann", postroom.Web); held {
			t.Errorf("somebody known at the address is held for %v", signs)
		}
	})
}

func TestASurgeShutsAFormSoftlyAndOpensItAgain(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		r.Strangers = config.Strangers{ToAddress: 3, ToDomain: 1000, Surge: 5, SurgeTimes: 10}
		n := 0
		send := func(form string) bool {
			n++
			signs, held := r.heldFor(t, entry(fmt.Sprint("k", n), form, "name", fmt.Sprint("P", n), "email", fmt.Sprintf("p%d@example.org", n), "question", "?"))
			if held && !slices.Equal(signs, []postroom.Sign{postroom.SignSurge}) {
				t.Errorf("held for %v", signs)
			}
			return held
		}
		surging := func() bool {
			is, err := r.Surging(t.Context(), "ask")
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		for i := range 9 {
			if held := send("ask"); held != (i >= 5) {
				t.Errorf("entry %d is held: %t", i, held)
			}
		}
		r.heard(t, "office@hall.example", "form-busy") // once
		if !surging() {
			t.Error("the page does not say so")
		}
		r.clock.advance(29 * time.Minute)
		if !send("ask") {
			t.Error("it opened within half an hour")
		}
		r.clock.advance(11 * time.Minute)
		if surging() || send("ask") {
			t.Error("it is calm, and shut")
		}
		for range 9 {
			send("ask")
		}
		if !surging() {
			t.Error("a second surge is none")
		}
		if err := r.OpenAgain(t.Context(), postroom.Colleague{Name: "eva"}, "ask"); err != nil {
			t.Fatal(err)
		}
		for range 9 {
			if send("ask") {
				t.Error("a person opened it, and it is shut")
			}
		}
		r.heard(t, "office@hall.example", "form-busy") // still once: they know
	})
}
