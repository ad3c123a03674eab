package wording_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/wording"
	"postroom/templates"
)

// box is the mailbox of every desk in these tests.
const box = "support@communityaction.example"

type stopped struct{ at time.Time }

func (c *stopped) Now() time.Time                   { return c.at }
func (c *stopped) Until(time.Time) <-chan struct{}  { return nil }
func (c *stopped) advance(d time.Duration) *stopped { c.at = c.at.Add(d); return c }

// desk is wordings on a database of their own.
type desk struct {
	*wording.Wordings
	store    *store.Store
	set      *programme.Set
	letters  *outbound.Letters
	clock    *stopped
	followed int
}

// hand is somebody who did not look first.
var hand = wording.Hand{By: "office", Seen: wording.Any}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "test", Secret: []byte("0123456789abcdef0123456789abcdef")}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: filepath.Join(t.TempDir(), "postroom.db"), Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// open makes one process with the files that came.
func open(t *testing.T, s *store.Store) *desk {
	t.Helper()
	letters, err := outbound.ReadLetters(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(templates.FS, "programme")
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(files, programme.Options{HasTemplate: letters.Has})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{store: s, set: set, letters: letters, clock: &stopped{time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}}
	d.Wordings = wording.New(wording.Options{
		Store: s, Programmes: set, Letters: letters, Files: files, Mailboxes: []config.Mailbox{{Address: box, Mode: config.Watch}}, Us: "Riverside", Clock: d.clock,
		Known:   func(name string) bool { return name == "office" || name == "new" },
		Changed: func(context.Context) error { d.followed++; return nil },
	})
	if err := d.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) title(t *testing.T) string {
	t.Helper()
	f, ok := d.set.Form("ask")
	if !ok {
		t.Fatal("there is no form")
	}
	return f.Title["en"]
}

func title(text string) programme.Edit { return programme.SetText("form/ask/title", "en", text) }

func TestAVersionThatIsTakenNoMoreIsLeftAside(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	came := open(t, s).title(t)
	file, _ := open(t, s).Programme("enquiries")
	for _, c := range []struct{ name, kind, body string }{
		{"newsletter", "programme", strings.Replace(file.YAML, "x", "x", 1)}, // the file of another programme
		{"enquiries", "programme", "programme: enquiries\nunknown: key"},
		{"gone", "programme", "programme: gone"},
		{"welcome", "letter", "no front matter"},
		{"gone", "letter", "---\nsubject: x\n---\nGood."},
		{"please-confirm", "letter", "---\nclass: marketing\nsubject: x\n---\nNo link."},
		{box, "mailbox", "shout"},
	} {
		locale := ""
		if c.kind == "letter" {
			locale = "en"
		}
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.AddWording(store.Wording{Kind: store.WordingKind(c.kind), Name: c.name, Locale: locale, Body: c.body, MadeBy: "office", MadeAt: time.Now()})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, s)
	if d.title(t) != came || len(d.Programmes()) != len(d.set.Programmes()) || d.Mode(box) != config.Watch {
		t.Errorf("the form is called %q, want %q; mode %s", d.title(t), came, d.Mode(box))
	}
	for _, name := range []string{"newsletter", "enquiries"} {
		if p, _ := d.Programme(name); p.Problem == nil || !p.Came || p.Version != 1 {
			t.Errorf("%s: %+v", name, p.Change)
		}
	}
	for _, name := range []string{"welcome", "please-confirm"} {
		if l, _ := d.Letter(name, "en"); l.Problem == nil || !l.Came || l.Class != postroom.Service {
			t.Errorf("%s: %+v", name, l.Change)
		}
	}
	if _, err := d.Edit(t.Context(), hand, "enquiries", title("Mended")); err != nil || d.title(t) != "Mended" {
		t.Errorf("what is left aside cannot be mended: %v", err)
	}
}

func TestAChangeThatIsWrongStoresNothing(t *testing.T) {
	t.Parallel()
	d := open(t, openStore(t))
	for name, c := range map[string]struct {
		edit programme.Edit
		want string
	}{
		"a text that must be there": {title(""), "title of form ask is missing in en"},
		"all of a text":             {programme.SetText("form/ask/title", "", ""), "form ask has no title"},
		"no span":                   {programme.SetReplyWithin("soon"), "reply_within"},
		"somebody unknown":          {programme.SetCoordinators("office", "stranger"), "nobody called stranger works here"},
		"an unknown lead":           {programme.SetSafeguarding("stranger", ""), "nobody called stranger works here"},
		"no lead":                   {programme.SetSafeguarding("", ""), "has no lead"},
		"turned direction":          {title("safe\u202etxt"), "a sign that nobody can see in form/ask/title"},
		"a control character":       {title("a\x07b"), ""},
		"too much":                  {title(strings.Repeat("x", 300<<10)), "larger than 256 kB"},
		"a long text":               {title(strings.Repeat("x", 30_000)), "longer than 20000"},
		"a form that is not there":  {programme.SetText("form/gone/title", "en", "x"), "there is no form gone"},
		"a closing that ends first": {programme.SetClosed("ask", programme.Closed{From: d.clock.at, Until: d.clock.at.Add(-time.Hour)}), "opens again before it closes"},
	} {
		_, err := d.Edit(t.Context(), hand, "enquiries", c.edit)
		if _, ok := errors.AsType[proof.Mistakes](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.Edit(t.Context(), hand, "gone", title("x")); postroom.KindOf(err) != postroom.NotFound {
		t.Errorf("no such programme: %v", err)
	}
	if _, err := d.SetMailboxMode(t.Context(), hand, box, "shout"); err == nil {
		t.Error("a mailbox may shout")
	}
	if _, err := d.SetMailboxMode(t.Context(), hand, "other@example.org", config.Answer); postroom.KindOf(err) != postroom.NotFound {
		t.Errorf("no such mailbox: %v", err)
	}
	if _, err := d.SetLetter(t.Context(), hand, "please-confirm", "en", outbound.LetterText{Subject: "x", Body: "Good."}); err == nil {
		t.Error("a letter lost its link")
	}
	list, err := d.History(t.Context(), store.ProgrammeWording, "enquiries", "")
	if err != nil || len(list) != 0 || d.followed != 0 {
		t.Errorf("%d versions are on file, %v", len(list), err)
	}
}

func TestWhatPeopleWriteHarmsNobody(t *testing.T) {
	t.Parallel()
	d := open(t, openStore(t))
	for _, text := range []string{"{{.name}}", "{{printf `%s`}}", "<script>alert(1)</script>", "a: b", "- x", "${HOME}", "نمی‌خواهم", "\u200eltr", "x\ny", "'\"\\"} {
		if _, err := d.Edit(t.Context(), hand, "enquiries", title(text)); err != nil || d.title(t) != text {
			t.Errorf("%q became %q: %v", text, d.title(t), err)
		}
	}
}

func TestNobodyOverwritesWhatTheyDidNotSee(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	one, two := open(t, s), open(t, s)
	seen := wording.Hand{By: "office", Seen: 0}
	if v, err := one.Edit(t.Context(), seen, "enquiries", title("One")); err != nil || v != 1 {
		t.Fatal(v, err)
	}
	if _, err := two.Edit(t.Context(), seen, "enquiries", title("Two")); postroom.KindOf(err) != postroom.Conflict {
		t.Errorf("somebody overwrote what they did not see: %v", err)
	}
	seen.Seen = 1
	if v, err := two.Edit(t.Context(), seen, "enquiries", title("Two")); err != nil || v != 2 {
		t.Errorf("version %d: %v", v, err)
	}
	if v, err := two.Edit(t.Context(), hand, "enquiries", title("Two")); err != nil || v != 2 {
		t.Errorf("a change of nothing made version %d: %v", v, err)
	}
	if err := one.Refresh(t.Context()); err != nil || one.title(t) != "Two" || one.followed != 2 || two.followed != 1 {
		t.Errorf("%q, followed %d and %d times: %v", one.title(t), one.followed, two.followed, err)
	}
}

func TestChangesOfDifferentThingsAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	desks := []*desk{open(t, s), open(t, s)}
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			_, err := desks[i%2].Edit(t.Context(), hand, "enquiries", programme.PutOption("ask", "no", "x", nil), title(fmt.Sprint(i)))
			if err == nil {
				t.Error("a field that is not there was changed")
			}
			if _, err = desks[i%2].Edit(t.Context(), hand, "enquiries", programme.SetText("form/ask/field/question/hint", "", fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
			_, _ = desks[i%2].set.Form("ask")
		})
	}
	group.Wait()
	list, err := desks[0].History(t.Context(), store.ProgrammeWording, "enquiries", "")
	if err != nil || len(list) != 6 {
		t.Errorf("%d versions: %v", len(list), err)
	}
}

func TestAnyVersionComesBack(t *testing.T) {
	t.Parallel()
	d := open(t, openStore(t))
	came := d.title(t)
	for _, text := range []string{"One", "Two", "Three"} {
		if _, err := d.Edit(t.Context(), hand, "enquiries", title(text)); err != nil {
			t.Fatal(err)
		}
	}
	restore := func(version int) (int, error) {
		return d.Restore(t.Context(), hand, store.ProgrammeWording, "enquiries", "", version)
	}
	for _, c := range []struct {
		version int
		want    string
	}{{1, "One"}, {0, came}, {3, "Three"}} {
		if _, err := restore(c.version); err != nil || d.title(t) != c.want {
			t.Errorf("version %d is %q, want %q: %v", c.version, d.title(t), c.want, err)
		}
	}
	for _, version := range []int{-1, 99} {
		if _, err := restore(version); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("version %d: %v", version, err)
		}
	}
	undo := func() {
		if _, err := d.Undo(t.Context(), hand, store.ProgrammeWording, "enquiries", ""); err != nil {
			t.Fatal(err)
		}
	}
	if undo(); d.title(t) != came {
		t.Errorf("after the undo %q", d.title(t))
	}
	if undo(); d.title(t) != "Three" {
		t.Errorf("after the undo of the undo %q", d.title(t))
	}
	if _, err := d.Undo(t.Context(), hand, store.LetterWording, "welcome", "en"); postroom.KindOf(err) != postroom.NotFound {
		t.Errorf("an undo of nothing: %v", err)
	}
}

func TestALookStoresNothing(t *testing.T) {
	t.Parallel()
	d := open(t, openStore(t))
	p, file, err := d.Try(t.Context(), "enquiries", title("Tried"), programme.SetCoordinators("new"))
	if err != nil || p.Forms[0].Programme.Coordinators[0] != "new" || !strings.Contains(file, "coordinators: [new]") || d.title(t) == "Tried" {
		t.Errorf("tried %v, stands %q: %v", p, d.title(t), err)
	}
	letter, _ := d.Letter("welcome", "en")
	look, err := d.PreviewLetter("welcome", "en", letter.Text)
	if err != nil || look.Subject == "" || !strings.Contains(look.Text, "Riverside") || len(letter.Gaps) == 0 || !letter.Came {
		t.Errorf("looks like %+v: %v", look, err)
	}
	if got := len(d.Letters()); got < 100 {
		t.Errorf("%d letters in all languages", got)
	}
}

func TestAModeRemembersUntilWhenItWasWatched(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	d := open(t, s)
	set := func(m config.MailboxMode) {
		if _, err := d.SetMailboxMode(t.Context(), hand, strings.ToUpper(box), m); err != nil {
			t.Fatal(err)
		}
	}
	if !d.WatchedUntil(box).IsZero() {
		t.Error("a mailbox that was never changed was watched until some time")
	}
	at := d.clock.advance(time.Hour).at
	set(config.Draft)
	d.clock.advance(time.Hour)
	set(config.Answer)
	if got := d.WatchedUntil(box); !got.Equal(at) || d.Mode(box) != config.Answer || d.Boxes()[0].Mode != config.Answer {
		t.Errorf("watched until %v, want %v; mode %s", got, at, d.Mode(box))
	}
	if c := d.Mailbox(box); c.Version != 2 || c.By != "office" {
		t.Errorf("the change is %+v", c)
	}
	boxes, err := wording.Boxes(s.Read(t.Context()), []config.Mailbox{{Address: box, Mode: config.Watch}, {Address: "other@example.org", Mode: config.Draft}})
	if err != nil || boxes[0].Mode != config.Answer || boxes[1].Mode != config.Draft {
		t.Errorf("the boxes are %+v: %v", boxes, err)
	}
	if _, err := d.Restore(t.Context(), hand, store.MailboxWording, box, "", 0); err != nil || d.Mode(box) != config.Watch {
		t.Errorf("as in the settings: %s, %v", d.Mode(box), err)
	}
	if d.Mode("nobody@example.org") != config.Answer {
		t.Error("an address that is no mailbox does not send")
	}
}

func TestWhatFollowsIsTriedAgain(t *testing.T) {
	t.Parallel()
	letters, err := outbound.ReadLetters(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := fs.Sub(templates.FS, "programme")
	set, err := programme.Load(files, programme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	w := wording.New(wording.Options{Store: openStore(t), Programmes: set, Letters: letters, Files: files, Clock: &stopped{time.Now()}, Changed: func(context.Context) error {
		if tries++; tries == 1 {
			return errors.New("the database is away")
		}
		return nil
	}})
	if err := w.Load(t.Context()); err != nil || tries != 0 {
		t.Fatal(err, tries)
	}
	if v, err := w.Edit(t.Context(), hand, "enquiries", title("x")); err != nil || v != 1 || tries != 1 {
		t.Errorf("version %d after %d tries: %v", v, tries, err)
	}
	for range 3 {
		if err := w.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if tries != 2 {
		t.Errorf("%d tries, want 2", tries)
	}
}
