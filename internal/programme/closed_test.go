package programme_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/programme"
)

func loadSmall(t *testing.T, old, instead string) *programme.Set {
	t.Helper()
	set, err := load(map[string]string{"p.yaml": strings.Replace(small, old, instead, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAFormIsClosedAsItsFileSays(t *testing.T) {
	t.Parallel()
	at := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, lines string
		closed      [3]bool // a minute before, then, a minute after
	}{
		{"open", "", [3]bool{}},
		{"words alone close nothing", "\n    closed_words: {en: Later, fa: L}", [3]bool{}},
		{"closed until somebody opens it", "\n    closed: true", [3]bool{true, true, true}},
		{"from a moment", "\n    closed_from: 2027-01-04 09:00", [3]bool{false, true, true}},
		{"until a moment", "\n    closed_until: 2027-01-04 09:00", [3]bool{true, false, false}},
	} {
		form, _ := loadSmall(t, "    title: Come", "    title: Come"+c.lines).Form("come")
		for i, want := range c.closed {
			if got := form.ClosedAt(at.Add(time.Duration(i-1) * time.Minute)); got != want {
				t.Errorf("%s: closed at %d: %t, want %t", c.name, i-1, got, want)
			}
		}
	}
}

func TestAClosedOptionStaysReadableAndChangesNoVersionOfBefore(t *testing.T) {
	t.Parallel()
	open, _ := loadSmall(t, "", "").Form("come")
	shut, _ := loadSmall(t, "options: {a: Here, b: There}", "options: {a: Here, b: There}, closed_options: [b]").Form("come")
	area, _ := shut.Field("area")
	if area.Options[0].Closed || !area.Options[1].Closed {
		t.Errorf("the options are %+v", area.Options)
	}
	if strings.Contains(string(open.Snapshot), "Closed") {
		t.Error("an open option changes what older versions of the form are called")
	}
	if _, mistakes := shut.Check(map[string][]string{"email": {"a@example.org"}, "area": {"b"}, "why": {"x"}}); len(mistakes) > 0 {
		t.Errorf("whoever chose it before is refused: %+v", mistakes)
	}
	_, err := load(map[string]string{"p.yaml": strings.Replace(small, "options: {a: Here, b: There}", "options: {a: Here, b: There}, closed_options: [a, b]", 1)})
	if err == nil || !strings.Contains(err.Error(), "nothing is left to choose") {
		t.Errorf("all options closed: %v", err)
	}
}

func TestASetIsReplacedWhole(t *testing.T) {
	t.Parallel()
	set, other := loadSmall(t, "", ""), loadSmall(t, "title: Come", "title: Come in")
	before, _ := set.Form("come")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			set.Replace(other)
		}
	}()
	for range 1000 {
		form, ok := set.Form("come")
		if p, _ := set.Programme("small"); !ok || p == nil || form.Programme.Forms[0] != form {
			t.Fatal("a form without its programme")
		}
	}
	<-done
	after, _ := set.Form("come")
	if before.Title["en"] != "Come" || after.Title["en"] != "Come in" {
		t.Errorf("before %q, after %q", before.Title["en"], after.Title["en"])
	}
}
