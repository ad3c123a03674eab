package wording_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/wording"
	"postroom/templates"
)

// small is a programme file with a form of a title.
func small(kind, title string) string {
	return "programme: small\nlanguages: [en]\nname: Small\nprivacy: We keep this.\nforms:\n  - form: ask\n    kind: " + kind +
		"\n    title: " + title + "\n    reach: [email]\n    fields: [{field: email, type: email}]\n"
}

// A folder that is read anew counts at once, but not with a mistake in it, and not
// over what was changed on the desk.
func TestAFolderIsReadAnew(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put := func(text string) {
		if err := os.WriteFile(filepath.Join(folder, "small.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(small("enquiry", "One"))
	letters, err := outbound.ReadLetters(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(os.DirFS(folder), programme.Options{HasTemplate: letters.Has})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{store: openStore(t), set: set, letters: letters, clock: &stopped{time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}}
	d.Wordings = wording.New(wording.Options{
		Store: d.store, Programmes: set, Letters: letters, Files: os.DirFS(folder), Clock: d.clock,
		Changed: func(context.Context) error { d.followed++; return nil },
	})
	if err := d.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(small("enquiry", "Two"))
	if err := d.Reread(t.Context()); err != nil || d.title(t) != "Two" || d.followed != 1 {
		t.Fatalf("%v; the form is called %q, and what follows was done %d times", err, d.title(t), d.followed)
	}
	put(small("enquriy", "Three"))
	err = d.Reread(t.Context())
	if mistakes, ok := errors.AsType[proof.Mistakes](err); !ok || len(mistakes) != 1 || mistakes[0].Line != 7 || d.title(t) != "Two" || d.followed != 1 {
		t.Fatalf("%v; the form is called %q, and what follows was done %d times", err, d.title(t), d.followed)
	}
	if _, err := d.Edit(t.Context(), hand, "small", title("Of the desk")); err != nil {
		t.Fatal(err)
	}
	put(small("enquiry", "Four"))
	if err := d.Reread(t.Context()); err != nil || d.title(t) != "Of the desk" {
		t.Errorf("%v; the form is called %q", err, d.title(t))
	}
	if p, err := d.Past(t.Context(), "small", 0); err != nil || p.Forms[0].Title["en"] != "Four" {
		t.Errorf("as it came it is called %v, %v", p, err)
	}
}
